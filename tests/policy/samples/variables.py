"""Samples of the closed list of variables of servers, wherever they are set."""

from __future__ import annotations

from typing import Any

from tests.policy.samples.models import MODELS
from tests.policy.support.objects import DEPLOYMENT_TYPE, RUNTIME, RUNTIME_TYPE, container
from tests.policy.support.sample import UNKNOWN_VALUE, Sample, table
from tests.policy.support.served import FIRST, SERVER, starts

_SERVE = "exec vllm serve /mnt/models"
_POD = "spec template spec"


def _variable(name: str, value: str) -> dict[str, Any]:
    return {f"{FIRST} env 3": {"name": name, "value": value}}


def _from(name: str, **source: Any) -> dict[str, Any]:
    return {f"{FIRST} env 3": {"name": name, "valueFrom": source}}


def _on_volume(name: str, value: str, volume: dict[str, Any]) -> dict[str, Any]:
    return {
        **_variable(name, value),
        f"{FIRST} volumeMounts": [{"name": "x", "mountPath": "/data/c"}],
        f"{_POD} volumes": [{"name": "x", **volume}],
    }


_CLOSED = (
    *("VLLM_PLUGINS", "VLLM_NCCL_SO_PATH", "VLLM_CUDART_SO_PATH", "VLLM_LOGGING_CONFIG_PATH", "LD_LIBRARY_PATH"),
    *("CUDA_INJECTION64_PATH", "NCCL_NET_PLUGIN", "NCCL_TUNER_PLUGIN", "TRITON_PTXAS_PATH", "PYTHONPYCACHEPREFIX"),
    *("CC", "HF_MODULES_CACHE", "VLLM_RUST_FRONTEND_PATH", "OMP_TOOL_LIBRARIES", "PATH"),
)
_STRANGE = ("FOO", "VLLM_NEW_THING", "PYTHONNEW", "NCCL_UNHEARD_OF", "LD_DEBUG_OUTPUT", "GLIBC_TUNABLES")
_PLACES = ("HF_HOME", "VLLM_CACHE_ROOT", "TRITON_CACHE_DIR", "TORCHINDUCTOR_CACHE_DIR", "XDG_CACHE_HOME", "HOME")
_HARMLESS = (
    *(("VLLM_LOGGING_LEVEL", "INFO"), ("VLLM_WORKER_MULTIPROC_METHOD", "spawn"), ("NCCL_DEBUG", "WARN")),
    *(("NCCL_IB_HCA", "mlx5_0"), ("OMP_NUM_THREADS", "4"), ("CUDA_VISIBLE_DEVICES", "0,1"), ("TZ", "Asia/Tokyo")),
    *(("PYTHONUNBUFFERED", "1"), ("TOKENIZERS_PARALLELISM", "false"), ("VLLM_USE_V1", "1"), ("LANG", "C.UTF-8")),
    *(("PYTORCH_CUDA_ALLOC_CONF", "expandable_segments:True"), ("DO_NOT_TRACK", "1"), ("VLLM_SERVER_DEV_MODE", "0")),
    *(("PATH", "/usr/local/cuda/bin:/usr/local/bin:/usr/bin:/bin"), ("LD_LIBRARY_PATH", "/usr/local/nvidia/lib64:")),
    *(
        ("HOME", "/home/vllm"),
        ("HF_HOME", "/root/.cache/huggingface"),
        ("VLLM_HOST_IP", "10.1.2.3"),
        ("PYTHONPATH", ""),
    ),
    *(("OTEL_SERVICE_NAME", "vllm"), ("LD_PRELOAD", "/usr/lib/x86_64-linux-gnu/libtcmalloc_minimal.so.4")),
)
_VARIABLES = (
    *table(
        DEPLOYMENT_TYPE,
        SERVER,
        *((f"closed: {name}", _variable(name, "/srv/x"), f"env: sets {name}, which brings code") for name in _CLOSED),
        *(
            (f"not in the list: {name}", _variable(name, "1"), f"sets {name}, which is no variable")
            for name in _STRANGE
        ),
        *((f"harmless: {name}={value}", _variable(name, value)) for name, value in _HARMLESS),
        *(
            (f"{name} elsewhere", _variable(name, "/srv/cache"), f"env: {name} is '/srv/cache', which is no folder of")
            for name in _PLACES
        ),
        *(
            (f"a value that is not understood, {name}", _variable(name, value), f"env: {name} is {value!r}, {says}")
            for name, value, says in (
                ("VLLM_LOGGING_STREAM", "ext://os.environ", "which is not understood"),
                ("VLLM_HOST_IP", "203.0.112.7", "which is not understood"),
                ("VLLM_DISABLED_KERNELS", "/srv/x", "and it names no path"),
                ("HF_HOME", "/home/../srv", "which is no folder of the pod's own"),
                ("NCCL_NET", "libevil", "which is not understood"),
                ("SHELL", "/srv/sh", "which is not understood"),
            )
        ),
        (
            "out of the image's folders",
            _variable("LD_PRELOAD", "/usr/../srv/x.so"),
            "sets LD_PRELOAD, which brings code",
        ),
        ("a second folder of programs", _variable("PATH", "/usr/bin:/srv/bin"), "sets PATH, which brings code"),
        ("callers who run what they like", _variable("VLLM_SERVER_DEV_MODE", "1"), "lets the server run what callers"),
        ("pickles", _variable("VLLM_ALLOW_INSECURE_SERIALIZATION", "true"), "lets the server run what callers"),
        ("a name that is no text", {f"{FIRST} env 3": {"name": "A=B", "value": "1"}}, "sets a variable, which is no"),
        ("another frontend", _variable("VLLM_USE_RUST_FRONTEND", "1"), "starts another program than the one"),
        *(
            (f"caches on a volume, {name}", _on_volume(name, "/data/c/x", volume), *says)
            for name, volume, says in (
                (
                    "VLLM_CACHE_ROOT",
                    {"persistentVolumeClaim": {"claimName": "x"}},
                    ("is '/data/c/x', which is no fold",),
                ),
                ("TRITON_CACHE_DIR", {"configMap": {"name": "x"}}, ("is '/data/c/x', which is no folder",)),
                ("HF_HOME", {"emptyDir": {}}, ()),
            )
        ),
        *(
            (
                f"a claim at {path}",
                {
                    f"{FIRST} volumeMounts": [{"name": "x", "mountPath": path}],
                    f"{_POD} volumes": [{"name": "x", "persistentVolumeClaim": {"claimName": "x"}}],
                },
                "mountPath: holds caches of compiled code",
            )
            for path in ("/root/.cache/vllm", "/root/.cache", "/home/vllm/.triton/cache", "/root/.config/vllm", "/root")
        ),
        *(
            (
                f"caches that {name} writes too",
                {
                    **_variable("HF_HOME", "/data/c"),
                    f"{FIRST} volumeMounts": [{"name": "x", "mountPath": "/data/c"}, {"name": "x", "mountPath": place}],
                    f"{_POD} volumes": [{"name": "x", "emptyDir": {}}],
                    f"{_POD} initContainers 0": {
                        **container("first"),
                        "volumeMounts": [{"name": "x", "mountPath": "/x", **mount}],
                    },
                },
                *says,
            )
            for name, place, mount, says in (
                (
                    "another container",
                    "/root/.cache",
                    {},
                    ("HF_HOME is '/data/c', which is no folder", "volumeMounts[1].mountPath: holds caches"),
                ),
                ("nobody else", "/root/.cache", {"readOnly": True}, ()),
            )
        ),
        *(
            (
                f"code of a home or of /etc, at {path}",
                {f"{FIRST} volumeMounts": [{"name": "x", "mountPath": path}]},
                f"mountPath: is {path!r}, where the image has its code",
            )
            for path in ("/etc", "/root/.local", "/home/vllm/.local/lib", "/etc/alternatives", "/home/vllm/.profile")
        ),
        ("told by the kubelet", _from("VLLM_HOST_IP", fieldRef={"fieldPath": "status.podIP"})),
        ("told by the kubelet, a number", _from("OMP_NUM_THREADS", resourceFieldRef={"resource": "limits.cpu"})),
        (
            "told by whoever labels the pod",
            _from("VLLM_HOST_IP", fieldRef={"fieldPath": "metadata.labels['x']"}),
            "VLLM_HOST_IP is not known",
        ),
        (
            "out of a ConfigMap",
            _from("HF_HOME", configMapKeyRef={"name": "x", "key": "k"}),
            "HF_HOME is not known before the update",
        ),
        ("a key out of a Secret", _from("VLLM_API_KEY", secretKeyRef={"name": "x", "key": "k"})),
        (
            "not known",
            {f"{FIRST} env 3": {"name": "LD_PRELOAD", "value": UNKNOWN_VALUE}},
            "sets LD_PRELOAD, which brings code",
        ),
        *(
            (f"set by {command}", starts(command), *says)
            for command, says in (
                (["sh", "-c", f"PYTHONPATH=/srv {_SERVE}"], ("args: sets PYTHONPATH, which brings code",)),
                (["sh", "-c", f"export LD_PRELOAD=/srv/e.so; {_SERVE}"], ("args: sets LD_PRELOAD, which",)),
                (["sh", "-c", f"PATH=/srv/bin:$PATH; {_SERVE}"], ("args: sets PATH, which",)),
                (["sh", "-c", f"for PATH in /srv; do {_SERVE}; done"], ("args: sets PATH, which",)),
                (["sh", "-c", f"read LD_PRELOAD; export LD_PRELOAD; {_SERVE}"], ("sets LD_PRELOAD", "sets LD_PRELOAD")),
                (["bash", "-c", f"BASH_ENV=/srv/x bash -c '{_SERVE}'"], ("args: sets BASH_ENV, which",)),
                (["env", "PYTHONPATH=/srv", "vllm", "serve", "/mnt/models"], ("args: sets PYTHONPATH, which",)),
                (["env", "-S", "LD_AUDIT=/srv/x vllm serve /mnt/models"], ("args: sets LD_AUDIT, which",)),
                (["sh", "-c", f"export FOO=1; {_SERVE}"], ("args: sets FOO, which is no variable",)),
                (["sh", "-c", f"export OMP_NUM_THREADS=4; {_SERVE}"], ()),
                (["sh", "-c", f"N=4; OMP_NUM_THREADS=$N {_SERVE}"], ()),
                (["sh", "-c", f"mine=x; {_SERVE}"], ()),
            )
        ),
        world=MODELS,
    ),
    *table(
        DEPLOYMENT_TYPE,
        SERVER,
        ("a variable that is stated", _variable("FOO", "/srv")),
        ("one beside it", _variable("BAR", "1"), "sets BAR, which is no variable"),
        ("a closed one is closed for all", _variable("LD_AUDIT", "/x"), "sets LD_AUDIT, which brings code"),
        world=MODELS,
        config={"serverVariables": [{"name": name, "reason": "read by our own logs"} for name in ("FOO", "LD_AUDIT")]},
    ),
    *table(
        RUNTIME_TYPE,
        RUNTIME,
        *(
            (
                f"another server of KServe's with {name}",
                {
                    "spec containers 0 image": "registry.kitchen.example/triton@sha256:" + "4" * 64,
                    "spec containers 0 args": [],
                    "spec containers 0 env 3": {"name": name, "value": "/srv/x"},
                },
                *says,
            )
            for name, says in (
                ("PYTHONPATH", ("sets PYTHONPATH, which",)),
                ("LD_PRELOAD", ("sets LD_PRELOAD, which",)),
                ("TRITON_SERVER_LOG", ()),
            )
        ),
        (
            "another server of KServe's with code over its own",
            {
                "spec containers 0 image": "registry.kitchen.example/triton@sha256:" + "4" * 64,
                "spec containers 0 args": [],
                "spec containers 0 volumeMounts": [{"name": "scratch", "mountPath": "/opt/tritonserver/backends"}],
            },
            "mountPath: is '/opt/tritonserver/backends', where the image has its code",
        ),
        world=MODELS,
    ),
)
_OFFLINE = table(
    DEPLOYMENT_TYPE,
    SERVER,
    ("other servers of names", {f"{_POD} dnsConfig": {"nameservers": ["203.0.112.7"]}}, "dnsConfig.nameservers: is"),
    ("names of nobody", {f"{_POD} dnsPolicy": "None"}, "dnsPolicy: is 'None': a server asks the cluster's own DNS"),
    ("names of the node", {f"{_POD} dnsPolicy": "Default"}, "dnsPolicy: is 'Default'"),
    ("shorter look-ups", {f"{_POD} dnsConfig": {"options": [{"name": "ndots", "value": "2"}]}}),
    *(
        (f"not offline by {command}", starts(command), *says)
        for command, says in (
            (["sh", "-c", f"export HF_HUB_OFFLINE=0; {_SERVE}"], ("HF_HUB_OFFLINE is '0'",)),
            (["sh", "-c", f"unset HF_HUB_OFFLINE; {_SERVE}"], ("HF_HUB_OFFLINE is ''",)),
            (["sh", "-c", f"TRANSFORMERS_OFFLINE=; {_SERVE}"], ("TRANSFORMERS_OFFLINE is ''",)),
            (["env", "HF_HUB_OFFLINE=0", "vllm", "serve", "/mnt/models"], ("HF_HUB_OFFLINE is '0'",)),
            (["env", "-uVLLM_NO_USAGE_STATS", "vllm", "serve", "/mnt/models"], ("VLLM_NO_USAGE_STATS is ''",)),
            (["env", "--unset=HF_HUB_OFFLINE", "vllm", "serve", "/mnt/models"], ("HF_HUB_OFFLINE is ''",)),
            (["sh", "-c", f"export HF_TOKEN=x; {_SERVE}"], ("args: sets HF_TOKEN",)),
            (["sh", "-c", f"HTTPS_PROXY=http://p {_SERVE}"], ("args: sets HTTPS_PROXY: a server that is",)),
            (["sh", "-c", f"export HF_HUB_OFFLINE=1; {_SERVE}"], ()),
        )
    ),
    *(
        (
            f"names of its own, {address}",
            {f"{_POD} hostAliases": [{"ip": address, "hostnames": ["a.example.com"]}]},
            *says,
        )
        for address, says in (
            ("203.0.112.7", ("hostAliases[0]: is '203.0.112.7': a server that is offline",)),
            ("10.1.2.3", ("hostAliases[0]: is '10.1.2.3': a server that is offline",)),
            ("127.0.0.1", ()),
        )
    ),
    world=MODELS,
)
_ADAPTERS = table(
    DEPLOYMENT_TYPE,
    SERVER,
    ("whatever name", _variable("VLLM_SKIP_MODEL_NAME_VALIDATION", "1"), "which answers for the names of models"),
    ("its own names", _variable("VLLM_SKIP_MODEL_NAME_VALIDATION", "0")),
    world=MODELS,
)
_HYBRID = table(
    DEPLOYMENT_TYPE,
    SERVER,
    (
        "another model by a file of a variable",
        _variable("VLLM_MODEL_REDIRECT_PATH", "/srv/x"),
        "which says which other model is",
    ),
    ("another form of weights", _variable("VLLM_TEST_FORCE_LOAD_FORMAT", "dummy"), "other formats can run code"),
    (
        "a bucket by a variable",
        _variable("S3_ENDPOINT_URL", "http://store"),
        "loads files that the catalog has no sums of",
    ),
    world=MODELS,
)
SAMPLES: dict[str, tuple[Sample, ...]] = {
    "runtime-lora-updating": _VARIABLES,
    "model-servers-offline": _OFFLINE,
    "adapters-approved": _ADAPTERS,
    "hybrid-storage": _HYBRID,
}
