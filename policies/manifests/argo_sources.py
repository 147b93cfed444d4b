"""What a source of Argo CD does to the files of its repository, and where its objects go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from policies.judging.subject import Subject, entries, mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import Fault, at, shown
from policies.manifests.kustomize_names import renamed
from policies.manifests.platform_names import is_of_the_platform

_PLACES = ("destination", "kustomize")
_RENDERING = ("helm", "plugin", "kustomizeOptions")
_DIRECTORY = ("recurse", "include", "exclude")
_KUSTOMIZE = ("namePrefix", "nameSuffix", "namespace", "replicas", "version", "forceNamespace")


def moves(subject: Subject, stated: Iterable[JsonValue]) -> Iterator[Fault]:
    """Namespaces of the platform into which applications put what was judged elsewhere."""
    yield from _moves(subject.inputs.get("spec"), "spec", "spec", frozenset(map(str, stated)))


def _moves(value: JsonValue, path: str, key: str, stated: frozenset[str]) -> Iterator[Fault]:
    for index, entry in enumerate(entries(value)):
        yield from _moves(entry, f"{path}[{index}]", key, stated)
    for name, entry in mapping(value).items():
        if name == "namespace" and key in _PLACES:
            closed = isinstance(entry, str) and is_of_the_platform(entry) and entry not in stated
            if closed or entry is UNKNOWN:
                yield Fault(path=f"{path}.{name}", text=f"{shown(entry)}, into which it puts what was judged elsewhere")
        elif isinstance(entry, dict | list):
            yield from _moves(entry, f"{path}.{name}", name, stated)


def changes(source: JsonValue) -> str | None:
    """The first field of a source by which its files become something else, or None."""
    for field in _RENDERING:
        if at(source, field) not in (None, {}):
            return field
    for field, known in (("directory", _DIRECTORY), ("kustomize", _KUSTOMIZE)):
        for name, value in mapping(at(source, field)).items():
            if name not in known and value not in (None, [], {}):
                return f"{field}.{name}"
    for fault in renamed(at(source, "kustomize"), "kustomize."):
        return fault.path
    return None
