"""Two sides of a plan: settings of this repository, and the same with an edit."""

from __future__ import annotations

import copy
import datetime
from collections.abc import Callable
from typing import Any

from infra.catalog import load_catalog
from infra.load import load_settings, read_stack_file
from tools.engine.outcome import Outcome
from tools.local.workspace import REPOSITORY
from tools.plan import approvals, callers, capacity, judged, kitchens
from tools.plan.compare import Difference
from tools.plan.facts import Facts, changed, of_environment

Edit = Callable[[dict[str, Any]], Any]


CATALOG = load_catalog()


def side(edit: Edit | None = None, stack: str = "dev") -> Facts:
    said = copy.deepcopy(dict(read_stack_file(REPOSITORY / f"Pulumi.{stack}.yaml")))
    if edit:
        edit(said)
    return Facts(settings=load_settings(said, CATALOG), catalog=CATALOG)


def _settings(before: Facts, after: Facts) -> list[str]:
    pools = changed(before.settings.gpu_pools, after.settings.gpu_pools)
    return [*of_environment(before, after), *(f"gpuPools.{line}" for line in pools)]


def parts(before: Facts, after: Facts, found: tuple[Difference, ...] = ()) -> dict[str, Any]:
    return {
        "settings": _settings(before, after),
        "kitchens": kitchens.kitchens(before, after, found),
        "gpus": capacity.capacity(before, after),
        "access": callers.access(before.settings, after.settings),
        "images": [],
        "red": [],
        "policy": {
            "exemptions": judged.exemptions(before.settings, after.settings, Outcome(), datetime.date(2026, 2, 1))
        },
    }


def asked(edit: Edit, stack: str = "dev") -> dict[str, str]:
    """Who is asked, with the reasons, for one edit of a stack's settings."""
    before, after = side(stack=stack), side(edit, stack)
    found = approvals.asked(before, after, (), parts(before, after))
    return dict(line.split(": ", 1) for line in found.reasons)


def kitchen(name: str, said: dict[str, Any]) -> Edit:
    return lambda data: data["kitchens"][name].update(said)


def runtime(name: str, **said: Any) -> Edit:
    return lambda data: data["kitchens"][name].setdefault("runtime", {}).update(said)
