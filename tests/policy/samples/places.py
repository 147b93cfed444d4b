"""Samples of the rule on where base models lie: the claim of each, what lies over it, and who fills it."""

from __future__ import annotations

from typing import Any

from tests.policy.samples.models import MODELS
from tests.policy.support.objects import (
    DEPLOYMENT,
    DEPLOYMENT_TYPE,
    JOB,
    JOB_TYPE,
    RUNTIME,
    RUNTIME_TYPE,
    SERVICE_TYPE,
    container,
    manifest,
)
from tests.policy.support.sample import EXAMPLE_DIGEST, UNKNOWN_VALUE, Sample, changed, table
from tests.policy.support.served import FIRST, SERVED, SERVER

_POD = "spec template spec"
_PLACE = "/mnt/models"
_CLAIM = {"persistentVolumeClaim": {"claimName": "base-m-v1", "readOnly": True}}
_FETCHER = f"registry.kitchen.example/kserve/storage-initializer@{EXAMPLE_DIGEST}"
_WITH_FETCHER = {
    **MODELS.images,
    "storage-initializer": {"repository": "kserve/storage-initializer", "digest": "sha256:" + "5" * 64},
}
_WORLD = MODELS.__class__(**{**vars(MODELS), "images": _WITH_FETCHER})


def _mounted(volume: dict[str, Any] | None, place: str = _PLACE, **mount: Any) -> dict[str, Any]:
    volumes = [] if volume is None else [{"name": "w", **volume}]
    return {
        f"{FIRST} volumeMounts": [{"name": "w", "mountPath": place, **mount}],
        f"{_POD} volumes": volumes,
    }


_NOT_A_CLAIM = "is mounted at /mnt/models and is no claim of a base model"
_MODEL = (
    *table(
        DEPLOYMENT_TYPE,
        SERVER,
        ("the claim of an approved model", _mounted(_CLAIM)),
        ("its part of the claim", _mounted(_CLAIM, subPath="base/m/v1")),
        ("with a slash at its end", _mounted(_CLAIM, "/mnt/models/")),
        ("another volume elsewhere", _mounted({"configMap": {"name": "x"}}, "/etc/x")),
        (
            "another model's part of the claim",
            _mounted(_CLAIM, subPath="base/evil/v1"),
            "is mounted at /mnt/models and is another part of the claim",
        ),
        ("a part that is not known", _mounted(_CLAIM, subPathExpr="$(X)"), "is another part of the claim"),
        *(
            (
                f"a claim of nobody, {name}",
                _mounted({"persistentVolumeClaim": {"claimName": name}}),
                f"{name!r}, which is",
            )
            for name in ("rogue", "base-m-v1x", "base-other-v1")
        ),
        (
            "a model that may not run",
            _mounted({"persistentVolumeClaim": {"claimName": "base-old-v1"}}),
            "holds what may not run: base model 'old/v1' is retired",
        ),
        (
            "a claim that is not known",
            _mounted({"persistentVolumeClaim": {"claimName": UNKNOWN_VALUE}}),
            "is not known",
        ),
        *(
            (f"{name} as the model", _mounted(volume), _NOT_A_CLAIM)
            for name, volume in (
                ("an emptyDir", {"emptyDir": {}}),
                ("a share", {"csi": {"driver": "smb.csi.k8s.io"}}),
                ("a disc that a populator fills", {"ephemeral": {"volumeClaimTemplate": {"spec": {}}}}),
                ("an image", {"image": {"reference": "x"}}),
                ("an export", {"nfs": {"server": "x", "path": "/"}}),
                ("a volume that the pod does not have", None),
            )
        ),
        *(
            (f"a volume over {place}", _mounted(volume, place), "lies over files of the base model at /mnt/models")
            for place, volume in (
                ("/mnt/models/config.json", {"configMap": {"name": "x"}}),
                ("/mnt/models/weights", {"persistentVolumeClaim": {"claimName": "x"}}),
                ("/mnt/models/../models/a", {"emptyDir": {}}),
            )
        ),
        ("a volume above", _mounted({"emptyDir": {}}, "/mnt"), "holds /mnt/models, where the base model is a volume"),
        *(
            (f"called {name}", {**_mounted(_CLAIM), f"{FIRST} args": ["--served-model-name", name]}, *says)
            for name, says in (
                ("old", ("answers under the name 'old', which is another",)),
                ("faq", ("answers under the name 'faq', which is another",)),
                ("OLD", ("answers under the name 'OLD', which is another",)),
                ("old/v1", ("answers under the name 'old/v1', which is another",)),
                ("team/faq--v2026-02-01", ("answers under the name 'team/faq--v2026-02-01', which is another",)),
                ("team/m:latest", ()),
                ("m", ()),
                ("our-assistant", ()),
            )
        ),
        *(
            (
                f"a mark of KServe's own, {name}",
                {f"spec template metadata {field}": {f"internal.serving.kserve.io/{name}": "hf://evil/model"}},
                f"(internal.serving.kserve.io/{name}): is for KServe's own controllers",
            )
            for field, name in (
                ("annotations", "storage-initializer-sourceuri"),
                ("annotations", "modelcar"),
                ("labels", "localmodel"),
            )
        ),
        world=_WORLD,
    ),
    *table(
        DEPLOYMENT_TYPE,
        SERVER,
        ("a claim that is stated", _mounted({"persistentVolumeClaim": {"claimName": "ours"}})),
        ("a part of it", _mounted({"persistentVolumeClaim": {"claimName": "ours"}}, subPath="base/m/v1")),
        (
            "a part of it that may not run",
            _mounted({"persistentVolumeClaim": {"claimName": "ours"}}, subPath="base/old/v1"),
            "base model 'old/v1' is retired",
        ),
        ("another claim", _mounted({"persistentVolumeClaim": {"claimName": "theirs"}}), "is the claim 'theirs'"),
        world=_WORLD,
        config={"modelClaims": [{"name": "ours", "reason": "filled by the platform's own load"}]},
    ),
    *table(
        SERVICE_TYPE,
        SERVED,
        *(
            (
                f"a volume over the model, {place}",
                {
                    "spec predictor model volumeMounts": [{"name": "w", "mountPath": place}],
                    "spec predictor volumes": [{"name": "w", "configMap": {"name": "x"}}],
                },
                "lies over files of the base model",
            )
            for place in ("/mnt/models/config.json", "/mnt/models/tokenizer", "/mnt/models")
        ),
        (
            "a mark of KServe's own",
            {"metadata annotations": {"internal.serving.kserve.io/localmodel-pvc-name": "x"}},
            "metadata (internal.serving.kserve.io/localmodel-pvc-name): is for KServe's own",
            "spec.predictor (internal.serving.kserve.io/localmodel-pvc-name): is for KServe's own",
        ),
        ("another mark of KServe's", {"metadata annotations": {"serving.kserve.io/deploymentMode": "RawDeployment"}}),
        *(
            (
                f"the model on another claim, {claim}",
                {"spec predictor model storageUri": f"pvc://{claim}/base/m/v1"},
                "and the claim of this model is base-m-v1; state another one in modelClaims",
            )
            for claim in ("rogue", "base-m-v2", "base-old-v1")
        ),
        ("another model's name", {"spec predictor model args": ["--served-model-name=old"]}, "under the name 'old'"),
        world=_WORLD,
    ),
    *table(
        SERVICE_TYPE,
        SERVED,
        ("the model on a claim that is stated", {"spec predictor model storageUri": "pvc://ours/base/m/v1"}),
        world=_WORLD,
        config={"modelClaims": [{"name": "ours", "reason": "filled by the platform's own load"}]},
    ),
    *table(
        RUNTIME_TYPE,
        RUNTIME,
        (
            "a volume over every model",
            {"spec containers 0 volumeMounts": [{"name": "scratch", "mountPath": "/mnt/models/x"}]},
            "lies over files of the base model",
        ),
        world=_WORLD,
    ),
)


