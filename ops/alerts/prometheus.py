"""What a Prometheus (or a Thanos before several of them) says of rules: read strictly, for it comes from elsewhere."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ops.token.asking import Answer, Asker
from ops.token.errors import IssuerError

MOST_BYTES = 64 * 1024 * 1024
_PATH = "/api/v1/rules?type=alert"
_STATES = ("inactive", "pending", "firing")
_SHOWN = 200


class PrometheusError(Exception):
    """Prometheus did not answer, or with something that is not understood; `str()` is one line without a secret."""


@dataclass(frozen=True, kw_only=True)
class Active:
    """One alert that fires, or whose time to do so has not come yet (`pending`); `since` is in UTC, to the second."""

    state: str
    since: str
    labels: Mapping[str, str]
    summary: str


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule that Prometheus has loaded; `error` says why it cannot be evaluated."""

    name: str
    environment: str
    active: Sequence[Active]
    error: str


def rules(asker: Asker, address: str, token: str | None) -> list[Rule]:
    """Every alert that is loaded there; raise PrometheusError."""
    url = f"{address.rstrip('/')}{_PATH}"
    try:
        answer = asker.get(url, {} if token is None else {"Authorization": f"Bearer {token}"})
    except IssuerError as error:
        raise PrometheusError(str(error)) from None
    if answer.status != 200:
        known = {401: "it does not know the token", 403: "the token has no right to read rules"}
        why = known.get(answer.status, "it does not tell rules there: is the address that of a Prometheus?")
        raise PrometheusError(f"{url}: status {answer.status}, {why}")
    try:
        return [*_rules(answer)]
    except (KeyError, TypeError, AttributeError, ValueError):  # what it says may hold anything: it is not repeated
        raise PrometheusError(f"{url}: the answer is not one of Prometheus about rules") from None


def _rules(answer: Answer) -> Iterator[Rule]:
    if answer.data["status"] != "success":
        raise ValueError
    for group in answer.data["data"]["groups"]:
        for said in group["rules"]:
            if said["type"] != "alerting":
                continue
            yield Rule(
                name=_text(said["name"]),
                environment=_text(said["labels"].get("environment", "")),
                active=[_active(one) for one in said["alerts"]],
                # "unknown" is said before the first evaluation.
                error="" if said["health"] == "ok" else _text(said.get("lastError") or "not evaluated yet")[:_SHOWN],
            )


def _active(said: Mapping[str, Any]) -> Active:
    if said["state"] not in _STATES:
        raise ValueError
    return Active(
        state=said["state"],
        since=_moment(_text(said["activeAt"])),
        labels={_text(name): _text(value) for name, value in said["labels"].items()},
        summary=_text(said["annotations"].get("summary", "")),
    )


def _moment(said: str) -> str:
    moment = datetime.datetime.fromisoformat(said)
    if moment.tzinfo is None:
        raise ValueError
    return f"{moment.astimezone(datetime.UTC):%Y-%m-%dT%H:%M:%SZ}"


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
