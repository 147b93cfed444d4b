"""CRD schemas as strict JSON Schemas: an unknown field is a fault, as the API server says with `--validate=strict`."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from tools.cluster.errors import ClusterError
from tools.cluster.objects import crds

_KEPT = ("type", "enum", "pattern", "minimum", "maximum", "minItems", "maxItems", "minLength", "maxLength", "required")
_KIND = re.compile(rb"^    kind: (\w+)$", re.MULTILINE)


def strict(schema: dict[str, Any]) -> dict[str, Any]:
    """Translate one structural schema (apiextensions.k8s.io/v1, JSONSchemaProps)."""
    if schema.get("x-kubernetes-int-or-string"):
        return {"anyOf": [{"type": "integer"}, {"type": "string"}]}
    made: dict[str, Any] = {key: schema[key] for key in _KEPT if key in schema}
    if "items" in schema:
        made["items"] = strict(schema["items"])
    if "properties" in schema:
        made["properties"] = {key: strict(part) for key, part in schema["properties"].items()}
        made["additionalProperties"] = bool(schema.get("x-kubernetes-preserve-unknown-fields"))
    if isinstance(schema.get("additionalProperties"), dict):
        made["additionalProperties"] = strict(schema["additionalProperties"])
    return made


class Validators:
    """Validators of the CRDs below a folder; a schema of megabytes is read when its kind is asked for."""

    def __init__(self, folder: Path) -> None:
        """Read the names of the kinds alone; raise ClusterError for a CRD without a name."""
        self._texts: dict[tuple[str, str], bytes] = {}
        for name, text in crds(folder).items():
            found = _KIND.search(text)
            if found is None:
                raise ClusterError(f"{name}: names no kind")
            self._texts[name.partition(".")[2], found[1].decode()] = text
        self._made: dict[tuple[str, str], dict[str, Draft202012Validator]] = {}

    def knows(self, api_version: str, kind: str) -> bool:
        """Whether the kind is of these CRDs, in whatever version."""
        return (api_version.rpartition("/")[0], kind) in self._texts

    def get(self, api_version: str, kind: str) -> Draft202012Validator | None:
        """The validator of a kind; None for one that is not of these CRDs, or not served in this version."""
        group, _, version = api_version.rpartition("/")
        key = group, kind
        if key in self._texts and key not in self._made:
            (crd,) = yaml.load_all(self._texts[key], Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
            served = [entry for entry in crd["spec"]["versions"] if entry.get("served", True)]
            self._made[key] = {entry["name"]: _validator(entry["schema"]) for entry in served}
        return self._made.get(key, {}).get(version)


def _validator(schema: dict[str, Any]) -> Draft202012Validator:
    made = strict(schema["openAPIV3Schema"])
    # Every object has these, whether a CRD's schema names them or not: Istio's do not.
    made["properties"] |= {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"}}
    return Draft202012Validator(made)


@cache
def validators(folder: Path) -> Validators:
    """Validators of every version of every CRD below a folder."""
    return Validators(folder)
