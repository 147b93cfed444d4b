"""Rendered objects: read strictly, each once, Secrets apart."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.facts import PLACEHOLDER
from infra.documents import DocumentError, read
from infra.faults import HIDDEN, MISSING, Fault, FaultsError

SOURCE = "gitops"
_AGAIN = "make render STACK=dev, which writes placeholders"


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """One object as it was rendered."""

    api_version: str
    kind: str
    namespace: str
    name: str
    content: Mapping[str, Any]

    @property
    def group(self) -> str:
        """The group of its API, "" for the core."""
        return self.api_version.rpartition("/")[0]

    def __str__(self) -> str:
        """Return `Kind namespace/name`."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


@dataclass(frozen=True, kw_only=True)
class SecretName:
    """A Secret that manifests need and Git never holds: where it is, and what its keys are called."""

    namespace: str
    name: str
    keys: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """All of an environment: what goes to the branch, and the names of what does not."""

    manifests: tuple[Manifest, ...]
    secrets: tuple[SecretName, ...]


def read_folder(folder: Path) -> Rendered:
    """Read each `*.yaml` below a folder.

    Raises FaultsError with every file that is no object with kind and name, every object that stands twice, and every
    Secret that holds another value than the placeholder of a render.
    """
    faults: list[Fault] = []
    objects: list[Manifest] = []
    for path in sorted(folder.rglob("*.yaml")):
        try:
            objects.append(_object(read(path)))
        except (DocumentError, KeyError, TypeError) as error:
            said = str(error) if isinstance(error, DocumentError) else "no object with apiVersion, kind and a name"
            faults.append(
                Fault(path=path.name, value=MISSING, rule=f"one object of Kubernetes: {said}", example=_AGAIN)
            )
    if not objects and not faults:
        faults.append(Fault(path=folder.name, value="no file", rule="the files of a render", example=_AGAIN))
    kept = [one for one in objects if (one.group, one.kind) != ("", "Secret")]
    secrets = [one for one in objects if (one.group, one.kind) == ("", "Secret")]
    faults += _twice(objects)
    faults += [fault for secret in secrets for fault in _values(secret)]
    if faults:
        raise FaultsError(SOURCE, faults)
    return Rendered(
        manifests=tuple(sorted(kept, key=_order)),
        secrets=tuple(
            SecretName(namespace=one.namespace, name=one.name, keys=tuple(sorted(_data(one))))
            for one in sorted(secrets, key=_order)
        ),
    )


def _object(content: Any) -> Manifest:
    metadata = content["metadata"]
    words = (content["apiVersion"], content["kind"], metadata.get("namespace", ""), metadata["name"])
    if not all(isinstance(word, str) for word in words) or not metadata["name"]:
        raise TypeError
    version, kind, namespace, name = words
    return Manifest(api_version=version, kind=kind, namespace=namespace, name=name, content=content)


def _order(one: Manifest) -> tuple[str, ...]:
    return one.namespace, one.group, one.kind, one.name


def _twice(objects: Iterable[Manifest]) -> list[Fault]:
    seen: set[tuple[str, ...]] = set()
    faults = []
    for one in objects:
        if _order(one) in seen:
            faults.append(Fault(path=str(one), value="twice", rule="each object stands once", example=_AGAIN))
        seen.add(_order(one))
    return faults


def _data(secret: Manifest) -> dict[str, Any]:
    return {**(secret.content.get("data") or {}), **(secret.content.get("stringData") or {})}


def _values(secret: Manifest) -> list[Fault]:
    """Faults of a Secret that was rendered with values: nothing of such a render goes to Git."""
    allowed = {PLACEHOLDER, base64.b64encode(PLACEHOLDER.encode()).decode()}
    return [
        Fault(path=f"{secret}.{key}", value=HIDDEN, rule="a render holds placeholders and no secret", example=_AGAIN)
        for key, value in sorted(_data(secret).items())
        if value not in allowed
    ]
