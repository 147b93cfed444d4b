"""Samples of the rules on volumes and buckets.

Cases marked `kyverno` restate samples of kyverno/policies (require-storageclass, restrict-storageclass; Apache-2.0),
those marked `gatekeeper` samples of open-policy-agent/gatekeeper-library (storageclass; Apache-2.0).
"""

from __future__ import annotations

import dataclasses
from typing import Any

from tests.policy.support.objects import POD, POD_TYPE, manifest
from tests.policy.support.sample import MISSING, UNKNOWN_VALUE, WORLD, Sample, table

_NOT_KNOWN = "not known before the update"
_PROD = dataclasses.replace(
    WORLD,
    settings={"storage": {"className": "shared-rwx"}, "objectStore": {"deploy": {"storageClass": "local-rwo"}}},
)
_DEV = dataclasses.replace(_PROD, environment="dev")

_SPEC = {
    "accessModes": ["ReadWriteMany"],
    "storageClassName": "shared-rwx",
    "resources": {"requests": {"storage": "20Gi"}},
}
_CLAIM = manifest("v1", "PersistentVolumeClaim", _SPEC)
_CLAIM_TYPE = "kubernetes:core/v1:PersistentVolumeClaim"
_SIZE = "spec resources requests storage"
_CLAIMS = (
    *table(
        _CLAIM_TYPE,
        _CLAIM,
        ("class and size (kyverno, gatekeeper)", {}),
        ("the store's class", {"spec storageClassName": "local-rwo"}),
        ("no class (kyverno, gatekeeper)", {"spec storageClassName": MISSING}, "storageClassName: is missing"),
        ("an empty class", {"spec storageClassName": ""}, "storageClassName: is missing"),
        (
            "another class (gatekeeper)",
            {"spec storageClassName": "fast"},
            "storageClassName: is 'fast', allowed are shared-rwx, local-rwo",
        ),
        ("the volume that its class made", {"spec volumeName": "pvc-0a1b2c3d-0000-4000-8000-00000000000a"}),
        ("a volume of somebody", {"spec volumeName": "pv-sales"}, "spec.volumeName: is 'pv-sales': it is storage that"),
        ("a volume that is not known", {"spec volumeName": UNKNOWN_VALUE}, "spec.volumeName: is not known"),
        ("no size", {"spec resources": MISSING}, "requests.storage: is missing"),
        ("no volume", {_SIZE: "0"}, "requests.storage: is '0', allowed are 1Gi to 4096Gi"),
        ("too large", {_SIZE: "5Ti"}, "is '5Ti', allowed are 1Gi to 4096Gi"),
        ("no quantity", {_SIZE: "much"}, "requests.storage: is 'much'"),
        ("class not known", {"spec storageClassName": UNKNOWN_VALUE}, f"storageClassName: is {_NOT_KNOWN}"),
        ("size not known", {_SIZE: UNKNOWN_VALUE}, f"requests.storage: is {_NOT_KNOWN}"),
        ("claim not known", {"spec": UNKNOWN_VALUE}, f"spec: is {_NOT_KNOWN}"),
        ("neither", {"spec storageClassName": MISSING, "spec resources": MISSING}, "storageClassName", "storage"),
        (
            "a snapshot",
            {"spec dataSource": {"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot", "name": "a"}},
        ),
        ("a copy of a neighbour", {"spec dataSourceRef": {"kind": "PersistentVolumeClaim", "name": "a"}}),
        (
            "the same namespace",
            {"spec dataSourceRef": {"kind": "PersistentVolumeClaim", "name": "a", "namespace": "team"}},
        ),
        (
            "a copy out of another namespace",
            {"spec dataSourceRef": {"kind": "PersistentVolumeClaim", "name": "a", "namespace": "sales"}},
            "spec.dataSourceRef.namespace: is 'sales': it is filled out of another namespace",
        ),
        (
            "filled by a program",
            {"spec dataSourceRef": {"apiGroup": "pop.example.com", "kind": "Download", "name": "a"}},
            "spec.dataSourceRef.kind: is 'Download.pop.example.com': another program fills it",
        ),
        (
            "a snapshot of another group",
            {"spec dataSource": {"apiGroup": "a.example.com", "kind": "VolumeSnapshot", "name": "a"}},
            "spec.dataSource.kind: is 'VolumeSnapshot.a.example.com'",
        ),
        (
            "filled with what is not known",
            {"spec dataSourceRef": UNKNOWN_VALUE},
            f"spec.dataSourceRef: is {_NOT_KNOWN}",
        ),
        world=_PROD,
        protect=True,
    ),
    *table(
        _CLAIM_TYPE,
        _CLAIM,
        ("a program that is stated", {"spec dataSourceRef": {"apiGroup": "pop.example.com", "kind": "Download"}}),
        world=_DEV,
        config={"dataSources": [{"name": "Download.pop.example.com", "reason": "from the store alone"}]},
    ),
    *table(
        POD_TYPE,
        POD,
        ("secrets of a store", {"spec volumes": [{"name": "a", "csi": {"driver": "secrets-store.csi.k8s.io"}}]}),
        *(
            (
                f"a volume of {driver}",
                {"spec volumes": [{"name": "a", "csi": {"driver": driver}}]},
                f"spec.volumes[0].csi.driver: is {driver!r}, and nobody has stated",
            )
            for driver in ("image.csi.example.com", "nfs.csi.k8s.io", "csi.sharedresource.openshift.io")
        ),
        ("a driver not known", {"spec volumes": [{"name": "a", "csi": UNKNOWN_VALUE}]}, "csi.driver: is not known"),
        (
            "made with the pod, and filled by a program",
            {
                "spec volumes": [
                    {
                        "name": "a",
                        "ephemeral": {
                            "volumeClaimTemplate": {"spec": {**_SPEC, "dataSourceRef": {"kind": "A", "apiGroup": "b"}}}
                        },
                    }
                ]
            },
            "ephemeral.volumeClaimTemplate.spec.dataSourceRef.kind: is 'A.b'",
        ),
        world=_DEV,
    ),
    *table(
        POD_TYPE,
        POD,
        ("a driver that is stated", {"spec volumes": [{"name": "a", "csi": {"driver": "nfs.csi.k8s.io"}}]}),
        config={"drivers": [{"name": "nfs.csi.k8s.io", "reason": "one server"}]},
    ),
    *table(_CLAIM_TYPE, _CLAIM, ("unprotected", {}, "protect: is off"), world=_PROD),
    *table(_CLAIM_TYPE, _CLAIM, ("unprotected in dev", {}), world=_DEV),
    *table(
        _CLAIM_TYPE,
        _CLAIM,
        ("a class and a size of the configuration", {"spec storageClassName": "fast", _SIZE: "10Gi"}),
        ("above the configuration's size", {}, "allowed are 1Gi to 10Gi"),
        world=_DEV,
        config={"storageClasses": ["fast"], "maxGiB": 10},
    ),
)
_SET = manifest(
    "apps/v1",
    "StatefulSet",
    {
        "template": {"spec": {"containers": []}},
        "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": _SPEC}],
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
    },
)
_TEMPLATE = "spec volumeClaimTemplates 0 spec"
_SETS = (
    *table(
        "kubernetes:apps/v1:StatefulSet",
        _SET,
        ("templates (kyverno, gatekeeper)", {}),
        (
            "a template without class (kyverno, gatekeeper)",
            {f"{_TEMPLATE} storageClassName": MISSING},
            "[0].spec.storage",
        ),
        ("a template of another class (gatekeeper)", {f"{_TEMPLATE} storageClassName": "fast"}, "is 'fast'"),
        ("templates not known", {"spec volumeClaimTemplates": UNKNOWN_VALUE}, _NOT_KNOWN),
        (
            "volumes that go with it",
            {"spec persistentVolumeClaimRetentionPolicy whenDeleted": "Delete"},
            "persistentVolumeClaimRetentionPolicy.whenDeleted: is 'Delete'",
        ),
        world=_PROD,
    ),
    *table(
        POD_TYPE,
        POD,
        (
            "a volume of a pod",
            {"spec volumes": [{"name": "a", "ephemeral": {"volumeClaimTemplate": {"spec": _SPEC}}}]},
        ),
        (
            "a volume of a pod without class",
            {"spec volumes": [{"name": "a", "ephemeral": {"volumeClaimTemplate": {"spec": {}}}}]},
            "volumes[0].ephemeral.volumeClaimTemplate.spec.storageClassName: is missing",
            "requests.storage: is missing",
        ),
        world=_PROD,
    ),
)
_NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}}
_VOLUME = manifest("v1", "PersistentVolume", {"persistentVolumeReclaimPolicy": "Retain"})
_CLASS = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "StorageClass",
    "metadata": {"name": "a"},
    "reclaimPolicy": "Retain",
}
_KEPT = (
    *table("kubernetes:core/v1:Namespace", _NAMESPACE, ("a namespace", {}, "protect: is off"), world=_PROD),
    *table("kubernetes:core/v1:Namespace", _NAMESPACE, ("a protected namespace", {}), world=_PROD, protect=True),
    *table("kubernetes:core/v1:Namespace", _NAMESPACE, ("a namespace of dev", {}), world=_DEV),
    *table(
        "kubernetes:core/v1:PersistentVolume",
        _VOLUME,
        ("a volume that is kept", {}),
        ("a volume that goes", {"spec persistentVolumeReclaimPolicy": "Delete"}, "ReclaimPolicy: is 'Delete'"),
        ("a volume, not known", {"spec persistentVolumeReclaimPolicy": UNKNOWN_VALUE}, _NOT_KNOWN),
        ("a volume and how it is mounted", {"spec mountOptions": ["nfsvers=4.1,hard", "ro"]}),
        (
            "a password in a mount",
            {"spec mountOptions": ["vers=3.0,username=a,pass=canary-in-secret"]},
            "spec.mountOptions[0]: holds an option of a mount that is not understood (not shown)",
        ),
        ("a mount not known", {"spec mountOptions": UNKNOWN_VALUE}, "spec.mountOptions: is not known"),
        world=_PROD,
        config={"volumes": [{"name": "sample", "reason": "the team's own export"}]},
    ),
    *table(
        "kubernetes:core/v1:PersistentVolume",
        _VOLUME,
        (
            "a volume of nobody knows whom",
            {"spec csi": {"driver": "cephfs.csi.ceph.com", "volumeHandle": "a"}},
            "metadata.name: is storage that lies there already, and nobody has stated whose it is",
        ),
        (
            "a volume for a claim of the team",
            {"spec claimRef": {"namespace": "team", "name": "a"}},
            "metadata.name: is storage that lies there already",
        ),
        world=_DEV,
        config={"volumes": [{"name": "another-*", "reason": "the team's own export"}]},
    ),
    *table(
        "kubernetes:storage.k8s.io/v1:StorageClass",
        _CLASS,
        ("a class that keeps (kyverno)", {}),
        ("a class that deletes (kyverno)", {"reclaimPolicy": "Delete"}, "reclaimPolicy: is 'Delete'"),
        ("a class that says nothing", {"reclaimPolicy": MISSING}, "is missing, which means Delete"),
        ("a class and how it is mounted", {"mountOptions": ["noatime", "uid=1000"]}),
        ("a class with a strange option", {"mountOptions": ["suid"]}, "mountOptions[0]: holds an option of a mount"),
        world=_PROD,
    ),
)

