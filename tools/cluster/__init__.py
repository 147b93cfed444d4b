"""The embedded cluster: a real API server, scheduler, KServe and MinIO on loopback, with simulated GPU nodes."""

from __future__ import annotations

from tools.cluster.cluster import DEFAULT_DIRECTORY, Cluster
from tools.cluster.errors import ClusterError
from tools.cluster.health import ComponentStatus, Status

__all__ = ["DEFAULT_DIRECTORY", "Cluster", "ClusterError", "ComponentStatus", "Status"]
