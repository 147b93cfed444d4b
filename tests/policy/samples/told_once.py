"""Samples of faults of objects inside others, each of which is told once and where the object stands."""

from __future__ import annotations

from typing import Any

import yaml

from tests.policy.support.objects import DEPLOYMENT, VLLM, container, manifest
from tests.policy.support.sample import Sample, changed, table

_SERVER = {**container("server", VLLM), "args": ["--model=/mnt/models", "--lora-modules=evil=/mnt/evil"]}
_BAD = changed(DEPLOYMENT, {"spec template spec containers": [_SERVER]})
_CLAIM = manifest("v1", "PersistentVolumeClaim", {"storageClassName": "strange"})
_PLUGIN = manifest("extensions.istio.io/v1alpha1", "WasmPlugin", {"url": "https://a.example/p.wasm"})
_BARE = {key: value for key, value in _BAD.items() if key not in ("kind", "apiVersion")}


def _holders(inner: dict[str, Any], bare: dict[str, Any], where: str, *says: str) -> tuple[Sample, ...]:
    inside = "Object team/sample: spec.forProvider.manifest"
    return (
        *table(
            "kubernetes:kubernetes.crossplane.io/v1alpha2:Object",
            manifest("kubernetes.crossplane.io/v1alpha2", "Object", {"forProvider": {"manifest": inner}}),
            (f"{inner['kind']} {where} in a field", {}, *(f"{inside}{text}" for text in says)),
        ),
        *table(
            "kubernetes:core/v1:ConfigMap",
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": "c", "namespace": "team"},
                "data": {"a": yaml.safe_dump(inner)},
            },
            (f"{inner['kind']} {where} in a text", {}, *(f"ConfigMap team/c: data.a{text}" for text in says)),
        ),
        *table(
            "kubernetes:core/v1:List",
            {"apiVersion": "v1", "kind": "List", "items": [inner]},
            (f"{inner['kind']} {where} in a list", {}, *(text.removeprefix(": ") for text in says)),
        ),
    ) + (
        table(
            f"kubernetes:apps/v1:{inner['kind']}List",
            {"apiVersion": "apps/v1", "kind": f"{inner['kind']}List", "items": [bare]},
            (f"{inner['kind']} {where} in a list of its kind", {}, *(text.removeprefix(": ") for text in says)),
        )
        if bare
        else ()
    )


_ARGUMENTS = ": Deployment team/sample: spec.template.spec.containers[0].args: --lora-modules 'evil=/mnt/evil': adapter"
_PROBE = ": Deployment team/sample: spec.template.spec.containers[0].readinessProbe: is missing"
_WITHOUT = changed(
    DEPLOYMENT,
    {"spec template spec containers": [{key: value for key, value in container().items() if key != "readinessProbe"}]},
)

_PROGRAM = table(
    "kubernetes:kubernetes.crossplane.io/v1alpha2:Object",
    manifest("kubernetes.crossplane.io/v1alpha2", "Object", {"forProvider": {"manifest": _PLUGIN}}),
    ("a proxy's program in a field", {}, "spec.forProvider.manifest: spec.url: 'https://a.example/p.wasm'"),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {
    "adapters-approved": _holders(_BAD, _BARE, "with an adapter", _ARGUMENTS),
    "images-pinned-by-digest": _PROGRAM,
    "images-from-the-registry": _PROGRAM,
    "pods-have-probes": _holders(_WITHOUT, {}, "without a probe", _PROBE),
    "storage-protected": _holders(
        _CLAIM,
        {},
        "of a strange class",
        ": PersistentVolumeClaim team/sample: protect: is off",
        ": PersistentVolumeClaim team/sample: spec.storageClassName: is 'strange'",
        ": PersistentVolumeClaim team/sample: spec.resources.requests.storage: is missing",
    ),
}
