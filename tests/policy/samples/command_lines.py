"""Samples of the rules on what servers load: one fault in many spellings, and the spellings that are right."""

from __future__ import annotations

from typing import Any

from tests.policy.samples.models import MODELS
from tests.policy.support.objects import (
    DEPLOYMENT,
    DEPLOYMENT_TYPE,
    LLM,
    LLM_TYPE,
    SERVICE_TYPE,
    container,
)
from tests.policy.support.sample import UNKNOWN_VALUE, Sample, changed, table
from tests.policy.support.served import ARGS, FIRST, SERVED, SERVER, starts

_EVIL = "evil=/mnt/adapters/evil"
_NOT_THERE = "adapter 'evil' is not in the catalog"

_FETCH = ["python3", "-m", "payload.fetch_adapters"]


def _args(*words: Any) -> dict[str, Any]:
    return {ARGS: ["--enable-lora", *words]}


_SPELLINGS = (
    ["--lora-mod", _EVIL],
    ["--lora-modules", _EVIL],
    [f"--lora-modules={_EVIL}"],
    [f"--lora_modules={_EVIL}"],
    [f"--lora-modul={_EVIL}"],
    ["--lora_m", _EVIL],
    ["--lora-modules", '{"name": "evil", "path": "/mnt/adapters/evil"}'],
    ["--enforce-eager", "--lora-modules", "faq=/mnt/adapters/faq", _EVIL],
)
_ADAPTERS = (
    *table(
        SERVICE_TYPE,
        SERVED,
        *((f"a strange adapter as {words[:2]}", _args(*words), _NOT_THERE) for words in _SPELLINGS),
        ("an approved adapter, shortened", _args("--lora-mod", "faq=/mnt/adapters/faq")),
        ("an approved adapter in one word", _args("--lora_modules=faq=/mnt/adapters/faq")),
        ("an empty adapter, which vLLM passes over", _args("--lora-modules", "")),
        *(
            (f"an approved name at {path}", _args(f"--lora-modules=faq={path}"), "approved is what lies at /mnt/ad")
            for path in (
                *("/mnt/other", "/mnt/adapters/evil", "/mnt/adapters/faq/../evil", "/mnt/adapters//faq"),
                *("attacker/evil-lora", "hf://attacker/evil", "/mnt/adapters", "/mnt/adapters/faq/x"),
            )
        ),
        (
            "an approved name at another path, as JSON",
            _args("--lora-modules", '{"name": "faq", "path": "/x"}'),
            "at /m",
        ),
        ("JSON without a path", _args("--lora-modules", '{"name": "faq"}'), "approved is what lies at"),
        *(
            (f"a file of flags, {words}", _args(*words), "gives --config, which brings flags from a file")
            for words in (["--config", "/etc/v.yaml"], ["--config=/etc/v.yaml"], ["--config", ""])
        ),
        ("adapters of other senses", _args('--default-mm-loras={"image": "/x"}'), "gives --default-mm-loras, which"),
        ("adapters of other senses in parts", _args("--default-mm-loras.image=/x"), "gives --default-mm-loras, which"),
        ("adapters of other senses, shortened", _args("--default-mm", "{}"), "gives --default-mm-loras, which"),
        *(
            (f"a flag that vLLM does not have, {word}", _args(word), f"gives {shown}, which is no flag that infra")
            for word, shown in (
                *(("--lora-path=/x", "--lora-path"), ("--no-such", "--no-such"), ("-x", "-x")),
                *(("--lora-modulesx=evil=/x", "--lora-modulesx"), ("--key=canary-in-secret", "--key")),
            )
        ),
        ("a reference without a variable", _args("--lora-modules", "$(NONE)"), "'$(NONE)'"),
        (
            "a volume that nothing compares",
            {
                **_args("--lora-modules", "faq=/mnt/adapters/faq"),
                "spec predictor model volumeMounts": [{"name": "a", "mountPath": "/mnt/adapters"}],
                "spec predictor volumes": [{"name": "a", "persistentVolumeClaim": {"claimName": "evil"}}],
            },
            "the volume 'a' holds what nothing has compared",
        ),
        (
            "an image as the adapter's folder",
            {
                **_args("--lora-modules", "faq=/mnt/adapters/faq"),
                "spec predictor model volumeMounts": [{"name": "a", "mountPath": "/mnt/adapters/faq/"}],
                "spec predictor volumes": [{"name": "a", "image": {"reference": "x"}}],
            },
            "the volume 'a' holds what nothing has compared",
        ),
        *(
            (
                f"the fetch's volume beside {name}",
                {
                    **_args("--lora-modules", "faq=/mnt/adapters/faq"),
                    "spec predictor model volumeMounts": [
                        {"name": "a", "mountPath": "/mnt/adapters", "readOnly": True}
                    ],
                    "spec predictor volumes": [{"name": "a", "emptyDir": {}}],
                    "spec predictor initContainers": [
                        {
                            **container("other"),
                            "command": command,
                            "volumeMounts": [{"name": "a", "mountPath": "/a", **more}],
                        }
                    ],
                },
                *says,
            )
            for name, command, more, says in (
                ("the fetch", [*_FETCH, "--target=/a"], {}, ()),
                *(
                    (
                        name,
                        [*_FETCH, target],
                        mount,
                        ("container 'other' has not the whole volume 'a' at",),
                    )
                    for name, target, mount in (
                        ("a fetch into a part of it", "--target=/a/faq", {}),
                        ("a fetch of a part of it", "--target=/a", {"subPath": "faq"}),
                        ("a fetch into something else", "--target=/b", {}),
                    )
                ),
                ("a reader", ["ls"], {"readOnly": True}, ()),
                ("a writer", ["cp", "-r", "/evil", "/a/faq"], {}, ("container 'other' may write the volume 'a'",)),
                ("a script", ["python3", "-c", "x"], {"readOnly": False}, ("container 'other' may write the",)),
                ("an image's own start", [], {}, ("container 'other' may write the volume",)),
            )
        ),
        *(
            (
                f"the fetch's volume {name}",
                {
                    **_args("--lora-modules", "faq=/mnt/adapters/faq"),
                    "spec predictor model volumeMounts": [{"name": "a", "readOnly": True, **mount}],
                    "spec predictor volumes": [{"name": "a", "emptyDir": {}}],
                },
                "the volume 'a' is not mounted whole at /mnt/adapters",
            )
            for name, mount in (
                ("with another adapter's folder", {"mountPath": "/mnt/adapters/faq", "subPath": "sort"}),
                ("by an expression", {"mountPath": "/mnt/adapters", "subPathExpr": "$(A)"}),
                ("at the adapter's folder", {"mountPath": "/mnt/adapters/faq"}),
                ("above", {"mountPath": "/mnt"}),
            )
        ),
        (
            "the fetch's volume",
            {
                **_args("--lora-modules", "faq=/mnt/adapters/faq"),
                "spec predictor model volumeMounts": [{"name": "a", "mountPath": "/mnt/adapters"}],
                "spec predictor volumes": [{"name": "a", "emptyDir": {}}],
            },
        ),
        world=MODELS,
    ),
    *table(
        SERVICE_TYPE,
        SERVED,
        ("another folder of adapters", _args("--lora-modules", "faq=/srv/faq")),
        world=MODELS,
        config={"adaptersPath": "/srv"},
    ),
    *table(
        DEPLOYMENT_TYPE,
        SERVER,
        ("the server's image without adapters", {}),
        ("the server's image that sleeps", starts(["sleep", "inf"])),
        *(
            (f"a strange adapter behind {command}", starts(command, *words), _NOT_THERE)
            for command, words in (
                (["vllm", "serve", "/mnt/models"], ["--enable-lora", f"--lora-mod={_EVIL}"]),
                (["python3", "-m", "vllm.entrypoints.openai.api_server"], ["--lora-modules", _EVIL]),
                (["sh", "-c", f"exec vllm serve /mnt/models --lora-mod {_EVIL}"], []),
                (["bash", "-lc"], [f"A={_EVIL}; cd / && vllm serve /mnt/models --lora-modules $A 2>&1"]),
                (["sh", "-c", 'vllm serve "$@"', "x"], ["/mnt/models", "--lora-modules", _EVIL]),
                (["env", "A=1", "vllm", "serve"], ["/mnt/models", "--lora-modules", _EVIL]),
            )
        ),
        (
            "a strange adapter out of a variable",
            {f"{FIRST} args": ["--lora-modules=$(A)"], f"{FIRST} env 3": {"name": "A", "value": _EVIL}},
            _NOT_THERE,
        ),
        (
            "flags in a variable",
            {f"{FIRST} env 3": {"name": "VLLM_ADDITIONAL_ARGS", "value": f"--lora-modules {_EVIL}"}},
            _NOT_THERE,
        ),
        (
            "flags in a variable out of a Secret",
            {
                f"{FIRST} env 3": {
                    "name": "VLLM_ADDITIONAL_ARGS",
                    "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}},
                }
            },
            "not known before the update",
        ),
        *(
            (f"a start that cannot be read, {command}", starts(command), f"args: starts {says}")
            for command, says in (
                (["/start.sh"], "the program '/start.sh'"),
                (["sh", "/start.sh"], "a script that lies in a file"),
                (["python3", "serve.py"], "a script of Python"),
                (["python3", "-m", "my.server"], "'my.server' of Python"),
                (["sh", "-c", "ln -s /mnt/evil /mnt/adapters/faq && vllm serve /mnt/models"], "the program 'ln'"),
                (["sh", "-c", "eval x"], "the program 'eval'"),
            )
        ),
        ("a start that is not known", starts([UNKNOWN_VALUE]), "is not known before", "a program whose name is"),
        world=MODELS,
    ),
    *table(
        DEPLOYMENT_TYPE,
        DEPLOYMENT,
        ("another program's files", {f"{FIRST} args": ["--config", "/etc/x.yaml", "--no-such=1"]}),
        ("another program's script", starts(["sh", "/start.sh"])),
        ("another program's adapters", {f"{FIRST} args": ["--lora-modules", _EVIL]}, _NOT_THERE),
        world=MODELS,
    ),
    *table(
        LLM_TYPE,
        changed(LLM, {"spec model uri": "pvc://base-m-v1/base/m/v1"}),
        *(
            (
                f"an adapter from {uri}",
                {"spec model lora": {"adapters": [{"name": "faq", "uri": uri}]}},
                f"adapters[0].uri: is {uri!r}, {says}",
            )
            for uri, says in (
                ("hf://attacker/evil", "and approved is pvc://<claim>/lora/faq/<version>"),
                ("s3://prod-lora/faq/v2026-02-01", "and approved is"),
                ("pvc://c/other", "and approved is"),
                ("pvc://c/lora/sort/v2026-02-01", "which is another adapter"),
            )
        ),
        (
            "a version that is not approved",
            {"spec model lora": {"adapters": [{"name": "sort", "uri": "pvc://c/lora/sort/v2026-03-01"}]}},
            "'sort/v2026-03-01' is candidate",
        ),
        (
            "an approved version on a volume",
            {"spec model lora": {"adapters": [{"name": "faq", "uri": "pvc://c/lora/faq/v2026-02-01"}]}},
        ),
        world=MODELS,
    ),
    *table(
        "kubernetes:core/v1:ConfigMap",
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "a", "namespace": "team"},
            "data": {"a": "b: c"},
        },
        ("settings of something else", {}),
        *(
            (f"the syncer's list, {name}", {"data a": text}, "data.a: names adapters for a sidecar")
            for name, text in (
                ("as YAML", "vLLMLoRAConfig:\n  ensureExist:\n    models:\n    - {id: evil, source: x/evil}\n"),
                ("as JSON", '{"a": 1, "vLLMLoRAConfig": {"ensureExist": {"models": []}}}'),
                ("in quotes", '"vLLMLoRAConfig" :\n  port: 8000\n'),
                ("below a key", "a:\n  vLLMLoRAConfig:\n    port: 8000\n"),
            )
        ),
    ),
)

_LIMITS = table(
    SERVICE_TYPE,
    SERVED,
    ("a bound by its beginning", _args("--max-lora-r=24"), "--max-lora-rank is '24', allowed are"),
    ("slots by their beginning", _args("--max-loras=2", "--max_cpu_l", "1"), "--max-cpu-loras is 1, below"),
    ("twice in two spellings", _args("--max-lora-rank=16", "--max_lora_ran=8"), "gives --max-lora-rank 2 times"),
    world=MODELS,
)

SAMPLES: dict[str, tuple[Sample, ...]] = {"adapters-approved": _ADAPTERS, "lora-limits": _LIMITS}
