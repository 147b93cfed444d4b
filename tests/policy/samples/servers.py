"""Samples of the rules on model servers: offline, adapters at run time, tokens."""

from __future__ import annotations

import dataclasses
from typing import Any

from tests.policy.samples.models import MODELS
from tests.policy.support.objects import (
    DEPLOYMENT,
    DEPLOYMENT_TYPE,
    JOB,
    JOB_TYPE,
    LLM,
    LLM_TYPE,
    OFFLINE,
    POD,
    POD_TYPE,
    RUNTIME,
    RUNTIME_TYPE,
    SERVICE,
    SERVICE_TYPE,
    VLLM,
    container,
)
from tests.policy.support.sample import MISSING, PINNED, UNKNOWN_VALUE, WORLD, table

_NOT_KNOWN = "not known before the update"
_ENV = "spec containers 0 env"
_MODEL = "spec predictor model"
_FIRST = "spec template spec containers 0"
_LACKING = ("HF_HUB_OFFLINE is missing", "TRANSFORMERS_OFFLINE is missing", "VLLM_NO_USAGE_STATS is missing")


def _env(name: str, value: str = "1") -> dict[str, Any]:
    return {"name": name, "value": value}


_SECRET = {"valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}

OFFLINE_RULE = (
    *table(
        RUNTIME_TYPE,
        RUNTIME,
        ("a runtime", {}),
        ("nothing said", {_ENV: MISSING}, *_LACKING),
        ("one missing", {_ENV: OFFLINE[1:]}, "spec.containers[0].env: HF_HUB_OFFLINE is missing"),
        ("switched off", {f"{_ENV} 1 value": "0"}, "TRANSFORMERS_OFFLINE is '0'"),
        ("switched off at the end", {f"{_ENV} 3": _env("HF_HUB_OFFLINE", "0")}, "HF_HUB_OFFLINE is '0'"),
        ("out of a secret", {f"{_ENV} 0": {"name": "HF_HUB_OFFLINE", **_SECRET}}, f"HF_HUB_OFFLINE is {_NOT_KNOWN}"),
        ("a token", {f"{_ENV} 3": {"name": "HF_TOKEN", **_SECRET}}, "sets HF_TOKEN"),
        ("another endpoint", {f"{_ENV} 3": _env("HF_ENDPOINT", "https://hub.example.com")}, "sets HF_ENDPOINT"),
        ("a hub's address", {"spec containers 0 args 1": "--model=hf://org/model"}, "args: has hf://"),
        (
            "a token as an option",
            {"spec containers 0 args 1": "--hf-token=canary-in-secret"},
            "args: has --hf-token; rule",
        ),
        (
            "a whole secret",
            {"spec containers 0 envFrom": [{"secretRef": {"name": "s"}}]},
            "envFrom[0]: brings variables",
        ),
        ("variables not known", {_ENV: UNKNOWN_VALUE}, *_LACKING, f"env: is {_NOT_KNOWN}"),
        ("a variable not known", {f"{_ENV} 3": UNKNOWN_VALUE}, f"env[3]: is {_NOT_KNOWN}"),
        ("a name not known", {f"{_ENV} 3": {"name": UNKNOWN_VALUE, "value": "1"}}, f"env[3]: is {_NOT_KNOWN}"),
        ("a value not known", {f"{_ENV} 0 value": UNKNOWN_VALUE}, f"HF_HUB_OFFLINE is {_NOT_KNOWN}"),
        ("containers not known", {"spec containers": UNKNOWN_VALUE}, f"spec.containers: is {_NOT_KNOWN}"),
    ),
    *table(
        SERVICE_TYPE,
        SERVICE,
        ("a service leaves them to its runtime", {}),
        ("a service switches off", {f"{_MODEL} env": [_env("HF_HUB_OFFLINE", "false")]}, "HF_HUB_OFFLINE is 'false'"),
        ("KServe chooses the runtime", {f"{_MODEL} runtime": MISSING}, *_LACKING),
        ("a model out of a hub", {f"{_MODEL} storageUri": "hf://org/model"}, "storageUri: is 'hf://org/model'"),
        ("in capitals", {f"{_MODEL} storageUri": "HF://org/model"}, "storageUri: is 'HF://org/model'"),
        (
            "one of many",
            {"spec predictor storageUris": [{"uri": "pvc://x"}, {"uri": "hf://org/lora"}]},
            "spec.predictor.storageUris[1].uri: is 'hf://org/lora'",
        ),
        ("address not known", {f"{_MODEL} storageUri": UNKNOWN_VALUE}, f"storageUri: is {_NOT_KNOWN}"),
        (
            "the fetch's token",
            {"spec predictor initContainers 0 env": [_env("HF_TOKEN")]},
            "initContainers[0].env: sets",
        ),
    ),
    *table(
        LLM_TYPE,
        LLM,
        ("an LLM", {}),
        ("an LLM's adapter", {"spec model lora": {"adapters": [{"uri": "hf://org/a"}]}}, "adapters[0].uri: is 'hf://"),
        ("an LLM without", {"spec template containers 0 env": MISSING}, *_LACKING),
    ),
    *table(
        DEPLOYMENT_TYPE,
        DEPLOYMENT,
        ("another server", {}),
        ("by its command", {f"{_FIRST} command": ["vllm", "serve", "/m"]}, *_LACKING),
        ("by its module", {f"{_FIRST} command": ["python3", "-m", "vllm.entrypoints.openai.api_server"]}, *_LACKING),
        ("in a shell", {f"{_FIRST} command": ["sh", "-c"], f"{_FIRST} args": ["exec vllm serve /m"]}, *_LACKING),
        ("by its image", {f"{_FIRST} image": VLLM}, *_LACKING),
        ("another program of it", {f"{_FIRST} image": VLLM, f"{_FIRST} command": ["python3", "tool.py"]}, *_LACKING),
        ("one that talks to it", {f"{_FIRST} args": ["--target=http://vllm:8080"]}),
        ("command not known", {f"{_FIRST} image": VLLM, f"{_FIRST} command": UNKNOWN_VALUE}, *_LACKING, _NOT_KNOWN),
    ),
)

_OPEN = "VLLM_ALLOW_RUNTIME_LORA_UPDATING"
_GUARD = "--middleware=payload.guard_updates.UpdateGuard"
_HOT_MODEL = {f"{_MODEL} env": [_env(_OPEN)], f"{_MODEL} args": ["--enable-lora", _GUARD]}
_SIDECAR = {
    **{"name": "reconcile-adapters", "image": PINNED, "command": ["python3", "-m", "payload.reconcile_adapters"]},
    "volumeMounts": [{"name": "token", "mountPath": "/run/kitchen"}],
}
_KEPT_TOKEN = {
    "spec predictor model volumeMounts": [{"name": "token", "mountPath": "/run/kitchen", "readOnly": True}],
    "spec predictor volumes": [{"name": "token", "emptyDir": {}}],
}
_UNGUARDED = f"without {_GUARD} in its args"
_ALONE = "without the sidecar reconcile-adapters in its pod"

LORA = (
    *table(
        RUNTIME_TYPE,
        RUNTIME,
        ("a runtime", {}),
        ("open", {f"{_ENV} 3": _env(_OPEN)}, f"{_OPEN} is '1', {_UNGUARDED}"),
        *(
            (f"open, spelt {text!r}", {f"{_ENV} 3": _env(_OPEN, text)}, _UNGUARDED)
            for text in ("true", "True", "TRUE", " 1 ", "yes", "on", "2")
        ),
        *((f"closed, spelt {text!r}", {f"{_ENV} 3": _env(_OPEN, text)}) for text in ("0", "false", "False", "")),
        ("guarded", {f"{_ENV} 3": _env(_OPEN), "spec containers 0 args 1": _GUARD}),
        (
            "guarded in two words",
            {f"{_ENV} 3": _env(_OPEN), "spec containers 0 args": ["--middleware", "payload.guard_updates.UpdateGuard"]},
        ),
        (
            "another guard",
            {f"{_ENV} 3": _env(_OPEN), "spec containers 0 args 1": "--middleware=mine.Guard"},
            "gives --middleware, which loads code",
            _UNGUARDED,
        ),
        (
            "the guard of a longer name",
            {f"{_ENV} 3": _env(_OPEN), "spec containers 0 args 1": "--middleware=payload.guard_updates.UpdateGuard.x"},
            "gives --middleware, which loads code",
            _UNGUARDED,
        ),
        (
            "the guard as another option",
            {f"{_ENV} 3": _env(_OPEN), "spec containers 0 args 1": "payload.guard_updates.G"},
            _UNGUARDED,
        ),
        (
            "args not known",
            {f"{_ENV} 3": _env(_OPEN), "spec containers 0 args": UNKNOWN_VALUE},
            _UNGUARDED,
            f"args: is {_NOT_KNOWN}",
        ),
        ("out of a secret", {f"{_ENV} 3": {"name": _OPEN, **_SECRET}}, f"{_OPEN} is {_NOT_KNOWN}"),
        ("value not known", {f"{_ENV} 3": _env(_OPEN, UNKNOWN_VALUE)}, f"{_OPEN} is {_NOT_KNOWN}"),
        ("variable not known", {f"{_ENV} 3": UNKNOWN_VALUE}, f"env[3]: is {_NOT_KNOWN}"),
        (
            "resolver",
            {f"{_ENV} 3": _env("VLLM_LORA_RESOLVER_CACHE_DIR", "/mnt/adapters")},
            "VLLM_LORA_RESOLVER_CACHE_DIR is '/mnt/adapters'",
        ),
        *(
            (f"plugins {value!r}", {f"{_ENV} 3": _env("VLLM_PLUGINS", value)}, "sets VLLM_PLUGINS, which brings code")
            for value in ("lora_filesystem_resolver", "my_model", UNKNOWN_VALUE)
        ),
        ("no plugins", {f"{_ENV} 3": _env("VLLM_PLUGINS", "")}),
        (
            "in a shell",
            {"spec containers 0 args 1": f"KEY=canary-in-secret {_OPEN}=1 vllm serve"},
            f"args: sets {_OPEN} in a command, ",
        ),
    ),
    *table(
        SERVICE_TYPE,
        SERVICE,
        ("a service", {}),
        ("open and alone", {f"{_MODEL} env": [_env(_OPEN)]}, f"{_UNGUARDED} and {_ALONE}"),
        ("guarded and alone", _HOT_MODEL, f"spec.predictor.model.env: {_OPEN} is '1', {_ALONE}"),
        ("hot", {**_HOT_MODEL, "spec predictor containers": [_SIDECAR]}),
        *(
            (f"a sidecar with {more}", {**_HOT_MODEL, "spec predictor containers": [{**_SIDECAR, **more}]}, _ALONE)
            for more in (
                {"command": ["sleep", "1"]},
                {"image": "x"},
                {"env": [{"name": "PYTHONPATH", "value": "/x"}]},
                {"lifecycle": {"postStart": {"exec": {"command": ["python3", "/x.py"]}}}},
            )
        ),
        ("the token of the sidecar", {**_HOT_MODEL, **_KEPT_TOKEN, "spec predictor containers": [_SIDECAR]}),
        (
            "another reader of the token",
            {
                **{**_HOT_MODEL, **_KEPT_TOKEN, "spec predictor containers": [_SIDECAR]},
                "spec predictor initContainers 1": {
                    **container("reader"),
                    "volumeMounts": [{"name": "token", "mountPath": "/x", "readOnly": True}],
                },
            },
            "initContainers[1].volumeMounts[0]: reads the token by which the sidecar loads adapters",
        ),
        (
            "hot with a native sidecar",
            {
                **_HOT_MODEL,
                "spec predictor initContainers 1": {
                    **_SIDECAR,
                    "restartPolicy": "Always",
                },
            },
        ),
        ("an init container is no sidecar", {**_HOT_MODEL, "spec predictor initContainers 1": _SIDECAR}, _ALONE),
        (
            "hot without guard",
            {**_HOT_MODEL, f"{_MODEL} args": ["--enable-lora"], "spec predictor containers": [_SIDECAR]},
            _UNGUARDED,
        ),
        (
            "opened by the sidecar",
            {"spec predictor containers": [{**_SIDECAR, "env": [_env(_OPEN)]}]},
            "spec.predictor.containers[0].env",
        ),
        # The sidecar's image is of the samples' catalog.
        world=MODELS,
    ),
    *table(
        DEPLOYMENT_TYPE,
        DEPLOYMENT,
        ("any server", {f"{_FIRST} env": [_env(_OPEN, "true")]}, f"{_UNGUARDED} and {_ALONE}"),
        ("template not known", {"spec template": UNKNOWN_VALUE}, f"spec.template: is {_NOT_KNOWN}"),
    ),
)

_TOKEN = "spec automountServiceAccountToken"
_PROJECTED = {
    "name": "t",
    "projected": {"sources": [{"configMap": {"name": "x"}}, {"serviceAccountToken": {"path": "t"}}]},
}
_SIGNED = {"name": "c", "projected": {"sources": [{"podCertificate": {"signerName": "a.example.com/b"}}]}}
_NOVEL = {"name": "n", "projected": {"sources": [{"novelty": {}}]}}
_BUNDLE = {"name": "b", "projected": {"sources": [{"clusterTrustBundle": {"name": "b"}}, {"downwardAPI": {}}]}}
_NOTES = "metadata annotations"
_MOUNTS, _PLACE = "spec containers 0 volumeMounts", "/run/secrets/kubernetes.io/serviceaccount"

TOKENS = (
    # In an update the provider drops fields that it does not know; a file of `kitchen policy check` has them.
    *table(
        POD_TYPE,
        POD,
        ("by a certificate", {"spec volumes": [_SIGNED]}, "sources[0].podCertificate: gives the pod an identity"),
        ("by what nobody knows yet", {"spec volumes": [_NOVEL]}, "sources[0].novelty: gives the pod an identity"),
        world=dataclasses.replace(WORLD),
    ),
    *table(
        POD_TYPE,
        POD,
        ("a pod", {}),
        ("nothing said", {_TOKEN: MISSING}, "spec.automountServiceAccountToken: is missing"),
        ("wanted", {_TOKEN: True}, "spec.automountServiceAccountToken: is True"),
        ("as text", {_TOKEN: "false"}, "is 'false'"),
        ("by a volume", {"spec volumes": [_PROJECTED]}, "volumes[0].projected.sources[1]: is a token"),
        ("a bundle of CAs", {"spec volumes": [_BUNDLE]}),
        ("a role", {_NOTES: {"iam.amazonaws.com/role": "a"}}, "annotation iam.amazonaws.com/role): is 'a': gives"),
        (
            "an identity",
            {"metadata labels": {"aadpodidbinding": "a"}},
            "(label aadpodidbinding): is 'a': gives the pod",
        ),
        ("a note", {_NOTES: {"example.com/role": "a"}}),
        ("by a Secret in its place", {_MOUNTS: [{"mountPath": f"/var{_PLACE}"}]}, "mountPath: is '/var/run/secrets"),
        (
            "by a Secret in its place, spelt oddly",
            {_MOUNTS: [{"mountPath": f"/var/.{_PLACE}/"}]},
            "mountPath: is '/var",
        ),
        ("by a Secret beside its place", {_MOUNTS: [{"mountPath": "/run/secrets/own"}]}),
        ("not known", {_TOKEN: UNKNOWN_VALUE}, f"is {_NOT_KNOWN}"),
        ("spec not known", {"spec": UNKNOWN_VALUE}, f"spec: is {_NOT_KNOWN}"),
        ("volumes not known", {"spec volumes": UNKNOWN_VALUE}, f"sources: is {_NOT_KNOWN}"),
    ),
    *table(
        POD_TYPE,
        POD,
        ("named as needing one", {_TOKEN: True}),
        config={"needToken": ["Pod team/sample"]},
    ),
    *table(
        POD_TYPE,
        POD,
        ("another is named", {_TOKEN: True}, "is True"),
        config={"needToken": ["Pod other/sample", "Deployment team/*", 7]},
    ),
    *table(
        JOB_TYPE, JOB, ("a load", {"spec template spec automountServiceAccountToken": MISSING}, "spec.template.spec")
    ),
    *table(
        SERVICE_TYPE, SERVICE, ("a service", {"spec predictor automountServiceAccountToken": MISSING}, "spec.predictor")
    ),
    *table(RUNTIME_TYPE, RUNTIME, ("a runtime has no such field", {})),
    *table(LLM_TYPE, LLM, ("an LLM", {"spec template automountServiceAccountToken": True}, "is True")),
)

SAMPLES = {"model-servers-offline": OFFLINE_RULE, "runtime-lora-updating": LORA, "service-account-tokens": TOKENS}
