"""Samples of servers from which nodes take what volumes hold."""

from __future__ import annotations

from tests.policy.support.objects import manifest
from tests.policy.support.sample import UNKNOWN_VALUE, Sample, table

_VOLUME = manifest("v1", "PersistentVolume", {"capacity": {"storage": "1Gi"}})
_OUTSIDE = "which is no address inside"
_VOLUMES = table(
    "kubernetes:core/v1:PersistentVolume",
    _VOLUME,
    ("a server by its address", {"spec nfs": {"server": "10.20.1.2", "path": "/a"}}),
    ("a server by its name in the cluster", {"spec nfs": {"server": "nfs.storage.svc.cluster.local", "path": "/a"}}),
    (
        "a server of a driver",
        {"spec csi": {"driver": "nfs.csi.k8s.io", "volumeAttributes": {"server": "10.20.1.2", "share": "/a"}}},
    ),
    (
        "a driver that knows its server",
        {"spec csi": {"driver": "a.cephfs.csi.ceph.com", "volumeAttributes": {"clusterID": "a"}}},
    ),
    ("monitors inside", {"spec csi": {"volumeAttributes": {"monitors": "10.1.1.1:6789,10.1.1.2:6789"}}}),
    (
        "a server outside",
        {"spec nfs": {"server": "nfs.example.com", "path": "/"}},
        f"spec.nfs.server: is 'nfs.example.com', {_OUTSIDE}",
    ),
    ("a server's public address", {"spec nfs": {"server": "8.8.8.8", "path": "/"}}, f"is '8.8.8.8', {_OUTSIDE}"),
    (
        "a target outside",
        {"spec iscsi": {"targetPortal": "203.0.113.1:3260"}},
        f"spec.iscsi.targetPortal: is '203.0.113.1', {_OUTSIDE}",
    ),
    (
        "a monitor outside",
        {"spec cephfs": {"monitors": ["10.1.1.1:6789", "a.example:6789"]}},
        "spec.cephfs.monitors[1]: is 'a.example'",
    ),
    (
        "a share outside",
        {"spec csi": {"volumeAttributes": {"source": "//a.example/share"}}},
        "volumeAttributes.source: is 'a.example'",
    ),
    (
        "one of two outside",
        {"spec csi": {"volumeAttributes": {"monitors": "10.1.1.1,a.example"}}},
        "monitors: is 'a.example'",
    ),
    ("a server not known", {"spec nfs": {"server": UNKNOWN_VALUE}}, "spec.nfs.server: is not known before the update"),
)
_NAMED = table(
    "kubernetes:core/v1:PersistentVolume",
    _VOLUME,
    ("a server of a named domain", {"spec nfs": {"server": "nas1.kitchen.example"}}),
    config={"meshSuffixes": [".kitchen.example"]},
)

SAMPLES: dict[str, tuple[Sample, ...]] = {"network-closed": (*_VOLUMES, *_NAMED)}
