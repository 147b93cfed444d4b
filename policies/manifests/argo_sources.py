"""What a source of Argo CD does to the files of its repository."""

from __future__ import annotations

from policies.judging.subject import mapping
from policies.judging.values import JsonValue
from policies.manifests.fields import at

_RENDERING = ("helm", "plugin", "kustomizeOptions")
_DIRECTORY = ("recurse", "include", "exclude")
_KUSTOMIZE = ("namePrefix", "nameSuffix", "namespace", "replicas", "version", "forceNamespace")


def changes(source: JsonValue) -> str | None:
    """The first field of a source by which its files become something else, or None."""
    for field in _RENDERING:
        if at(source, field) not in (None, {}):
            return field
    for field, known in (("directory", _DIRECTORY), ("kustomize", _KUSTOMIZE)):
        for name, value in mapping(at(source, field)).items():
            if name not in known and value not in (None, [], {}):
                return f"{field}.{name}"
    return None
