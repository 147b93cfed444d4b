"""What a rule judges: one resource as the engine sends it, or one object of a YAML file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from policies.judging.values import JsonValue

KUBERNETES = "kubernetes:"


@dataclass(frozen=True, kw_only=True)
class Subject:
    """`resource_type` is the engine's token, `name` its name there; `inputs` hold `UNKNOWN` for what is unknown.

    `alone` tells that a rule is asked about the objects inside of it by themselves, so that their pods are not its own.
    """

    resource_type: str
    name: str
    inputs: dict[str, JsonValue]
    alone: bool = False

    @cached_property
    def is_kubernetes(self) -> bool:
        """Whether it is an object of the Kubernetes API; providers' own resources are not."""
        return self.resource_type.startswith(KUBERNETES)

    @cached_property
    def kind(self) -> str:
        """Kind of the object; a patch resource has the kind of what it patches."""
        kind = self.inputs.get("kind")
        return (kind if isinstance(kind, str) else self.resource_type.rsplit(":", 1)[-1]).removesuffix("Patch")

    @cached_property
    def group(self) -> str:
        """API group, empty for the core group, such as `serving.kserve.io`."""
        version = self.inputs.get("apiVersion")
        if not isinstance(version, str):
            version = self.resource_type.removeprefix(KUBERNETES).rpartition(":")[0]
        group = version.rpartition("/")[0]
        return "" if group == "core" else group

    @property
    def metadata(self) -> dict[str, JsonValue]:
        """The object's metadata; empty where it is missing or unknown."""
        return mapping(self.inputs.get("metadata"))

    @property
    def namespace(self) -> str | None:
        """Namespace, or None where it has or shows none."""
        namespace = self.metadata.get("namespace")
        return namespace if isinstance(namespace, str) else None

    @property
    def object_name(self) -> str | None:
        """Name in the cluster, or None where it is not known."""
        name = self.metadata.get("name")
        return name if isinstance(name, str) else None

    @cached_property
    def title(self) -> str:
        """`<kind> [<namespace>/]<name>`, as messages and exemptions name it; other resources by type and name."""
        if not self.is_kubernetes:
            return f"{self.resource_type.rsplit(':', 1)[-1]} {self.name}"
        parts = [self.namespace, self.object_name]
        return f"{self.kind} {'/'.join(part for part in parts if part) or '(unnamed)'}"


def mapping(value: JsonValue) -> dict[str, JsonValue]:
    """The value if it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def entries(value: JsonValue) -> list[JsonValue]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []
