"""Numbers of calls as Envoy counts them: loggers whose labels are facts of the settings and words of closed lists.

A label that took a caller's word would make series without end, and would tell others what somebody has said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policies.judging.subject import mapping
from policies.judging.values import JsonValue
from policies.manifests.envoy_filters import canonical_sum
from policies.manifests.fields import Fault, at

SUMS = {
    "calls": "aa21ba8860f73e90686c27ed094d808b0d173fc2b9587f4b58568808c32dcf19",
    "tokens": "5748b261de55a709baa94cb2fe162908eb704bf7bfe3827f0142add78e4af853",
    "refusals": "79de36580e82f93600c7df2ddf61e090dac6534103dd494c935ec723543bf4ef",
    "near-limit": "e757c341782b63f82d5f55b1b7eea55c628a73ac0e382a34cf51ec877fa71a79",
}
"""Loggers by name, as sha256 sums of their canonical JSON: whatever the settings say, they are the same."""


ALWAYS = ("calls", "tokens", "refusals")
"""Those that every entry has: without them no alert tells that calls fail."""


def missing(path: str, logs: list[JsonValue]) -> Iterator[Fault]:
    """A fault where one of them is not there."""
    there = [at(log, "name") for log in logs if is_one(log)]
    lacking = [name for name in ALWAYS if name not in there]
    if lacking:
        yield Fault(path=path, text=f"lacks what counts {', '.join(lacking)}: nobody would hear that calls fail")


def is_one(log: JsonValue) -> bool:
    """Whether a logger counts, and writes no lines."""
    return str(at(log, "typed_config", "@type")).endswith(".stats.v3.Config")


def faults(path: str, log: JsonValue, before: list[JsonValue]) -> Iterator[Fault]:
    """What is wrong with a logger that counts; `before` are those that stand before it."""
    name = at(log, "name")
    if not isinstance(name, str) or canonical_sum(log) != SUMS.get(name):
        text = f"counts as {name!r}, and not as the program does: labels may be words of callers"
        yield Fault(path=path, text=text)
    elif any(at(other, "name") == name for other in before):
        yield Fault(path=path, text=f"counts as {name!r} a second time")


def of_route(path: str, facts: JsonValue, member: str, model: str) -> Iterator[Fault]:
    """What a route says of itself for the labels is what it asks for."""
    said = mapping(facts)
    if said.get("group") != member:
        yield Fault(path=f"{path}.group", text=f"is {said.get('group')!r}, and {member!r} is asked for")
    adapters = mapping(said.get("adapters"))
    if said.get("adapter") != (model if adapters else None):
        yield Fault(path=f"{path}.adapter", text=f"is {said.get('adapter')!r}, and the model is {model!r}")
    wanted: Mapping[str, str] = {server: str(ref).partition("/")[2] for server, ref in adapters.items()}
    if mapping(said.get("versions")) != wanted:
        yield Fault(path=f"{path}.versions", text="are not those of `adapters`")
