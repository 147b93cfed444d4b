"""Samples of the rules on what a server is and what it runs: its model, its ways out, its code; in many spellings."""

from __future__ import annotations

import dataclasses
from typing import Any

from policies.judging.world import World
from tests.policy.samples.models import MODELS
from tests.policy.support.objects import (
    DEPLOYMENT,
    DEPLOYMENT_TYPE,
    RUNTIME,
    RUNTIME_TYPE,
    SERVICE_TYPE,
    VLLM,
    container,
)
from tests.policy.support.sample import EXAMPLE_DIGEST, UNKNOWN_VALUE, Sample, table
from tests.policy.support.served import ARGS, FIRST, SERVED, SERVER, starts

_OTHER_MODEL = "another value than /mnt/models, where the base model is"
_HYBRID = (
    *table(
        SERVICE_TYPE,
        SERVED,
        ("the mount of the base model", {ARGS: ["--model=/mnt/models", "--seed", "3"]}),
        ("the mount as the first word", {ARGS: ["/mnt/models/"]}),
        *(
            (f"a second model as {words}", {ARGS: words}, says)
            for words, says in (
                (["--model=/mnt/evil"], f"gives --model {_OTHER_MODEL}"),
                (["--model", "/mnt/evil"], f"gives --model {_OTHER_MODEL}"),
                (["--model=/mnt/models", "--model", "attacker/evil"], f"gives --model {_OTHER_MODEL}"),
                (["/mnt/evil"], "names another model than /mnt/models"),
                (["--enforce-eager", "--", "attacker/evil"], "names another model than"),
                (["--model=canary-in-secret"], f"gives --model {_OTHER_MODEL}; rule"),
                (["--spec-model=/mnt/evil"], "gives --spec-model, which"),
                (["--tokenizer=/mnt/evil"], "gives --tokenizer, which"),
                (["--hf-overrides", "{}"], "gives --hf-overrides, which changes the model"),
                (["--load-format=runai_streamer"], "gives --load-format, which"),
                (["--model-loader-extra-config.x=1"], "gives --model-loader-extra-config, which"),
                (["--download-dir=/x"], "gives --download-dir, which"),
                (["--revision=main"], "gives --revision, which"),
            )
        ),
        (
            "KServe's own server",
            {"spec predictor model modelFormat name": "huggingface", ARGS: ["--model_dir=/mnt/models"]},
        ),
        (
            "KServe's own server of a hub",
            {"spec predictor model modelFormat name": "huggingface", ARGS: ["--model_id=attacker/evil"]},
            f"gives --model-id {_OTHER_MODEL}",
        ),
        (
            "a variable of the webhook",
            {
                "spec predictor containers": [
                    {"name": "kserve-container", "env": [{"name": "STORAGE_URI", "value": "s3://x"}]}
                ]
            },
            "containers[0].env: STORAGE_URI: is 's3://x'",
        ),
        world=MODELS,
    ),
    *table(
        SERVICE_TYPE,
        SERVED,
        ("another mount", {ARGS: ["--model=/srv/model"]}),
        world=MODELS,
        config={"modelPath": "/srv/model"},
    ),
    *table(
        RUNTIME_TYPE,
        RUNTIME,
        ("a runtime's model", {"spec containers 0 args": ["--model", "/mnt/models"]}),
        (
            "a runtime's own model",
            {"spec containers 0 args": ["--model", "/mnt/evil"]},
            "containers[0].args: gives --mo",
        ),
        (
            "a runtime's own model in a shell",
            {"spec containers 0 command": ["sh", "-c", "exec vllm serve /mnt/evil"]},
            "containers[0].args: names another model",
        ),
        world=MODELS,
    ),
)

_LACKING = ("HF_HUB_OFFLINE is missing", "TRANSFORMERS_OFFLINE is missing", "VLLM_NO_USAGE_STATS is missing")
_POD = "spec template spec"
_INIT = f"{_POD} initContainers 0"
_OTHER_NAME = {**MODELS.images, "server": {"repository": "ai/inference", "digest": "sha256:" + "3" * 64}}
_RENAMED = {"kitchens": {"support": {"runtime": {"image": "server"}}}}


def _variable(name: str, value: str) -> dict[str, Any]:
    return {f"{FIRST} env 3": {"name": name, "value": value}}


def _world(**settings: Any) -> World:
    return dataclasses.replace(MODELS, images=_OTHER_NAME, settings={**MODELS.settings, **settings})


