"""Samples of the rule on signatures: whose signature the lists of what is loaded ask for, and what is unsigned."""

from __future__ import annotations

import dataclasses
import datetime
import json
from typing import Any

from policies.judging.exemptions import Exemption
from policies.judging.world import World
from tests.policy.samples.models import MODELS
from tests.policy.support.objects import DEPLOYMENT, DEPLOYMENT_TYPE, LLM, LLM_TYPE, SERVICE, SERVICE_TYPE
from tests.policy.support.sample import UNKNOWN_VALUE, Sample, changed, table

_MAP_TYPE = "kubernetes:core/v1:ConfigMap"
_BOARD = {"name": "model-board", "publicKey": "PEM"}
_VENDOR = {"name": "vendor", "authority": "PEM", "subject": "CN=vendor"}
_FILES = {"config.json": {"sha256": "1" * 64}}
_URI = "spec predictor model storageUri"
_EXPECTED = "asks for no signature; expected one by model-board"


def _world(*signers: Any, **more: Any) -> World:
    models = {
        "signed/v1": {"state": "approved", "files": {**_FILES, "model.sig": {"sha256": "2" * 64}}},
        "m/v1": {"state": "approved", "files": _FILES},
    }
    settings = {**MODELS.settings, "signers": list(signers)}
    return dataclasses.replace(MODELS, settings=settings, base_models=models, **more)


def _exemption(name: str = "m/v1", expires: datetime.date = MODELS.today) -> Exemption:
    said = {"rule": "models-signed", "reason": "old", "approver": "model-board"}
    return Exemption(**said, object=f"BaseModel {name}", expires=expires)


_SIGNED = _world(_BOARD)
_BOTH = _world(_BOARD, {**_VENDOR, "signs": ["baseModels"]}, {**_BOARD, "name": "team", "signs": ["adapters"]})
_LATE = datetime.timedelta(days=1)


def _list(**content: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "list", "namespace": "helpdesk-dev"},
        "data": {"manifest.json": json.dumps(content)},
    }


def _model(ref: str = "signed/v1", **more: Any) -> dict[str, Any]:
    name, version = ref.split("/")
    return _list(name=name, version=version, files=[], **more)


def _sample(name: str, inputs: dict[str, Any], *says: str, world: World = _SIGNED) -> Sample:
    return Sample(name=name, resource_type=_MAP_TYPE, inputs=inputs, says=says, world=world)


