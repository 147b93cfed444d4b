"""What several rules share: references to what must exist, states of catalog entries, limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from components import naming
from infra.faults import Fault
from infra.settings import Kitchen, Settings


def known(path: str, value: str, known: Mapping[str, object], what: str) -> Iterator[Fault]:
    """The value must be one of the known names."""
    if value not in known:
        yield Fault(path=path, value=value, rule=f"must be {what}: {_list(known)}", example=next(iter(known), "-"))


def state_faults(settings: Settings, path: str, ref: str, state: str) -> Iterator[Fault]:
    """Retired entries run nowhere, prod takes approved ones only."""
    if state == "retired":
        yield Fault(path=path, value=ref, rule="is retired in the catalog", example="a newer version")
    elif settings.environment == "prod" and state != "approved":
        rule = f"is {state} in the catalog, prod takes approved entries only"
        yield Fault(path=path, value=ref, rule=rule, example="promote it first, or use an approved version")


def exceeded(path: str, allowed: int, used: int, what: str) -> Iterator[Fault]:
    """Kitchens must not use more than is allowed."""
    if used > allowed:
        rule = f"its kitchens use {used} {what} at most (rollout: surge adds one pod a kitchen)"
        example = f"{path.rsplit('.', 1)[1]}: {used}, or fewer replicas, or rollout: replace"
        yield Fault(path=path, value=allowed, rule=rule, example=example)


def too_long(path: str, what: str, name: str) -> Iterator[Fault]:
    """A composed name must be a DNS label."""
    if not naming.is_label(name):
        rule = f"the {what} composed from it has {len(name)} characters, at most {naming.MAX_LABEL} are allowed"
        yield Fault(path=path, value=name, rule=rule, example="a shorter name, such as support")


def adapter_path(kitchen: Kitchen, index: int) -> str:
    """Where the file names an adapter, by its place in `Kitchen.adapters`; a canary stands in its adapter's entry."""
    path, public = f"kitchens.{kitchen.name}.adapters", kitchen.public_adapters
    if index < len(public):
        return f"{path}[{index}]"
    name = kitchen.adapters[index].split("/")[0]
    place = next((number for number, ref in enumerate(public) if ref.split("/")[0] == name), index)
    return f"{path}[{place}].canary"


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "(none)"
