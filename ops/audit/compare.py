"""Where two trees of plain values differ: declared against recorded, and against what an API server made of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from policies.manifests.quantities import quantity

_QUANTITIES = ("requests", "limits", "sizeLimit", "storage")
"""Below these keys `1` and `1000m` are the same: an API server writes quantities in its own way."""

_SHOWN = 60

_FILLED_IN: dict[str, tuple[Any, ...]] = {
    "imagePullPolicy": ("IfNotPresent", "Always"),
    "terminationMessagePath": ("/dev/termination-log",),
    "terminationMessagePolicy": ("File",),
    "scheme": ("HTTP",),
    "successThreshold": (1,),
    "defaultMode": (0o644,),
    "dnsPolicy": ("ClusterFirst",),
    "schedulerName": ("default-scheduler",),
    "terminationGracePeriodSeconds": (30,),
    "completionMode": ("NonIndexed",),
    "completions": (1,),
    "parallelism": (1,),
    "podReplacementPolicy": ("TerminatingOrFailed", "Failed"),
    "protocolVersion": ("v1", "v2"),
}
"""Keys that the API server or KServe's webhook adds, with what they add. Where they are declared they are compared."""

_JOB_LABELS = {
    *("controller-uid", "job-name", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name"),
}
_IDENTITIES = ("runAsUser", "runAsGroup", "fsGroup", "supplementalGroups")
"""Numbers that OpenShift gives, with a level for SELinux; root's is none of them."""

_EMPTY: tuple[Any, ...] = (None, "", {}, [])


def differences(declared: Any, found: Any, *, live: bool, path: str = "") -> Iterator[str]:
    """Yield `path: found, declared ...` for every difference.

    A `live` object may hold what an API server fills in, and nothing else that nobody declared.
    """
    if isinstance(declared, Mapping) and isinstance(found, Mapping):
        for key, value in declared.items():
            where = f"{path}.{key}" if path else str(key)
            yield from differences(value, found.get(key), live=live, path=where)
        for key, value in found.items():
            if key not in declared and not (live and _filled_in(key, value, found)):
                yield f"{path}.{key}: {_shown(value)}, not declared".lstrip(".")
    elif _is_list(declared) and _is_list(found):
        yield from _in_lists(declared, found, live, path)
    elif declared != found and not _same_quantity(path, declared, found):
        yield f"{path or 'value'}: {_shown(found)}, declared {_shown(declared)}"


def _filled_in(key: str, value: Any, beside: Mapping[str, Any]) -> bool:
    """Whether an API server, KServe or OpenShift says so by itself where nobody does."""
    return (
        value in _EMPTY
        or key in _JOB_LABELS
        or value in _FILLED_IN.get(key, ())
        or (key in _IDENTITIES and _not_root(value))
        or (key == "seLinuxOptions" and _names(value) == {"level"})
        or (key == "selector" and _names(value) == {"matchLabels"} and _names(value["matchLabels"]) <= _JOB_LABELS)
        or (key == "serviceAccount" and value == beside.get("serviceAccountName"))
        or value is False
    )


def _not_root(value: Any) -> bool:
    return all(type(number) is int and number > 0 for number in (value if _is_list(value) else [value]))


def _names(value: Any) -> set[str]:
    return set(value) if isinstance(value, Mapping) else set()


def _in_lists(declared: Sequence[Any], found: Sequence[Any], live: bool, path: str) -> Iterator[str]:
    if all(isinstance(entry, str) for entry in [*declared, *found]):
        missing = [entry for entry in declared if entry not in found]
        more = [entry for entry in found if entry not in declared]
        if missing or more or list(declared) != list(found):
            parts = [f"without {_shown(entry)}" for entry in missing] + [f"with {_shown(entry)}" for entry in more]
            yield f"{path}: {', '.join(parts) or 'in another order'}"
        return
    names = [[_name(entry) for entry in entries] for entries in (declared, found)]
    if len(declared) != len(found):
        yield f"{path}: {_shown(names[1])}, declared {_shown(names[0])}"
        return
    for index, (left, right) in enumerate(zip(declared, found, strict=True)):
        yield from differences(left, right, live=live, path=f"{path}[{names[0][index] or index}]")


def _name(entry: Any) -> str:
    return str(entry.get("name", "")) if isinstance(entry, Mapping) else ""


def _same_quantity(path: str, declared: Any, found: Any) -> bool:
    if not any(f".{key}" in path for key in _QUANTITIES):
        return False
    left = quantity(declared)
    return left is not None and left == quantity(found)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _shown(value: Any) -> str:
    if value is None:
        return "missing"
    text = str(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
