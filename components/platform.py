"""What differs between plain Kubernetes and OpenShift, behind one value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

NON_ROOT_ID = 10001
"""User and group of pods where the platform assigns none."""


@dataclass(frozen=True, kw_only=True)
class Platform:
    """A kind of cluster: `kubernetes` or `openshift`."""

    kind: str

    def pod_security_context(self) -> dict[str, Any]:
        """Security context of a pod that meets the `restricted` Pod Security Standard.

        OpenShift's restricted-v2 SCC assigns user and group from the namespace's range and refuses fixed ones.
        """
        context: dict[str, Any] = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
        if self.kind == "kubernetes":
            context |= {"runAsUser": NON_ROOT_ID, "runAsGroup": NON_ROOT_ID, "fsGroup": NON_ROOT_ID}
        return context

    @staticmethod
    def container_security_context() -> dict[str, Any]:
        """Security context of a container that meets `restricted`, with a read-only root file system."""
        return {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "capabilities": {"drop": ["ALL"]},
        }