def _init(image: str = _FETCHER, **more: Any) -> dict[str, Any]:
    return {f"{_POD} initContainers 0": {**container("get", image), **more}}


_FETCH = (
    *table(
        DEPLOYMENT_TYPE,
        DEPLOYMENT,
        *(
            (f"KServe's initializer with {args}", _init(args=args), *says)
            for args, says in (
                (["hf://evil/model", "/mnt/models"], ("args: is 'hf://evil/model'",)),
                (["s3://evil/model", "/x"], ("args: is 's3://evil/model'",)),
                (["pvc://base-m-v1/base/m/v1", "/a", "https://x", "/b"], ("args: is 'https://x'",)),
                (["/evil", "/mnt/models"], ("args: is '/evil'",)),
                ([UNKNOWN_VALUE, "/mnt/models"], ("is not known",)),
                (["pvc://base-m-v1/base/m/v1", "/mnt/models"], ()),
                (["pvc://base-m-v1/base/old/v1", "/mnt/models"], ("'old/v1' is retired",)),
                (["--help"], ()),
            )
        ),
        (
            "KServe's initializer by its program",
            _init(command=["/storage-initializer/scripts/initializer-entrypoint", "hf://evil/x", "/y"]),
            "args: is 'hf://evil/x'",
        ),
        (
            "KServe's initializer under another name",
            _init(f"registry.kitchen.example/x@sha256:{'5' * 64}", args=["hf://evil/x", "/y"]),
            "args: is 'hf://evil/x'",
        ),
        ("another image", _init(container()["image"], args=["hf://evil/x", "/y"])),
        world=_WORLD,
    ),
    *table(
        JOB_TYPE,
        JOB,
        *(
            (
                f"a job with a base model's claim, {name}",
                {
                    f"{_POD} containers 0 command": command,
                    f"{_POD} containers 0 volumeMounts": [{"name": "w", "mountPath": "/models", **mount}],
                    f"{_POD} volumes": [{"name": "w", "persistentVolumeClaim": {"claimName": "base-m-v1"}}],
                },
                *says,
            )
            for name, command, mount, says in (
                ("the load", ["python3", "-m", "payload.load_base_model", "--models", "/models"], {}, ()),
                (
                    "the load that tells how far it is",
                    ["python3", "-m", "payload.load_base_model", "--models", "/models", "--port=8081"],
                    {},
                    (),
                ),
                ("a reader", ["ls"], {"readOnly": True}, ()),
                ("a writer", ["cp", "-r", "/x", "/models"], {}, ("may write the base model on the claim 'base-m-v1'",)),
                (
                    "the fetch of adapters",
                    ["python3", "-m", "payload.fetch_adapters"],
                    {},
                    ("and the container starts something else: say readOnly: true",),
                ),
                (
                    "an option that is no load's",
                    ["python3", "-m", "payload.load_base_model", "--from-url=x"],
                    {},
                    ("gets an option that is not understood",),
                ),
            )
        ),
        world=_WORLD,
    ),
    *table(
        "kubernetes:serving.kserve.io/v1alpha1:ClusterStorageContainer",
        manifest(
            "serving.kserve.io/v1alpha1",
            "ClusterStorageContainer",
            {"container": container("storage-initializer", _FETCHER)},
        ),
        ("KServe's own start", {}),
        ("another image than KServe's", {"spec container image": container()["image"]}, "which is not the catalog's"),
        ("an image that is not known", {"spec container image": UNKNOWN_VALUE}, "container.image: is not known"),
        *(
            (
                f"another start, by {field}",
                {f"spec container {field}": value},
                f"container.{field}: is given: KServe's own",
            )
            for field, value in (
                ("command", ["sh", "-c", "x"]),
                ("args", ["hf://evil/x", "/mnt/models"]),
                ("lifecycle", {"postStart": {"exec": {"command": ["x"]}}}),
            )
        ),
        (
            "code by a variable",
            {"spec container env": [{"name": "PYTHONPATH", "value": "/x"}]},
            "env: sets PYTHONPATH, which brings code into the initializer",
        ),
        world=_WORLD,
    ),
)


