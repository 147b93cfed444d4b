"""Samples of what answers under a model's name: services of names, pods and Services in a server's place."""

from __future__ import annotations

import dataclasses
from typing import Any

from tests.policy.samples.models import MODELS
from tests.policy.support.objects import DEPLOYMENT, DEPLOYMENT_TYPE, LLM_TYPE, manifest
from tests.policy.support.sample import UNKNOWN_VALUE, Sample, table

_LABELS = "spec template metadata labels"
_WORLD = dataclasses.replace(MODELS, settings={**MODELS.settings, "kitchens": {"support": {"tenant": "team"}}})
_PODS = table(
    DEPLOYMENT_TYPE,
    DEPLOYMENT,
    *(
        (f"a pod that is marked by {label}", {_LABELS: {label: value}}, f"(labels): {label} is {value!r}")
        for label, value in (
            ("serving.kserve.io/inferenceservice", "support"),
            ("app", "isvc.support-predictor"),
            ("kserve.io/component", "workload"),
            ("app.kubernetes.io/part-of", "llminferenceservice"),
        )
    ),
    ("a pod with labels of its own", {_LABELS: {"app": "chat", "component": "predictor"}}),
)
_SERVICES = table(
    "kubernetes:core/v1:Service",
    manifest("v1", "Service", {"selector": {"app": "chat"}, "ports": [{"port": 80}]}),
    *(
        (f"a Service called {name}", {"metadata name": name}, f"metadata.name: is {name!r}: KServe makes the Service")
        for name in ("support", "support-predictor", "x-predictor-default", "x-transformer", "x-kserve-workload-svc")
    ),
    *((f"a Service called {name}", {"metadata name": name}) for name in ("chat", "predictor", "support-chat")),
    world=_WORLD,
)


def _led(asked: Any, *targets: Any) -> dict[str, Any]:
    return {"spec modelName": asked, "spec targetModels": [{"name": name, "weight": 1} for name in targets]}


_NAMES = table(
    "kubernetes:inference.networking.x-k8s.io/v1alpha2:InferenceModel",
    manifest("inference.networking.x-k8s.io/v1alpha2", "InferenceModel", {"poolRef": {"name": "pool"}}),
    ("a name that leads to another adapter", _led("faq", "sort"), "targetModels[0].name: is 'sort'"),
    ("a version that leads to another model", _led("m/v1", "m/v1", "old"), "targetModels[1].name: is 'old'"),
    ("a name that leads to nobody knows what", _led("FAQ", "other-name"), "targetModels[0].name: is 'other-name'"),
    ("a name that is not known", _led(UNKNOWN_VALUE, "faq"), "spec.modelName: is not known"),
    ("a target that is not known", _led("faq", UNKNOWN_VALUE), "targetModels[0].name: is not known"),
    ("versions of the same adapter", _led("faq", "faq--v2026-02-01", "faq")),
    ("a name of one's own", _led("assistant", "faq")),
    ("a name alone", {"spec modelName": "faq"}),
    world=MODELS,
)
_URI = "pvc://base-m-v1/base/m/v1"
_SERVED = table(
    LLM_TYPE,
    manifest("serving.kserve.io/v1alpha2", "LLMInferenceService", {"model": {"uri": _URI}, "template": {}}),
    *(
        (f"a service that answers as {name}", {"spec model name": name, **_TEMPLATE}, f"under the name {name!r}")
        for _TEMPLATE in ({"spec template": {"containers": [{"name": "main"}]}},)
        for name in ("old", "faq", "team/Old")
    ),
    ("a service with its own name", {"spec model name": "m", "spec template": {"containers": [{"name": "main"}]}}),
    world=MODELS,
)
SAMPLES: dict[str, tuple[Sample, ...]] = {
    "adapters-approved": (*_PODS, *_SERVICES, *_NAMES),
    "hybrid-storage": _SERVED,
}
