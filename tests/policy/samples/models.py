"""Samples of the rules on base models, adapters and phases."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from tests.policy.support.objects import (
    DEPLOYMENT,
    DEPLOYMENT_TYPE,
    LLM,
    LLM_TYPE,
    RUNTIME,
    RUNTIME_TYPE,
    SERVICE,
    SERVICE_TYPE,
    manifest,
)
from tests.policy.support.sample import MISSING, UNKNOWN_VALUE, WORLD, Sample, table

_NOT_KNOWN = "not known before the update"
_SUM = "1" * 64


def _adapter(state: str, base: str, rank: int) -> dict[str, Any]:
    return {"state": state, "baseModel": base, "rank": rank, "files": {"adapter_config.json": {"sha256": _SUM}}}


MODELS = dataclasses.replace(
    WORLD,
    phase=3,
    base_models={
        "m/v1": {"state": "approved", "files": {"config.json": {"sha256": "1" * 64}}},
        "m/v2": {"state": "candidate"},
        "old/v1": {"state": "retired"},
    },
    adapters={
        "faq/v2026-02-01": _adapter("approved", "m/v1", 8),
        "sort/v2026-02-01": _adapter("approved", "m/v1", 16),
        "sort/v2026-03-01": _adapter("candidate", "m/v1", 32),
        "large/v2026-02-01": _adapter("approved", "m/v1", 64),
        "trial/v2026-02-01": _adapter("candidate", "m/v1", 8),
        "other/v2026-02-01": _adapter("approved", "old/v1", 8),
    },
)
DEV = dataclasses.replace(MODELS, environment="dev")
_ARGS = "spec predictor model args"
_STATIC = [
    "--enable-lora",
    "--max-loras=2",
    "--max-lora-rank=16",
    "--lora-modules",
    "faq=/mnt/a/faq",
    "sort=/mnt/a/sort",
]


def _args(*words: Any) -> dict[str, Any]:
    return {_ARGS: list(words)}


def _with(*words: str) -> dict[str, Any]:
    """The good arguments, with flags added or replaced."""
    names = {word.partition("=")[0] for word in words}
    return _args(*words, *(word for word in _STATIC if word.partition("=")[0] not in names))


_LIMITS = (
    *table(
        SERVICE_TYPE,
        SERVICE,
        ("no LoRA", {}),
        ("flags within bounds", _args(*_STATIC)),
        ("defaults", _args("--enable-lora", "--lora-modules", "faq=/a")),
        ("main memory", _with("--max-cpu-loras=4")),
        ("too many slots", _with("--max-loras=17"), "predictor.model.args: --max-loras is '17', allowed are 1 to 16"),
        ("no slots", _with("--max-loras=0"), "--max-loras is '0'"),
        ("no number", _with("--max-loras=two"), "--max-loras is 'two'"),
        ("an underscore", _args("--max_loras=99"), "--max-loras is '99'"),
        ("in two words", _args("--enable-lora", "--max-loras", "99"), "--max-loras is '99'"),
        ("less memory than slots", _with("--max-cpu-loras=1"), "--max-cpu-loras is 1, below --max-loras, which is 2"),
        (
            "a rank that vLLM does not take",
            _with("--max-lora-rank=24"),
            "--max-lora-rank is '24', allowed are 1, 8, 16",
        ),
        ("a rank above the bound", _with("--max-lora-rank=512"), "--max-lora-rank is '512'"),
        ("a rank below an adapter's", _with("--max-lora-rank=8"), "adapter 'sort' has rank 16, above --max-lora-rank"),
        (
            "two adapters above the default",
            _args("--enable-lora", "--lora-modules", "large=/a", "sort=/a"),
            "adapter 'large' has rank 64",
        ),
        ("given twice", _args(*_STATIC, "--max-loras=1"), "gives --max-loras 2 times"),
        ("adapters twice", _args(*_STATIC, "--lora-modules", "faq=/a"), "gives --lora-modules 2 times"),
        ("an argument that is not known", _args("--enable-lora", UNKNOWN_VALUE), f"model.args: is {_NOT_KNOWN}"),
        ("all wrong", _args("--enable-lora", "--max-loras=x", "--max-lora-rank=y"), "max-loras", "rank"),
        world=MODELS,
    ),
    *table(
        RUNTIME_TYPE,
        RUNTIME,
        ("a runtime", {}),
        ("a runtime's flags", {"spec containers 0 args": ["--max-lora-rank=7"]}, "containers[0].args: --max-lora-rank"),
        world=MODELS,
    ),
    *table(
        DEPLOYMENT_TYPE,
        DEPLOYMENT,
        (
            "a shell",
            {"spec template spec containers 0 command": ["sh", "-c", "vllm serve --enable-lora --max-loras 99"]},
            "--max-loras is '99'",
        ),
        world=MODELS,
    ),
    *table(
        SERVICE_TYPE,
        SERVICE,
        ("a bound of the configuration", _args(*_STATIC), "--max-loras is '2', allowed are 1 to 1"),
        world=MODELS,
        config={"maxLoras": 1},
    ),
)
_FIVE = ("--enable-lora", "--lora-modules", "a=/a", "b=/b", "c=/c", "d=/d", "e=/e")
_FEW = (
    *table(
        SERVICE_TYPE,
        SERVICE,
        ("two adapters", _args(*_STATIC)),
        ("five adapters", _args(*_FIVE), "starts with 5 adapters, 4 are few"),
        ("six adapters", _args(*_FIVE, "f=/f"), "starts with 6 adapters"),
        world=MODELS,
    ),
    *table(SERVICE_TYPE, SERVICE, ("five in phase 4", _args(*_FIVE)), world=dataclasses.replace(MODELS, phase=4)),
)

_BASE = {"spec predictor model storageUri": "pvc://base-m-v1/base/m/v1"}


def _modules(*modules: str, **more: Any) -> dict[str, Any]:
    return {**_BASE, **_args("--enable-lora", "--lora-modules", *modules), **more}


def _manifest(**changes: Any) -> dict[str, Any]:
    files = [{"path": "adapter_config.json", "sha256": _SUM, "sizeBytes": 1}]
    entry = {"name": "faq", "version": "v2026-02-01", "files": files, **changes}
    return {"data": {"manifest.json": json.dumps({"bucket": "prod-lora", "adapters": [entry]})}}


def _model(**changes: Any) -> dict[str, Any]:
    files = [{"path": "config.json", "sha256": "1" * 64, "sizeBytes": 1}]
    return {"data": {"manifest.json": json.dumps({"name": "m", "version": "v1", "files": files, **changes})}}


_MAP = {k: v for k, v in manifest("v1", "ConfigMap", {}).items() if k != "spec"}
_APPROVED = (
    *table(
        SERVICE_TYPE,
        SERVICE,
        ("a server without adapters", {}),
        ("approved adapters", _modules("faq=/mnt/adapters/faq", "sort=/mnt/adapters/sort")),
        ("as JSON", _modules('{"name": "faq", "path": "/mnt/adapters/faq"}')),
        ("a canary by its version", _modules("faq--v2026-02-01=/mnt/adapters/faq--v2026-02-01")),
        (
            "a canary of no version",
            _modules("faq--v2026-09-09=/mnt/adapters/faq--v2026-09-09"),
            "is not in the catalog",
        ),
        ("a canary that is a candidate", _modules("sort--v2026-03-01=/a"), "'sort--v2026-03-01' is candidate"),
        ("not in the catalog", _modules("faq=/mnt/adapters/faq", "mine=/b"), "adapter 'mine' is not in the catalog"),
        ("a candidate", _modules("trial=/a"), "adapter 'trial' is candidate in the catalog; prod runs approved"),
        ("of another base model", _modules("other=/a"), "adapter 'other' is made for old/v1, the server has m/v1"),
        ("not in the catalog, as JSON", _modules('{"name": "mine", "path": "/a"}'), "adapter 'mine' is not in"),
        ("no name", _modules('{"path": "/a"}'), "has no name"),
        ("two of three", _modules("mine=/a", "faq=/mnt/adapters/faq", "trial=/c"), "'mine'", "'trial'"),
        ("an argument, not known", _modules(UNKNOWN_VALUE), f"model.args: is {_NOT_KNOWN}"),
        (
            "base model not known",
            _modules("faq=/a", **{"spec predictor model storageUri": UNKNOWN_VALUE}),
            "the base model is not known",
        ),
        world=MODELS,
    ),
    *table(SERVICE_TYPE, SERVICE, ("a candidate in dev", _modules("trial=/mnt/adapters/trial")), world=DEV),
    *table(
        LLM_TYPE,
        LLM,
        (
            "an adapter of an LLM service",
            {"spec model lora": {"adapters": [{"name": "faq"}]}, "spec model uri": "pvc://base-m-v1/base/m/v1"},
        ),
        (
            "a strange adapter of it",
            {"spec model lora": {"adapters": [{"name": "mine"}]}},
            "adapters[0].name: adapter 'mine'",
        ),
        ("a nameless adapter of it", {"spec model lora": {"adapters": [{"name": UNKNOWN_VALUE}]}}, _NOT_KNOWN),
        world=MODELS,
    ),
    *table(
        "kubernetes:core/v1:ConfigMap",
        _MAP,
        ("no manifest", {"data": {"a": "b"}}),
        ("a manifest of approved adapters", _manifest()),
        ("served by its own name", _manifest(served="faq")),
        ("served by the name of a canary", _manifest(served="faq--v2026-02-01")),
        (
            "served as another adapter",
            _manifest(served="sort"),
            "faq/v2026-02-01 to be served by a name that is 'sort'",
        ),
        ("served as the canary of another", _manifest(served="sort--v2026-02-01"), "to be served by a name that is"),
        ("another version", _manifest(version="v2026-09-09"), "adapter 'faq/v2026-09-09' is not in the catalog"),
        ("a version that is no date", _manifest(version="latest"), "the version is 'latest', which is no v<date>"),
        ("a name that is none", _manifest(name="../faq"), "the name is '../faq', which is no name of an adapter"),
        ("a candidate's version", _manifest(name="sort", version="v2026-03-01"), "is candidate in the catalog"),
        (
            "other sums",
            _manifest(files=[{"path": "adapter_config.json", "sha256": "2" * 64}]),
            "the sums of adapter_conf",
        ),
        (
            "a file more",
            _manifest(files=[{"path": "adapter_config.json", "sha256": _SUM}, {"path": "x.bin", "sha256": _SUM}]),
            "the sums of x.bin are not the catalog's",
        ),
        ("no files", _manifest(files=[]), "the sums of adapter_config.json"),
        ("a base model's manifest", _model()),
        ("a candidate's manifest", _model(version="v2"), "base model 'm/v2' is candidate in the catalog"),
        ("a strange base model", _model(name="gpt"), "base model 'gpt/v1' is not in the catalog"),
        (
            "other weights",
            _model(files=[{"path": "config.json", "sha256": "2" * 64}]),
            "the sums of config.json are not",
        ),
        ("no JSON", {"data": {"manifest.json": "adapters"}}, "is no manifest that can be read"),
        ("manifest not known", {"data": {"manifest.json": UNKNOWN_VALUE}}, _NOT_KNOWN),
        world=MODELS,
    ),
)

_URI = "spec predictor model storageUri"
_HYBRID = (
    *table(
        SERVICE_TYPE,
        SERVICE,
        ("a volume by name and version", _BASE),
        ("a bucket", {_URI: "s3://prod-models/m/v1"}, "model.storageUri: is 's3://prod-models/m/v1'"),
        ("a hub", {_URI: "hf://org/model"}, "is 'hf://org/model'"),
        ("another folder of the volume", {_URI: "pvc://base-m-v1/m/v1"}, "is 'pvc://base-m-v1/m/v1'"),
        ("no version", {_URI: "pvc://base-m-v1/base/m"}, "is 'pvc://base-m-v1/base/m'"),
        ("a version that is none", {_URI: "pvc://base-m-v1/base/m/latest"}, "storageUri: is"),
        ("a path upwards", {_URI: "pvc://base-m-v1/base/../m/v1"}, "storageUri: is"),
        ("no model", {_URI: MISSING}, "spec.predictor.model.storageUri: is missing"),
        (
            "a model that is not in the catalog",
            {_URI: "pvc://base-mine-v1/base/mine/v1"},
            "'mine/v1' is not in the catalog",
        ),
        ("a base model in trial", {_URI: "pvc://base-m-v2/base/m/v2"}, "base model 'm/v2' is candidate in the catalog"),
        ("a storage key", {**_BASE, "spec predictor model storage": {"key": "s3"}}, "model.storage: names a bucket"),
        (
            "more models",
            {**_BASE, "spec predictor storageUris": [{"uri": "s3://x"}]},
            "storageUris[0].uri: is 's3://x'",
        ),
        ("a model of an older field", {**_BASE, "spec predictor pytorch": {"storageUri": "gs://x"}}, "is 'gs://x'"),
        (
            "two at once",
            {_URI: "s3://x", "spec predictor model storage": {"path": "x"}},
            "storageUri",
            "storage: names",
        ),
        ("URI not known", {_URI: UNKNOWN_VALUE}, f"storageUri: is {_NOT_KNOWN}"),
        ("service not known", {"spec": UNKNOWN_VALUE}, f"spec: is {_NOT_KNOWN}"),
        world=MODELS,
    ),
    *table(SERVICE_TYPE, SERVICE, ("a base model in trial in dev", {_URI: "pvc://base-m-v2/base/m/v2"}), world=DEV),
    *table(
        LLM_TYPE,
        LLM,
        ("an LLM service", {"spec model uri": "pvc://base-m-v1/base/m/v1"}),
        ("an LLM service from a hub", {"spec model uri": "hf://org/model"}, "spec.model.uri: is 'hf://org/model'"),
        world=MODELS,
    ),
)


def _phase(phase: int | None) -> Any:
    return dataclasses.replace(MODELS, phase=phase)


def _one(name: str, phase: int | None, kind: str, entry: dict[str, Any], *says: str) -> tuple[Sample, ...]:
    return table(kind, entry, (name, {}, *says), world=_phase(phase))


_SCALER = manifest("keda.sh/v1alpha1", "ScaledObject", {})
_MONITOR = manifest("monitoring.coreos.com/v1", "PodMonitor", {})
_ROUTE = manifest("gateway.networking.k8s.io/v1", "HTTPRoute", {})
_USER = {"user": "reader", "bucket": "prod-lora"}
_PHASES = (
    *_one("a base model in phase 2", 2, SERVICE_TYPE, SERVICE),
    *_one("a base model in phase 1", 1, SERVICE_TYPE, SERVICE, "phase: is of phase 2 (base model), the settings say"),
    *_one("a runtime in phase 1", 1, RUNTIME_TYPE, RUNTIME, "is of phase 2"),
    *_one("an LLM service in phase 1", 1, LLM_TYPE, LLM, "is of phase 2"),
    *_one("an account in phase 1", 1, "kubernetes:core/v1:ServiceAccount", manifest("v1", "ServiceAccount", {})),
    *table(SERVICE_TYPE, SERVICE, ("adapters in phase 3", _args(*_STATIC)), world=_phase(3)),
    *table(
        SERVICE_TYPE,
        SERVICE,
        (
            "adapters in phase 2",
            _args(*_STATIC),
            "model.args: has --enable-lora, --max-loras, --max-lora-rank, --lora-modules, which are of phase 3",
        ),
        world=_phase(2),
    ),
    *table(
        SERVICE_TYPE,
        SERVICE,
        ("adapters in phase 1", _args("--enable-lora"), "phase: is", "args: has"),
        world=_phase(1),
    ),
    *_one("a user in phase 3", 3, "pulumi-python:dynamic/kitchen:MinioUser", _USER),
    *_one(
        "a user in phase 2", 2, "pulumi-python:dynamic/kitchen:MinioUser", _USER, "MinioUser test: phase: is of phase 3"
    ),
    *_one(
        "a load's user in phase 2", 2, "pulumi-python:dynamic/kitchen:MinioUser", {"user": "a", "bucket": "prod-models"}
    ),
    *_one(
        "a load's user in phase 1",
        1,
        "pulumi-python:dynamic/kitchen:MinioUser",
        {"user": "a", "bucket": "models"},
        "is of phase 2",
    ),
    *_one(
        "a user of a bucket that is not known",
        2,
        "pulumi-python:dynamic/kitchen:MinioUser",
        {"user": "a", "bucket": UNKNOWN_VALUE},
        "is of phase 3",
    ),
    *_one("scaling in phase 3", 3, "kubernetes:keda.sh/v1alpha1:ScaledObject", _SCALER, "is of phase 4 (operations)"),
    *_one("scaling in phase 4", 4, "kubernetes:keda.sh/v1alpha1:ScaledObject", _SCALER),
    *_one("a monitor in phase 3", 3, "kubernetes:monitoring.coreos.com/v1:PodMonitor", _MONITOR, "is of phase 4"),
    *_one(
        "the door of the entry in phase 3",
        3,
        "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute",
        {**_ROUTE, "metadata": {**_ROUTE["metadata"], "namespace": "entry-prod"}},
    ),
    *_one("shares in phase 3", 3, "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute", _ROUTE, "is of phase 4"),
    *_one("no phase", None, SERVICE_TYPE, SERVICE, "the settings name no phase (kitchen:phase)"),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {
    "lora-limits": _LIMITS,
    "adapters-few": _FEW,
    "adapters-approved": _APPROVED,
    "hybrid-storage": _HYBRID,
    "phases-not-mixed": _PHASES,
}
