"""vLLM's flags as its parser knows them. They are data of the catalog, and the settings read the same file."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from policies.judging.world import CATALOG

FILE = CATALOG / "server-flags.json"
NEGATED = "no-"
REST = "adapters-approved"
"""The policy that refuses closed flags for which the list names none: what is understood passes, and nothing else."""


@dataclass(frozen=True, kw_only=True)
class ServerFlag:
    """`takes` is how many values follow: `0`, `1`, `?` (none or one) or `+` (all up to the next flag).

    `closed` says why nobody gives the flag, empty where it may be given; `rule` is the policy that refuses it, REST
    where the list names none (`of_rest`). `values` are those that are understood, of a closed flag those that open
    nothing, and `parts` the same for the keys of a JSON value. `kind` is what vLLM's parser makes of a value (whole,
    number, size, json or text), and `choices` are the values that it takes, none where it takes all.
    """

    name: str
    takes: str = "1"
    short: tuple[str, ...] = ()
    closed: str = ""
    rule: str = ""
    of_rest: bool = False
    kind: str = "text"
    choices: frozenset[str] = frozenset()
    values: re.Pattern[str] | None = None
    parts: Mapping[str, re.Pattern[str]] = field(default_factory=dict)


@cache
def flags() -> Mapping[str, ServerFlag]:
    """Every known flag by the name that it is given with, `no-...` included."""
    found: dict[str, ServerFlag] = {}
    for name, entry in json.loads(FILE.read_text())["flags"].items():
        flag = ServerFlag(
            name=name,
            takes=entry.get("takes", "1"),
            short=tuple(entry.get("short", ())),
            closed=entry.get("closed", ""),
            rule=entry.get("rule", REST if "closed" in entry else ""),
            of_rest="rule" not in entry,
            kind=entry.get("kind", "text"),
            choices=frozenset(entry.get("choices", ())),
            values=re.compile(entry["values"], re.DOTALL) if "values" in entry else None,
            parts={key: re.compile(pattern, re.DOTALL) for key, pattern in entry.get("parts", {}).items()},
        )
        found[name] = flag
        if entry.get("negated"):
            found[f"{NEGATED}{name}"] = ServerFlag(name=f"{NEGATED}{name}", takes="0")
    return found


@cache
def removed() -> Mapping[str, Mapping[str, str]]:
    """Flags of earlier versions of vLLM: since when they are `gone`, and what is there `instead`."""
    found: dict[str, dict[str, str]] = json.loads(FILE.read_text())["removed"]
    return found


def nearest(name: str) -> str | None:
    """The known flag whose name is most like another one."""
    found = difflib.get_close_matches(name, flags(), n=1, cutoff=0.75)
    return found[0] if found else None


@cache
def meant_by(name: str) -> tuple[ServerFlag, ...]:
    """The flag of this name, or each one whose name begins so: argparse takes a unique beginning for the flag."""
    exact = flags().get(name)
    if exact is not None:
        return (exact,)
    return tuple(flag for key, flag in flags().items() if key.startswith(name)) if name else ()


@cache
def short_flags() -> Mapping[str, ServerFlag]:
    """Flags by their short names, with the dash: `-tp`. `-O3` is read as vLLM reads it, a level of optimization."""
    found = {short: flag for flag in flags().values() for short in flag.short}
    return {**found, "-O": flags()["optimization-level"]}


def closed_by(rule: str) -> Mapping[str, ServerFlag]:
    """Flags that a policy refuses."""
    return _by_rule().get(rule, {})


@cache
def _by_rule() -> Mapping[str, Mapping[str, ServerFlag]]:
    found: dict[str, dict[str, ServerFlag]] = {}
    for name, flag in flags().items():
        if flag.rule:
            found.setdefault(flag.rule, {})[name] = flag
    return found