_OFFLINE = (
    *table(
        DEPLOYMENT_TYPE,
        SERVER,
        ("a server that is offline", {}),
        *(
            (f"the server's image in an init container, {name}", {_INIT: {**container("a", VLLM), **more}}, *_LACKING)
            for name, more in (
                ("as a sidecar", {"restartPolicy": "Always", "command": ["vllm", "serve", "/m"]}),
                ("that sleeps", {"command": ["sleep", "1"]}),
                ("of its own command", {}),
            )
        ),
        ("vLLM in another image's sidecar", {_INIT: {**container("a"), "command": ["vllm", "serve", "/m"]}}, *_LACKING),
        *(
            (f"a proxy, {name}", _variable(name, "http://proxy.example.com:3128"), f"sets {name}: a server that is")
            for name in ("HTTPS_PROXY", "http_proxy", "ALL_PROXY", "Https_Proxy")
        ),
        ("no proxy", _variable("NO_PROXY", "*.svc")),
        ("an empty proxy", _variable("HTTPS_PROXY", "")),
        *(
            (f"an address, {value}", _variable("WHERE", value), f"WHERE names the host {host!r}, which is not of")
            for value, host in (
                ("https://hub.example.com/x", "hub.example.com"),
                ("grpc://203.0.112.7:4317", "203.0.112.7"),
                ("http://me:canary-in-secret@198.50.100.7", "198.50.100.7"),
                ("https://[2606:4700::1]:443", "[2606:4700::1]"),
            )
        ),
        *(
            (f"an address inside, {value}", _variable("WHERE", value))
            for value in (
                *("http://otel.monitoring.svc:4317", "http://store.team.svc.cluster.local", "http://10.1.2.3/x"),
                *(
                    "http://localhost:8000",
                    "http://cache:6379",
                    "/var/run/x",
                    "unix:///run/x.sock",
                    "https://[fd00::1]",
                ),
            )
        ),
        *(
            (f"a way out by {words}", {f"{FIRST} args": words}, f"args: has --{name}")
            for words, name in (
                (["--hf_token", "canary-in-secret"], "hf-token"),
                (["--hf-tok=canary-in-secret"], "hf-token"),
                (["--otlp-traces-endpoint=http://x"], "otlp-traces-endpoint"),
                (["--tool-server=demo"], "tool-server"),
                (["--kv-transfer-config", "{}"], "kv-transfer-config"),
                (["--kv-transfer-config.kv_connector=x"], "kv-transfer-config"),
                (["--allowed-media-domains", "a.example.com", "b.example.com"], "allowed-media-domains"),
                (["--allowed-local-media-path=/"], "allowed-local-media-path"),
                (["--master-addr=203.0.112.7"], "master-addr"),
            )
        ),
        world=MODELS,
    ),
    *table(
        DEPLOYMENT_TYPE,
        DEPLOYMENT,
        (
            "an image of the catalog that no kitchen runs",
            {f"{FIRST} image": "registry.kitchen.example/ai/inference:1"},
        ),
        world=_world(),
    ),
    *table(
        DEPLOYMENT_TYPE,
        DEPLOYMENT,
        (
            "a kitchen's server of another name",
            {f"{FIRST} image": f"registry.kitchen.example/ai/inference@{EXAMPLE_DIGEST}", f"{FIRST} command": ["x"]},
            *_LACKING,
        ),
        ("that server under another name", {f"{FIRST} image": f"other.example.com/x@sha256:{'3' * 64}"}, *_LACKING),
        world=_world(**_RENAMED),
    ),
)

