"""What is wrong with flags of a model server that are open each by itself: one that stands twice, an unknown port."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from policies.judging.subject import entries
from policies.judging.values import UNKNOWN
from policies.manifests.fields import NOT_KNOWN, at
from policies.manifests.flags import LORA_FLAGS, Flags
from policies.manifests.server_flags import NEGATED, flags
from policies.manifests.servers import Server


def twice(given: Flags) -> Iterator[str]:
    """Flags that stand twice and say two things: the last one counts, and who reads the first is misled.

    A number of adapters that stands twice is told by the rule of its limits.
    """
    for name, times in given.given.items():
        if name.startswith(NEGATED) and name.removeprefix(NEGATED) in given.given:
            yield f"gives --{name.removeprefix(NEGATED)} and --{name}, of which the last one counts"
        elif name in flags() and name not in LORA_FLAGS and _differ(times, given.parts.get(name, ())):
            yield f"gives --{name} twice with two values, of which the last one counts"


def _differ(times: Sequence[Sequence[str]], parts: Sequence[tuple[str, str]]) -> bool:
    """Whether whole values differ, or those of one key; a key that ends in `+` adds to a list."""
    whole = [list(values) for values in times]
    said: dict[str, set[str]] = {}
    for key, text in parts:
        if [text] in whole:
            whole.remove([text])
        if not key.endswith("+"):
            said.setdefault(key, set()).add(text)
    if whole and parts:
        return True
    return any(values != whole[0] for values in whole) or any(len(texts) > 1 for texts in said.values())


def other_port(server: Server) -> Iterator[str]:
    """A port that is none of those that the container names: probes, Services and network rules go by the names."""
    named = [at(entry, "containerPort") for entry in entries(server.container.spec.get("ports"))]
    for port in server.values("port") if named else ():
        if UNKNOWN in named:
            yield f"gives --port, and the port of the container {NOT_KNOWN}"
        elif port.isdecimal() and port not in map(str, named):
            yield f"gives --port a number that is none of the container's ports, {', '.join(map(str, named))}"
