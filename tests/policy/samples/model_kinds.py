"""Samples of the rules on models: kinds by which weights come to a server past the catalog, and configurations."""

from __future__ import annotations

import dataclasses

from tests.policy.support.objects import LLM, LLM_TYPE
from tests.policy.support.refused import refused_kinds
from tests.policy.support.sample import UNKNOWN_VALUE, WORLD, Sample, table

_MODELS = dataclasses.replace(WORLD, base_models={"m/v1": {"state": "approved"}})
_URI = "pvc://base-m-v1/base/m/v1"
_KINDS = (
    *(("serving.kserve.io", "TrainedModel"), ("serving.kserve.io", "LocalModelCache"), ("kubeai.org", "Model")),
    *(("model.aibrix.ai", "ModelAdapter"), ("production-stack.vllm.ai", "VLLMRuntime")),
    *(("production-stack.vllm.ai", "LoraAdapter"), ("apps.nvidia.com", "NIMService"), ("apps.nvidia.com", "NIMCache")),
    *(("kaito.sh", "Workspace"), ("machinelearning.seldon.io", "SeldonDeployment"), ("llmaz.io", "OpenModel")),
)
_NOT_ADAPTERS = ("LocalModelCache", "SeldonDeployment")


def _refused(*without: str) -> tuple[Sample, ...]:
    kinds = [(group, kind) for group, kind in _KINDS if kind not in without]
    return refused_kinds(*kinds, why="weights come to a server by it that the catalog does not name")


_CONFIG = {**LLM, "kind": "LLMInferenceServiceConfig", "spec": {"model": {"uri": _URI}}}
_BASES = (
    *table(
        LLM_TYPE,
        LLM,
        ("a service of no configuration", {"spec model uri": _URI}),
        (
            "a service of another configuration",
            {"spec model uri": _URI, "spec baseRefs": [{"name": "evil"}]},
            "spec.baseRefs[0].name: is 'evil', and what that configuration fills in is not seen here",
        ),
        (
            "a service of configurations that are not known",
            {"spec model uri": _URI, "spec baseRefs": UNKNOWN_VALUE},
            "spec.baseRefs.name: is not known",
        ),
        world=_MODELS,
    ),
    *table(
        LLM_TYPE,
        LLM,
        ("a service of a listed configuration", {"spec model uri": _URI, "spec baseRefs": [{"name": "base"}]}),
        config={"baseConfigs": ["base"]},
        world=_MODELS,
    ),
    *table(
        LLM_TYPE.replace("LLMInferenceService", "LLMInferenceServiceConfig"),
        _CONFIG,
        ("a configuration", {}),
        ("a configuration without a model", {"spec model": {"name": "m"}}),
        ("a configuration from a hub", {"spec model uri": "hf://org/model"}, "spec.model.uri: is 'hf://org/model'"),
        ("a configuration that is not known", {"spec": UNKNOWN_VALUE}, "spec.model.uri: is not known"),
        world=_MODELS,
    ),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {
    "hybrid-storage": (*_refused(), *_BASES),
    "adapters-approved": _refused(*_NOT_ADAPTERS),
}
