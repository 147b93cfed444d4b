"""One real call for each model that a kitchen serves, where a way leads there; else why it was not called.

The way is the entry's address, with a token of somebody who may call, or the API server's proxy to a kitchen's Service,
by the rights of whoever delivers.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from components import naming
from components.entry.paths import PATHS
from infra.catalog import Catalog
from infra.declared import DeclaredKitchen, declared
from infra.faults import HIDDEN, Fault, FaultsError, printable
from infra.settings import Settings
from infra.strict_json import JsonError, parse
from ops.audit.models import token as bearer_of
from ops.models_options import TOKEN
from ops.token.asking import Asker, safe
from ops.token.errors import IssuerError
from tools.deliver.asked import Asked, of_entry, of_pods
from tools.deliver.bearer import CLIENT, SECRET, Bearer, Given, bearer
from tools.deliver.waiting import Waiting
from tools.kube import KubeError, Transport, through_kubectl

URL, CA = "KITCHEN_ACCEPTANCE_URL", "KITCHEN_ACCEPTANCE_CA"
ANSWERED, WRONG, NOT_CALLED, NOT_MEANT = "answered", "failed", "not called", "not to be called"
_SECONDS, _LOOK_SECONDS = 120.0, 10.0
_SECRET_LENGTH = 8
"""Letters from which on a token is taken out of what is told: of fewer it would be a part of any text."""

_BODIES: Mapping[str, Mapping[str, object]] = {
    "/v1/completions": {"prompt": "Hello", "max_tokens": 1, "temperature": 0},
    "/v1/embeddings": {"input": "Hello"},
}
_ANSWERS = {"/v1/completions": ("choices", "text"), "/v1/embeddings": ("data", "embedding")}
"""Where an answer is: the first of a list, and what it holds."""

Way = Callable[[str, bytes], tuple[int, bytes]]
"""Sends a body to a path; returns status and body, or raises KubeError or IssuerError."""


@dataclass(frozen=True, kw_only=True)
class Called:
    """What became of one call: `outcome` is ANSWERED, WRONG, NOT_CALLED or NOT_MEANT."""

    kitchen: str
    model: str
    outcome: str
    why: str = ""

    def __str__(self) -> str:
        """Return one line."""
        return f"{self.model} of {self.kitchen}: {self.outcome}{self.why and f': {self.why}'}"


@dataclass(frozen=True, kw_only=True)
class Acceptance:
    """Where calls go: the entry's address and whose they are there, or None for the cluster's own way."""

    url: str | None = None
    bearer: Bearer = field(default_factory=Bearer)
    ca: Path | None = None

    def check(self, settings: Settings) -> None:
        """Raise FaultsError where a client is to get a token of an issuer that the settings do not have."""
        if self.url is not None:
            self.bearer.check(settings)


def acceptance(variables: Mapping[str, str] | None = None) -> Acceptance:
    """What the environment says of it; raise FaultsError with every fault."""
    env = os.environ if variables is None else variables
    said, ca = env.get(URL, "").strip(), env.get(CA, "").strip()
    url = said.rstrip("/").removesuffix("/v1").rstrip("/")
    token, faults = bearer_of(None, env)
    who, more = bearer(token, env)
    faults += more
    if said and not (safe(url) and "?" not in url):
        rule = "must be the https address of the entry, without a user and a query"
        example = f"{URL}=https://models.kitchen.example"
        faults.append(Fault(path=URL, value=said.rpartition("@")[2].partition("?")[0], rule=rule, example=example))
    if url and not who:
        rule = f"it, or {CLIENT} and {SECRET}, must be set beside {URL}: the entry lets nobody in without a token"
        faults.append(Fault(path=TOKEN, value="", rule=rule, example=f'{TOKEN}="$(kitchen token --stack dev --raw)"'))
    try:
        _asker(Path(ca) if ca else None)
    except FaultsError as error:
        faults += error.faults
    if faults:
        raise FaultsError("deliver", faults)
    return Acceptance(url=url or None, bearer=who, ca=Path(ca) if ca else None)


def call(
    settings: Settings, catalog: Catalog, how: Acceptance, context: str | None, waiting: Waiting | None = None
) -> list[Called]:
    """Call each model once; raise FaultsError for authorities that are none, and for an issuer that is not there."""
    kitchens = declared(settings, catalog).kitchens
    if how.url is not None:
        try:
            found = _by_entry(kitchens, settings, catalog, how, waiting)
        except IssuerError as error:
            return [replace(one, outcome=WRONG) for kitchen in kitchens for one in _none(kitchen, str(error))]
        return found if any(one.outcome == ANSWERED for one in found) else [*map(_lets_nobody_in, found)]
    try:
        with through_kubectl(context) as transport, ThreadPoolExecutor(8) as pool:
            each = pool.map(lambda kitchen: [*_inside(kitchen, settings, transport, waiting)], kitchens)
            return [one for several in each for one in several]
    except KubeError as error:
        return [one for kitchen in kitchens for one in _none(kitchen, str(error))]


def _asker(ca: Path | None) -> Asker:
    return Asker(ca, seconds=_SECONDS, command="deliver", named=CA)


def _lets_nobody_in(one: Called) -> Called:
    """A refusal where the entry has answered to no call at all: whoever has named it has asked for calls."""
    return replace(one, outcome=WRONG) if one.why.startswith("status ") else one


def _entry(how: Acceptance, settings: Settings) -> Way:
    asker = _asker(how.ca)
    given = Given(how.bearer, settings, asker)

    def sent(path: str, body: bytes) -> tuple[int, bytes]:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {given.token}"}
        answer = asker.exchange("POST", f"{how.url}{path}", body, headers)
        if len(given.token) < _SECRET_LENGTH:
            return answer.status, answer.content
        return answer.status, answer.content.replace(given.token.encode(), HIDDEN.encode())

    def ask(path: str, body: bytes) -> tuple[int, bytes]:
        status, content = sent(path, body)
        return sent(path, body) if status == 401 and given.renewed() else (status, content)

    return ask


def _by_entry(
    kitchens: Sequence[DeclaredKitchen], settings: Settings, catalog: Catalog, how: Acceptance, waiting: Waiting | None
) -> list[Called]:
    """By public names; raise IssuerError where there is no token to begin with."""
    way, named = _entry(how, settings), how.bearer.named(settings)
    found: list[Called] = []
    for kitchen in kitchens:
        said = settings.kitchens[kitchen.name]
        # Without an entry in the settings whatever answers there knows the servers' own names alone.
        asked = of_pods(kitchen, said.task) if settings.entry is None else of_entry(said, settings, catalog)
        found += _calls(kitchen.name, said.task, asked, way, waiting, named=named)
    return found


def _answer(way: Way, path: str, model: str, waiting: Waiting | None) -> tuple[int, bytes]:
    """Status and body; what is not there yet is asked for again."""
    body = json.dumps({"model": model, **_BODIES[path]}).encode()
    status, content = way(path, body)
    while waiting is not None and waiting.again(model, status):
        status, content = way(path, body)
    return status, content


def _inside(
    kitchen: DeclaredKitchen, settings: Settings, transport: Transport, waiting: Waiting | None
) -> Iterator[Called]:
    if kitchen.service.kind != "InferenceService":
        yield from _none(kitchen, f"set {URL}: a {kitchen.service.kind} is called by the entry alone")
        return
    service = f"{naming.predictor(kitchen.service.name)}:80"
    base = f"/api/v1/namespaces/{kitchen.namespace}/services/{service}/proxy"
    try:
        status, body = transport.request("GET", f"{base}/v1/models", timeout_seconds=_LOOK_SECONDS)
    except KubeError:
        yield from _none(kitchen, f"no way to its pods by the API server within {_LOOK_SECONDS:.0f} s; {URL} names one")
        return
    if status != 200:
        yield from _none(kitchen, f"the API server's proxy: status {status}, {_said(body)}; {URL} names another way")
        return

    def ask(path: str, content: bytes) -> tuple[int, bytes]:
        return transport.request("POST", f"{base}{path}", content, timeout_seconds=_SECONDS)

    said = settings.kitchens[kitchen.name]
    # The pods of others were made anew for their adapters: what they do not know they will not learn.
    patience = waiting if said.hot else None
    yield from _calls(kitchen.name, said.task, of_pods(kitchen, said.task), ask, patience)


def _calls(
    kitchen: str, task: str, asked: Iterable[Asked], way: Way, waiting: Waiting | None, *, named: str = ""
) -> Iterator[Called]:
    path = next((path for path in PATHS.get(task, ()) if path in _BODIES), None)
    for one in asked:
        if one.why or path is None:
            outcome = NOT_MEANT if one.why else NOT_CALLED
            why = one.why or f"task {task} has no call here"
            yield Called(kitchen=kitchen, model=one.model, outcome=outcome, why=why)
            continue
        try:
            outcome, why = _judged(path, one.names, *_answer(way, path, one.model, waiting), named=named)
        except (KubeError, IssuerError) as error:
            outcome, why = WRONG, str(error)
        yield Called(kitchen=kitchen, model=one.model, outcome=outcome, why=why)


def _judged(path: str, names: Collection[str], status: int, body: bytes, *, named: str) -> tuple[str, str]:
    if named and status in (401, 403):
        return NOT_CALLED, f"status {status}: the token of {named} may not call it"
    if status != 200:
        return WRONG, f"status {status}, {_said(body)}"
    entries, part = _ANSWERS[path]
    try:
        value = parse(body)
    except JsonError:
        value = None
    found = value.get(entries) if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(found, list) or not found:
        return WRONG, f"status 200, and no {entries} in the answer"
    if not (isinstance(found[0], dict) and _is(part, found[0].get(part))):
        return WRONG, f"status 200, and no {part} in the first of its {entries}"
    model = value.get("model")
    if not (isinstance(model, str) and model in names):
        said = printable(model[:80]) if isinstance(model, str) else "no model"
        return WRONG, f"status 200, and the answer is of {said}"
    return ANSWERED, ""


def _is(part: str, value: object) -> bool:
    """Whether it is a text, which one token can leave empty, or a vector of numbers."""
    if part == "text":
        return isinstance(value, str)
    return isinstance(value, list) and bool(value) and all(type(number) in (int, float) for number in value)


def _none(kitchen: DeclaredKitchen, why: str) -> Sequence[Called]:
    return [Called(kitchen=kitchen.name, model=model, outcome=NOT_CALLED, why=why) for model in kitchen.models]


def _said(body: bytes) -> str:
    """The answer's own word on a refusal."""
    try:
        value = parse(body)
    except JsonError:
        return "without a word"
    said = value.get("message") or value.get("error") if isinstance(value, dict) else None
    said = said.get("message") if isinstance(said, dict) else said
    return printable(said[:200]) if isinstance(said, str) else "without a word"