_BUCKET_TYPE = "pulumi-python:dynamic/kitchen:S3Bucket"
_BUCKET: dict[str, Any] = {
    "endpoint": "https://minio.kitchen.example",
    "bucket": "prod-lora",
    "versioning": True,
    "closed": True,
    "objectLockDays": 365,
    "guards": ["anonymous"],
}
_NO_STORE = dataclasses.replace(WORLD)
_S3 = dataclasses.replace(_PROD, settings={"objectStore": {"kind": "s3"}})
_BUCKETS = (
    *table(
        _BUCKET_TYPE,
        _BUCKET,
        ("a locked bucket", {}),
        ("without guards of its own", {"guards": MISSING}),
        ("evaluations without lock", {"bucket": "prod-evaluations", "objectLockDays": 0}),
        ("no versions", {"versioning": False}, "S3Bucket test: versioning: is False"),
        ("open", {"closed": False}, "closed: is False"),
        ("no guard", {"guards": []}, "guards: is []: nothing keeps anonymous callers out"),
        (
            "adapters without lock",
            {"objectLockDays": 0},
            "objectLockDays: is 0: in prod models, lora, audit are locked",
        ),
        ("models without lock", {"bucket": "models", "objectLockDays": MISSING}, "objectLockDays: is missing"),
        ("no TLS", {"endpoint": "http://minio.kitchen.example"}, "endpoint: is 'http://minio.kitchen.example'"),
        ("versions not known", {"versioning": UNKNOWN_VALUE}, f"versioning: is {_NOT_KNOWN}"),
        ("lock not known", {"objectLockDays": UNKNOWN_VALUE}, f"objectLockDays: is {_NOT_KNOWN}"),
        ("name not known", {"bucket": UNKNOWN_VALUE, "objectLockDays": 0}, "objectLockDays: is 0"),
        ("endpoint not known", {"endpoint": UNKNOWN_VALUE}, f"endpoint: is {_NOT_KNOWN}"),
        (
            "all wrong",
            {"versioning": False, "closed": False, "guards": [], "endpoint": "http://x", "objectLockDays": 0},
            *("versioning", "closed", "guards", "endpoint", "objectLockDays"),
        ),
        world=_PROD,
    ),
    *table(
        _BUCKET_TYPE,
        _BUCKET,
        ("dev without lock and TLS", {"objectLockDays": 0, "endpoint": "http://127.0.0.1:9000"}),
        ("dev without versions", {"versioning": False}, "versioning"),
        world=_DEV,
    ),
    *table(
        _BUCKET_TYPE,
        _BUCKET,
        ("a store whose access is by policies", {"closed": False, "guards": []}),
        ("such a store, not said", {"closed": MISSING}, "closed: is missing"),
        world=_S3,
    ),
    *table(_BUCKET_TYPE, _BUCKET, ("open, no store stated", {"closed": False}, "closed: is False"), world=_NO_STORE),
    *table(
        _BUCKET_TYPE,
        {**_BUCKET, "objectLockDays": 0},
        ("another bucket", {}),
        ("one of the configuration", {"bucket": "prod-special"}, "in prod special are locked"),
        world=_PROD,
        config={"locked": ["special"]},
    ),
    *table("random:index/randomPassword:RandomPassword", {"length": 40}, ("neither bucket nor user", {}), world=_PROD),
    *table(
        "pulumi-python:dynamic/kitchen:MinioUser",
        {"endpoint": "https://minio.kitchen.example", "prefixes": ["helpdesk-faq/v2026-02-01/"]},
        ("a user of a folder", {}),
        ("a user of everything", {"prefixes": []}, "prefixes: is missing, which means the whole bucket"),
        ("a user of all folders", {"prefixes": ["*"]}, "prefixes[0]: is '*', which is no single folder"),
        ("a user of the root", {"prefixes": ["/"]}, "prefixes[0]: is '/'"),
        ("a user of an empty folder", {"prefixes": ["a/v1/", ""]}, "prefixes[1]: is ''"),
        ("a user without TLS", {"endpoint": "http://x"}, "endpoint: is 'http://x'"),
        ("prefixes not known", {"prefixes": UNKNOWN_VALUE}, f"prefixes: is {_NOT_KNOWN}"),
        world=_PROD,
    ),
)
_PROTECTED = table(_BUCKET_TYPE, _BUCKET, ("an unprotected bucket", {}, "protect: is off"), world=_PROD)

SAMPLES: dict[str, tuple[Sample, ...]] = {
    "storage-protected": (*_CLAIMS, *_SETS, *_KEPT, *_PROTECTED),
    "buckets-safe": _BUCKETS,
}
