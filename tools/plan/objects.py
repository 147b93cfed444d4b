"""What of the objects themselves a report tells: counts, changes, images, what is lost, and what is not known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from infra.catalog import Image
from ops.plan.report import OPERATIONS, Entry
from tools.engine.change import REPLACE, Change
from tools.engine.owners import owners
from tools.engine.words import counted, some
from tools.plan.compare import Difference
from tools.plan.facts import Facts
from tools.plan.planned import UNKNOWN, Planned, may_be_secret

_MOST_PATHS = 20
_LOST = {
    "S3Bucket": "with every object in it",
    "Namespace": "with everything in it",
    "PersistentVolumeClaim": "with the files on its volume",
    "StatefulSet": "its volumes stay",
}


def counts(found: Sequence[Difference], before: Mapping[str, Planned], after: Mapping[str, Planned]) -> dict[str, int]:
    """Objects by operation, and those that stay."""
    count = Counter(one.operation for one in found if one.resource.is_object)
    every = sum(resource.is_object for resource in {**before, **after}.values())
    return {**{name: count[name] for name in OPERATIONS}, "same": every - sum(count.values())}


def changes(found: Sequence[Difference], before: Mapping[str, Planned], after: Mapping[str, Planned]) -> list[Entry]:
    """Every object that changes, with what it belongs to; of an object that is made no paths are named."""
    owner_of = owners(_as_changes({**before, **after}))
    urns = {id(resource): urn for urn, resource in [*before.items(), *after.items()]}
    return [
        {
            "operation": one.operation,
            "kind": one.resource.kind,
            "namespace": one.resource.namespace,
            "name": one.resource.called or one.resource.name,
            "of": " ".join(owner_of[urns[id(one.resource)]]),
            "properties": _paths(one),
        }
        for one in found
        if one.resource.is_object
    ]


def _paths(one: Difference) -> list[str]:
    if one.before is None or not one.paths:
        return []
    more = len(one.paths) - _MOST_PATHS
    return [*one.paths[:_MOST_PATHS], *([f"and {more} more"] if more > 0 else [])]


def _as_changes(resources: Mapping[str, Planned]) -> Iterator[Change]:
    for urn, resource in resources.items():
        yield Change(operation="", urn=urn, type=resource.type, parent=resource.parent)


def red(found: Sequence[Difference]) -> list[Entry]:
    """What is lost, or stays where nobody looks for it: data first, then keys."""
    entries = [_red(one) for one in found if one.is_red or one.leaves_data]
    return sorted(entries, key=lambda entry: (not entry["data"], entry["operation"], entry["object"]))


def _red(one: Difference) -> Entry:
    operation = "move" if one.leaves_data else one.operation
    if operation == "move":
        why = "another store: the objects stay in the old one"
    elif one.is_key:
        why = "a key: what has the old one cannot use it any more"
    else:
        why = _LOST.get(one.resource.kind, "with the data in it")
    if operation == REPLACE:
        why = f"{why} (cannot change in place: {some(one.fixed, 3)})"
    return {"operation": operation, "object": one.resource.title, "data": one.holds_data, "why": why}


def protected(found: Sequence[Difference]) -> list[str]:
    """Objects that are to go and that the engine refuses to delete."""
    return sorted(
        one.resource.title
        for one in found
        if one.operation in ("delete", "replace") and one.before is not None and one.before.protected
    )


def images(before: Mapping[str, Planned], after: Mapping[str, Planned], old: Facts | None, new: Facts) -> list[Entry]:
    """Images that pods name before and after, by repository, with the catalog's versions."""
    had, has = _by_repository(before), _by_repository(after)
    entries = []
    for repository in sorted({*had, *has}):
        gone = sorted(had.get(repository, set()) - has.get(repository, set()))
        come = sorted(has.get(repository, set()) - had.get(repository, set()))
        for index in range(max(len(gone), len(come))):
            one = gone[index] if index < len(gone) else ""
            other = come[index] if index < len(come) else ""
            entries.append(_image(repository, one, other, old, new))
    return entries


def _image(repository: str, old_digest: str, new_digest: str, before: Facts | None, after: Facts) -> Entry:
    old = _of_catalog(old_digest, before) or _of_catalog(old_digest, after)
    new = _of_catalog(new_digest, after)
    named = new or old
    return {
        "name": named.name if named else repository,
        "before": old_digest,
        "after": new_digest,
        "versionBefore": old.version if old else "",
        "versionAfter": new.version if new else "",
    }


def _of_catalog(digest: str, side: Facts | None) -> Image | None:
    every = side.catalog.images.values() if side and digest else ()
    return next((image for image in every if image.digest == digest), None)


def _by_repository(resources: Mapping[str, Planned]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for resource in resources.values():
        for reference in resource.images:
            repository, _, digest = reference.partition("@")
            found.setdefault(repository, set()).add(digest)
    return found


def not_known(found: Sequence[Difference]) -> list[str]:
    """Values of objects that change and that nobody knows before it is applied, a line an object."""
    lines = []
    for one in found:
        open_ones = [path for path in one.paths if one.resource.leaves.get(path) == UNKNOWN]
        paths = [path for path in open_ones if not may_be_secret(path)]  # a key is made: everybody knows that
        if paths and one.resource.is_object:
            lines.append(f"{one.resource.title}: {some(paths, 3)}")
    return lines


def hidden(after: Mapping[str, Planned], mark: str) -> list[str]:
    """One line on objects whose contents are secret and so are not compared; nothing where there are none."""
    number = sum(1 for resource in after.values() if resource.is_object and mark in resource.leaves.values())
    return [f"not compared: secret contents of {counted(number, 'object')}"] if number else []
