"""What a cluster holds, asked over HTTP: many lists at once; what may not be read is told, never taken for absent."""

from __future__ import annotations

from tools.kube.cluster import Kind, Kube, Listing, Object
from tools.kube.transport import KubeError, Transport, through_kubectl

__all__ = ["Kind", "Kube", "KubeError", "Listing", "Object", "Transport", "through_kubectl"]
