"""What a person reads of a token: when it ends, what it may call, and how; never the token itself."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from infra.faults import printable
from infra.grants import spoken_for
from infra.settings import Settings
from ops.token import claims
from ops.token.issuer import Token

MODEL = "MODEL"
"""Stands for a model where the token may call none."""


def summary(said: Mapping[str, object], token: Token, groups: Sequence[str], models: Sequence[str], now: float) -> str:
    """Who it is for, when it ends, its groups and the models that they may call."""
    end = claims.ends(said)
    if end is None and token.lasts is not None:
        end = now + token.lasts
    subject = said.get("sub")
    rows = {
        "for": printable(subject)[:200] if isinstance(subject, str) else "nobody that it names",
        "ends": "it does not say" if end is None else f"{_moment(end)}, {_length(end - now)}",
        "groups": claims.listed(groups) or "none",
        "may call": claims.listed(models) or "no model",
    }
    return "\n".join(f"{key:<10}{value}" for key, value in rows.items())


def callable_by(groups: Sequence[str], callers: Mapping[str, Sequence[str]], settings: Settings) -> list[str]:
    """Public names of the models that some group may call, adapters before base models.

    A group that is named like ServiceAccounts counts for nothing: the entry believes a cluster alone about those.
    """
    counted = set(spoken_for(groups))
    found = [name for name, allowed in callers.items() if counted.intersection(allowed)]
    return sorted(found, key=lambda name: (name in settings.kitchens, name))


def how_to_call(host: str, model: str, get: Sequence[str], ca: str | None) -> str:
    """Commands for a shell and a Python program that call a model; `get` is the command that prints the token."""
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 100})
    trust = f"  --cacert {shlex.quote(ca)} \\\n" if ca else ""
    trusting = f"  # with SSL_CERT_FILE={shlex.quote(ca)} in the environment" if ca else ""
    return f"""\
with curl:
export KITCHEN_TOKEN="$({shlex.join(get)})"
curl --fail-with-body https://{host}/v1/chat/completions \\
{trust}  -H "Authorization: Bearer $KITCHEN_TOKEN" \\
  -H "Content-Type: application/json" \\
  -d {shlex.quote(body)}

with the OpenAI SDK for Python:{trusting}
import os
from openai import OpenAI

client = OpenAI(base_url="https://{host}/v1", api_key=os.environ["KITCHEN_TOKEN"])
answer = client.chat.completions.create(
    model={json.dumps(model)}, messages=[{{"role": "user", "content": "Hello"}}], max_tokens=100
)
print(answer.choices[0].message.content)"""


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _length(seconds: float) -> str:
    minutes = int(seconds // 60)
    if seconds <= 0:
        return "which is past"
    if minutes < 1:
        return f"in {int(seconds)} s"
    return f"in {minutes} min" if minutes < 120 else f"in {minutes // 60} h {minutes % 60} min"
