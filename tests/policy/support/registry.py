"""Every sample of every rule, found in the modules of `tests.policy.samples`; those of whole stacks are `stacks`."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from policies.judging.rule import Rule
from policies.pack import RULES
from tests.policy import samples as package
from tests.policy.support.sample import Sample


@cache
def samples() -> dict[str, tuple[Sample, ...]]:
    """Samples by rule id; an id that is no rule's, or the same name twice, is an error."""
    found: dict[str, tuple[Sample, ...]] = {}
    for module in sorted(entry.name for entry in pkgutil.iter_modules(package.__path__, f"{package.__name__}.")):
        if module.rsplit(".", 1)[1].startswith("stacks"):
            continue
        for rule, entries in importlib.import_module(module).SAMPLES.items():
            found[rule] = (*found.get(rule, ()), *entries)
    strangers = set(found) - {rule.id for rule in RULES}
    assert not strangers, f"samples of rules that the pack does not have: {sorted(strangers)}"
    for rule, entries in found.items():
        names = [entry.name for entry in entries]
        assert len(set(names)) == len(names), f"{rule}: two samples of one name in {sorted(names)}"
    return found


def red(rule: Rule, entries: tuple[Sample, ...]) -> list[str]:
    """Names of the samples that the rule answers otherwise than expected."""
    return [entry.name for entry in entries if entry.fault(rule)]
