"""Images of an object and of the objects that stand as text inside it."""

from __future__ import annotations

from collections.abc import Iterator

from policies.judging.pace import once
from policies.judging.subject import Subject
from policies.judging.values import UNKNOWN
from policies.manifests.fields import at
from policies.manifests.images import FoundImage, images
from policies.manifests.nested import nested


def images_within(subject: Subject) -> tuple[FoundImage, ...]:
    """Every image of an object, and every place that is unknown and may hold one."""
    found: tuple[FoundImage, ...] = _images_within(subject)
    return found


@once
def _images_within(subject: Subject) -> tuple[FoundImage, ...]:
    return tuple(_found(subject))


def _found(subject: Subject) -> Iterator[FoundImage]:
    yield from images(subject.kind, subject.inputs, subject.group)
    yield from _programs(subject)
    for inside in nested(subject):
        if inside.subject is not None and not inside.secret:
            # The images of an object in a field are found with its holder's.
            own = images(inside.subject.kind, inside.subject.inputs, inside.subject.group) if inside.is_whole else ()
            for found in (*own, *_programs(inside.subject)):
                yield FoundImage(path=f"{inside.path}: {found.path}", value=found.value)


def _programs(subject: Subject) -> Iterator[FoundImage]:
    """Programs of proxies, which Istio takes for images whatever their address."""
    if (subject.group, subject.kind) == ("extensions.istio.io", "WasmPlugin"):
        url = at(subject.inputs.get("spec"), "url")
        # Without a scheme Istio takes it for an image; what comes over HTTP is none, and no digest names it.
        if isinstance(url, str) and not url.lower().startswith(("oci://", "file://")):
            yield FoundImage(path="spec.url", value=url)
        elif url is UNKNOWN:
            yield FoundImage(path="spec.url", value=UNKNOWN)
