"""Labels and annotations outside of meshes and network plugins: those that are understood, and the rest by name."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from fnmatch import fnmatchcase

from policies.judging.subject import Subject
from policies.judging.values import UNKNOWN
from policies.manifests.fields import NOT_KNOWN, Fault, shown
from policies.manifests.marked import Mark, marks, marks_below, own_marks
from policies.manifests.marks import closed_end
from policies.manifests.understood_marks import EVERY, MARKS, READ_WITHOUT_DOMAIN, WITH_POINTS

_NAMESPACES = (("", "Namespace"), ("project.openshift.io", "Project"))
_SECRETS = {
    ("", "Secret"): (),
    ("bitnami.com", "SealedSecret"): ("spec",),
    ("external-secrets.io", "ExternalSecret"): ("spec",),
}
_HOLDERS: Mapping[tuple[str, str], tuple[str, ...]] = {("", "ConfigMap"): (), ("", "ServiceAccount"): (), **_SECRETS}
"""Kinds that make no pods, of which programs read labels and annotations all the same: they sign in by a Secret, copy
it into other namespaces, or give an account the rights of a cloud; with the fields in which more of these stand."""

_ISSUERS = {("cert-manager.io", kind) for kind in ("ClusterIssuer", "Issuer")}
"""Kinds that give their labels and annotations to Ingresses and pods of others, which nobody judges there."""


def strange_marks(subject: Subject, stated: Collection[str]) -> Iterator[Fault]:
    """Labels and annotations of pods, of what makes them and of namespaces that are neither understood nor stated."""
    place = (subject.group, subject.kind)
    of_namespaces = place in _NAMESPACES
    for mark in _marks_of(subject, place):
        if closed_end(mark.name.partition("/")[0], of_namespaces=of_namespaces) is None:
            text = _fault(mark)
            if text and place in _SECRETS and mark.value is not UNKNOWN:
                text = text.replace(shown(mark.value), "has a value (not shown)")
            if text and not any(fnmatchcase(mark.name, pattern) for pattern in stated):
                yield Fault(path=mark.path, text=text)


def _marks_of(subject: Subject, place: tuple[str, str]) -> Iterator[Mark]:
    if place in _NAMESPACES:
        yield from own_marks(subject)
    elif place in _HOLDERS:
        yield from own_marks(subject)
        for field in _HOLDERS[place]:
            yield from marks_below(subject.inputs.get(field), field)
    elif place in _ISSUERS:
        yield from marks_below(subject.inputs.get("spec"), "spec")
    else:
        yield from marks(subject)


def _fault(mark: Mark) -> str | None:
    if not mark.name:
        return NOT_KNOWN
    domain, slash, name = mark.name.partition("/")
    if not slash:
        return None if _is_plain(mark) else _strange(mark)
    known = MARKS.get(domain)
    if known is None or (name not in known and EVERY not in known):
        return _strange(mark)
    values = known[name] if name in known else known[EVERY]
    return None if _fits(values, mark) else f"{shown(mark.value)}, and its values are {values}"


def _is_plain(mark: Mark) -> bool:
    if mark.name in READ_WITHOUT_DOMAIN:
        return False
    return mark.is_label or "." not in mark.name or mark.name in WITH_POINTS


def _strange(mark: Mark) -> str:
    return f"{shown(mark.value)}, and nobody has stated what reads {mark.name} and that it opens nothing"


def _fits(values: str, mark: Mark) -> bool:
    # Values that may be anything need not be known.
    return values == r"(?s).*" or (isinstance(mark.value, str) and re.fullmatch(values, mark.value) is not None)