_PLACES = table(
    DEPLOYMENT_TYPE,
    SERVER,
    ("a mount at a stated place", {f"{FIRST} volumeMounts": [{"name": "a", "mountPath": "/var/cache/a"}]}),
    (
        "a mount beside a stated place",
        {f"{FIRST} volumeMounts": [{"name": "a", "mountPath": "/var/caches"}]},
        "mountPath: is '/var/caches', where libraries may find code",
    ),
    world=MODELS,
    config={"serverMounts": [{"name": "/var/cache", "reason": "pictures that callers send"}]},
)
_LORA = table(
    DEPLOYMENT_TYPE,
    SERVER,
    ("the server's own code", {f"{FIRST} args": ["--enforce-eager", "--no-trust-remote-code"]}),
    ("the guard", {f"{FIRST} args": ["--middleware", "payload.guard_updates.UpdateGuard"]}),
    *(
        (f"foreign code by {words}", {f"{FIRST} args": words}, f"args: gives --{name}, which")
        for words, name in (
            (["--middleware", "evil.Middleware"], "middleware"),
            (["--middleware=payload.guard_updates.UpdateGuard", "--middleware=evil.M"], "middleware"),
            (["--middlew=evil.M"], "middleware"),
            (["--tool-parser-plugin=/x.py"], "tool-parser-plugin"),
            (["--reasoning_parser_plugin", "/x.py"], "reasoning-parser-plugin"),
            (["--worker-extension-cls", "evil.Worker"], "worker-extension-cls"),
            (["--worker-cls=evil.Worker"], "worker-cls"),
            (["--trust-remote-code"], "trust-remote-code"),
            (["--trust-rem"], "trust-remote-code"),
            (["--logits-processors", "evil.P", "evil.Q"], "logits-processors"),
            (["--io-processor-plugin=evil"], "io-processor-plugin"),
            (["--scheduler-cls=evil.S"], "scheduler-cls"),
            (["--log-config-file=/x.json"], "log-config-file"),
        )
    ),
    *(
        (f"foreign code by the variable {name}", _variable(name, "/mnt/x"), f"env: sets {name}, which brings code")
        for name in ("LD_PRELOAD", "PYTHONPATH", "PYTHONSTARTUP", "PYTHONUSERBASE", "BASH_ENV")
    ),
    ("no foreign code by a variable", _variable("PYTHONPATH", "")),
    *(
        (
            f"foreign code at {path}",
            {f"{FIRST} volumeMounts": [{"name": "a", "mountPath": path}]},
            f"mountPath: is {path!r}",
        )
        for path in (
            *("/usr/local/lib/python3.12/dist-packages/vllm", "/usr", "/opt/venv/", "/bin", "/", "/etc/ld.so.preload"),
            *("/root/.local/lib/python3.12", "/vllm-workspace", "/home/x/site-packages/y"),
        )
    ),
    *(
        (f"a mount at {path}", {f"{FIRST} volumeMounts": [{"name": "a", "mountPath": path}]})
        for path in ("/mnt/models", "/data/night", "/etc/kitchen/hot", "/etc/ssl/certs/own.crt")
    ),
    *(
        (
            f"a mount where a library may look, {path} with {volume}",
            {f"{FIRST} volumeMounts": [{"name": "a", "mountPath": path}], f"{_POD} volumes": [{"name": "a", **volume}]},
            *says,
        )
        for path, volume, says in (
            *(
                (path, {"configMap": {"name": "a"}}, (f"mountPath: is {path!r}, where libraries may find code",))
                for path in (
                    *("/etc/ssl/openssl.cnf", "/etc/libibverbs.d", "/etc/hosts", "/etc/resolv.conf", "/var/cache"),
                    *("/tmp/torchinductor_root", "/usrdata", "/mnt/../srv/a"),  # noqa: S108 (in a pod)
                    "/etc/ssl/certs/../openssl.cnf",
                )
            ),
            ("/root/.tilelang", {"persistentVolumeClaim": {"claimName": "a"}}, ("is '/root/.tilelang', where lib",)),
            ("/root/.tilelang", {"emptyDir": {}}, ()),
            ("/dev/shm", {"emptyDir": {"medium": "Memory"}}, ()),  # noqa: S108 (in a pod)
            ("/usrdata", {"emptyDir": {}}, ()),
        )
    ),
    (
        "memory that another container shares",
        {
            f"{FIRST} volumeMounts": [{"name": "a", "mountPath": "/dev/shm"}],  # noqa: S108 (in a pod)
            _INIT: {**container("b"), "restartPolicy": "Always", "volumeMounts": [{"name": "a", "mountPath": "/b"}]},
            f"{_POD} volumes": [{"name": "a", "emptyDir": {"medium": "Memory"}}],
        },
        "mountPath: is '/dev/shm', where libraries may find code",
    ),
    *(
        (
            f"started in {path}",
            {f"{FIRST} workingDir": path, f"{FIRST} volumeMounts": [{"name": "a", "mountPath": "/data/code"}]},
            *says,
        )
        for path, says in (
            ("/data/code", ("workingDir: is '/data/code', from where",)),
            ("/data/code/x", ("workingDir: is '/data/code/x', from where",)),
            ("/data", ("workingDir: is '/data', from where",)),
            (UNKNOWN_VALUE, ("workingDir: is not known",)),
            ("/data/codex", ()),
            ("/etc/kitchen/hot", ()),
        )
    ),
    (
        "foreign code in a shell",
        starts(["sh", "-c", "vllm serve /mnt/models --trust_remote_code"]),
        "gives --trust-remote-code, which",
    ),
    (
        "foreign code in a sidecar",
        {_INIT: {**container("a", VLLM), "restartPolicy": "Always", "args": ["--tool-parser-plugin=/x.py"]}},
        "initContainers[0].args: gives --tool-parser-plugin",
    ),
    world=MODELS,
)
SAMPLES: dict[str, tuple[Sample, ...]] = {
    "hybrid-storage": _HYBRID,
    "model-servers-offline": _OFFLINE,
    "runtime-lora-updating": (*_LORA, *_PLACES),
}