def _claim(name: str, **spec: Any) -> dict[str, Any]:
    found = manifest("v1", "PersistentVolumeClaim", {"accessModes": ["ReadWriteMany"], **spec})
    return changed(found, {"metadata name": name})


_VOLUMES = (
    *(
        Sample(
            name=f"a claim of a base model with {spec}",
            resource_type="kubernetes:core/v1:PersistentVolumeClaim",
            inputs=_claim("base-m-v1", **spec),
            says=tuple(f"spec.{field}: fills the claim of a base model from elsewhere" for field in spec),
            world=_WORLD,
        )
        for spec in (
            {},
            {"volumeName": "rogue"},
            {"dataSource": {"kind": "PersistentVolumeClaim", "name": "rogue"}},
            {"dataSourceRef": {"apiGroup": "x.example.com", "kind": "Model", "name": "rogue"}},
            {"selector": {"matchLabels": {"a": "b"}}},
        )
    ),
    *(
        Sample(
            name=f"{name} that is filled by somebody",
            resource_type="kubernetes:core/v1:PersistentVolumeClaim",
            inputs=_claim(claim, volumeName="rogue"),
            world=_WORLD,
            config=config,
        )
        for name, claim, config in (
            ("a claim of something else", "data", {}),
            ("a stated claim", "base-m-v1", {"modelVolumes": ["PersistentVolumeClaim team/base-*"]}),
        )
    ),
    *table(
        "kubernetes:core/v1:PersistentVolume",
        manifest("v1", "PersistentVolume", {"nfs": {"server": "x.example.com", "path": "/"}}),
        (
            "a volume that lies ready for a base model",
            {"spec claimRef": {"namespace": "team", "name": "base-m-v1"}},
            "spec.claimRef: gives the claim of a base model a volume that lies ready",
        ),
        (
            "a volume for something else",
            {"spec claimRef": {"namespace": "team", "name": "data"}},
            "spec: lies ready for a claim",
        ),
        ("a volume for whoever asks", {}, "spec: lies ready for a claim"),
        world=_WORLD,
    ),
    *table(
        "kubernetes:core/v1:PersistentVolume",
        manifest("v1", "PersistentVolume", {"nfs": {"server": "x.example.com", "path": "/"}}),
        ("a stated volume", {}),
        (
            "a stated volume for a base model",
            {"spec claimRef": {"name": "base-m-v1"}},
            "spec.claimRef: gives the claim",
        ),
        world=_WORLD,
        config={"persistentVolumes": [{"name": "sample", "reason": "the archive of the tickets, read-only"}]},
    ),
)
SAMPLES: dict[str, tuple[Sample, ...]] = {"hybrid-storage": (*_MODEL, *_FETCH, *_VOLUMES)}