_LISTS = (
    _sample("a base model with its signers", _model(signers=[_BOARD])),
    _sample("a base model without signers", _model(), _EXPECTED),
    _sample("a base model with another key", _model(signers=[{**_BOARD, "publicKey": "x"}]), "others than model-board"),
    _sample("a base model with one signer more", _model(signers=[_BOARD, _VENDOR]), "asks for signatures of others"),
    _sample("a base model with an empty list", _model(signers=[]), "asks for signatures of others"),
    _sample("an unsigned base model", _model("m/v1", signers=[_BOARD]), "'m/v1', which has no model.sig"),
    _sample("a base model that is not in the catalog", _model("x/v1", signers=[_BOARD]), "'x/v1', which has no"),
    _sample("a list that is not known", changed(_model(), {"data": UNKNOWN_VALUE}), "cannot be seen"),
    _sample("a list that is no JSON", changed(_model(), {"data manifest.json": "{"}), "cannot be seen"),
    _sample("another ConfigMap", changed(_model(), {"data": {"x": "y"}})),
    _sample("the signers of base models alone", _model(signers=[_BOARD, _VENDOR]), world=_BOTH),
    _sample("the signers of adapters for a base model", _model(signers=[_BOARD]), "others than", world=_BOTH),
    _sample("adapters with their signers", _list(adapters=[], signers=[_BOARD]), world=_SIGNED),
    _sample("adapters without signers", _list(adapters=[]), _EXPECTED),
    _sample(
        "adapters with a signer of base models", _list(adapters=[], signers=[_BOARD, _VENDOR]), "others", world=_BOTH
    ),
    _sample("an environment without signers", _model("m/v1"), world=_world()),
    _sample("signers that cannot be read", _model(), "asks for no signature", world=_world("x")),
    _sample(
        "base models where signers sign adapters alone",
        _model("m/v1"),
        world=_world({**_BOARD, "signs": ["adapters"]}),
    ),
    _sample("an unsigned one by an exemption", _model("m/v1"), world=_world(_BOARD, exemptions=(_exemption(),))),
    _sample(
        "an unsigned one by an exemption that has ended",
        _model("m/v1"),
        f"which has no model.sig in the catalog, and its exemption has ended on {MODELS.today - _LATE}",
        world=_world(_BOARD, exemptions=(_exemption(expires=MODELS.today - _LATE),)),
    ),
    _sample(
        "an unsigned one by an exemption of another version",
        _model("m/v1"),
        "which has no model.sig",
        world=_world(_BOARD, exemptions=(_exemption("m/v*"), _exemption("m/v2"))),
    ),
    _sample(
        "a signed one without signers, by an exemption",
        _model(),
        _EXPECTED,
        world=_world(_BOARD, exemptions=(_exemption("signed/v1"),)),
    ),
)
_SERVICES = (
    *table(
        SERVICE_TYPE,
        SERVICE,
        ("a service of a signed base model", {_URI: "pvc://x/base/signed/v1"}),
        ("a service of an unsigned base model", {_URI: "pvc://x/base/m/v1"}, "spec: the base model 'm/v1', which has"),
        ("a service whose base model is not known", {_URI: UNKNOWN_VALUE}, "so whether it is signed cannot be seen"),
        world=_SIGNED,
    ),
    *table(
        LLM_TYPE,
        LLM,
        ("an LLM service of an unsigned base model", {"spec model uri": "pvc://x/base/m/v1"}, "'m/v1', which has no"),
        world=_SIGNED,
    ),
    *table(
        SERVICE_TYPE,
        SERVICE,
        ("a service by an exemption", {_URI: "pvc://x/base/m/v1"}),
        world=_world(_BOARD, exemptions=(_exemption(),)),
    ),
)

_MODEL_VOLUMES = [{"name": "model", "persistentVolumeClaim": {"claimName": "base-m-v1", "readOnly": True}}]
_SIGNED_VOLUMES = [{"name": "model", "persistentVolumeClaim": {"claimName": "base-signed-v1", "readOnly": True}}]
_UNSIGNED = "spec.template.spec.volumes[0]: the base model 'm/v1', which has no model.sig"
_LORA = {
    "spec model uri": "pvc://x/base/signed/v1",
    "spec model lora adapters": [{"name": "faq", "uri": "pvc://x/lora/faq/v1"}],
}
_PODS = (
    *table(
        DEPLOYMENT_TYPE,
        DEPLOYMENT,
        ("a pod with the claim of a signed base model", {"spec template spec volumes": _SIGNED_VOLUMES}),
        ("a pod with the claim of an unsigned base model", {"spec template spec volumes": _MODEL_VOLUMES}, _UNSIGNED),
        world=_SIGNED,
    ),
    *table(
        DEPLOYMENT_TYPE,
        DEPLOYMENT,
        ("a pod with an unsigned base model by an exemption", {"spec template spec volumes": _MODEL_VOLUMES}),
        world=_world(_BOARD, exemptions=(_exemption(),)),
    ),
    *table(
        DEPLOYMENT_TYPE,
        DEPLOYMENT,
        ("a pod where nobody signs base models", {"spec template spec volumes": _MODEL_VOLUMES}),
        world=_world({**_BOARD, "signs": ["adapters"]}),
    ),
    *table(
        LLM_TYPE,
        LLM,
        ("an adapter out of a volume", _LORA, "adapters[0].uri: is a place at which nobody"),
        world=_SIGNED,
    ),
    *table(
        LLM_TYPE,
        LLM,
        ("an adapter out of a volume where nobody signs adapters", _LORA),
        world=_world({**_BOARD, "signs": ["baseModels"]}),
    ),
)

SAMPLES = {"models-signed": (*_LISTS, *_SERVICES, *_PODS)}
