"""Samples of the closed list of values that vLLM's flags are given."""

from __future__ import annotations

from tests.policy.samples.models import MODELS
from tests.policy.support.objects import DEPLOYMENT_TYPE
from tests.policy.support.sample import Sample, table
from tests.policy.support.served import FIRST, SERVER

_CLOSED = (
    *(["--root-path=/x"], ["--uds", "/run/s"], ["--headless"], ["--ssl-keyfile=/k"], ["--allowed-origins", '["*"]']),
    *(["--data-parallel-size=2"], ["-dp", "2"], ["--cpu-offload-gb=4"], ["--host=127.0.0.1"], ["--api_key", "k"]),
    *(["--disable-log-stats"], ["--port=x"], ["--tokens-only"], ["-pp=2"], ["--grpc"], ["--kv-offloading-size=1"]),
    *(["--distributed-executor-backend=ray"], ["--mm-ipc-gpu-memory-gb=2"]),
)
_TWICE = (
    (["--max-model-len=8k", "--max-model-len", "16k"], "max-model-len twice with two values"),
    (["--max-model-len=8k", "--max_model_len=16k"], "max-model-len twice with two values"),
    (["-tp=1", "--tensor-parallel-size=2"], "tensor-parallel-size twice with two values"),
    (["--served-model-name", "a", "b", "--served-model-name=a"], "served-model-name twice with two values"),
    (["--enable-lora", "--no-enable-lora"], "enable-lora and --no-enable-lora, of which the last one counts"),
    (["--no-async-scheduling", "--async-scheduling"], "async-scheduling and --no-async-scheduling, of which"),
    (["--speculative-config.method=ngram", "--speculative-config.method=suffix"], "speculative-config twice with two"),
    (
        ['--speculative-config={"method": "ngram"}', "--speculative-config.method=ngram"],
        "speculative-config twice with",
    ),
)
_VALUES = (
    *table(
        DEPLOYMENT_TYPE,
        SERVER,
        *((f"closed: {words}", {f"{FIRST} args": words}, "args: gives --") for words in _CLOSED),
        *((f"twice: {words}", {f"{FIRST} args": words}, f"{says}") for words, says in _TWICE),
        (
            "a port that is none of the container's",
            {f"{FIRST} args": ["--port=9000"], f"{FIRST} ports": [{"containerPort": 8000}]},
            "args: gives --port a number that is none of the container's ports, 8000",
        ),
        *(
            (f"open: {words}", {f"{FIRST} args": words, f"{FIRST} ports": [{"containerPort": 8000}]})
            for words in (
                *(["--host=0.0.0.0", "--port", "8000"], ["--pipeline-parallel-size=1"], ["-dp", "1"], ["-O3"]),
                *(["--max-model-len=8k", "--max_model_len", "8k"], ["--distributed-executor-backend=mp"]),
                ["--speculative-config.method=ngram", "--speculative-config.num_speculative_tokens=4"],
            )
        ),
        world=MODELS,
    ),
    *table(
        DEPLOYMENT_TYPE,
        SERVER,
        *(
            (f"a value of {words}", {f"{FIRST} args": words}, f"args: gives --{says}")
            for words, says in (
                (["--chat-template", "/srv/x.jinja"], "chat-template a value that is not understood"),
                (["--chat-template={{ messages }}"], "chat-template a value that is not understood"),
                (["--chat-template=/mnt/models/../x"], "chat-template a value"),
                (["--generation-config=/srv"], "generation-config a value"),
                (["--generation-con", "other/model"], "generation-config a value"),
                (
                    ['--override-generation-config={"bad": 1}'],
                    "override-generation-config a key that is not understood: bad",
                ),
                (
                    ['--structured-outputs-config={"reasoning_parser_plugin": "/x"}'],
                    "structured-outputs-config a key that",
                ),
                (["--structured-outputs-config.reasoning_parser_plugin=/x"], "structured-outputs-config a key that is"),
                (["--structured_outputs_config.reasoning_parser", "/x"], "structured-outputs-config a value that is"),
                (["--structured-outputs-config", "x"], "structured-outputs-config a value that is not understood"),
                (['--compilation-config={"inductor_passes": {"p": "os.system"}}'], "compilation-config a key that is"),
                (["--compilation-config=3"], "compilation-config a value that is not understood"),
                (
                    ['--compilation-config={"pass_config.fuse_norm_quant": true}'],
                    "compilation-config a key that is not",
                ),
                (['--compilation-config={"backend": "my.backend"}'], "compilation-config a value that is not und"),
                (['--compilation-config.pass_config={"x": "os.system"}'], "compilation-config a value that is not"),
                (["--compilation-config.cache_dir=/srv"], "compilation-config a key that is not understood: cache_dir"),
                (['--mm-processor-kwargs={"trust_remote_code": true}'], "mm-processor-kwargs a value that is not"),
                (['--additional-config={"x": "y"}'], "additional-config a value that is not understood: x"),
                (["--mm-encoder-fp8-scale-path=/srv/x"], "mm-encoder-fp8-scale-path a value"),
                (["--reasoning-parser=/srv/x.py"], "reasoning-parser a value"),
                (["--kv-cache-dtype=/srv/x"], "kv-cache-dtype a value that vLLM does not choose from"),
                (["--kv-cache-dtype", "bogus"], "kv-cache-dtype a value that vLLM does not choose from"),
                (["--tool-call-parser=my_parser"], "tool-call-parser a value that vLLM does not choose from"),
                (["--seed=x"], "seed a value that vLLM does not read"),
                (["--max-num-batched-tokens=8K5"], "max-num-batched-tokens a value that vLLM does not read"),
                (['--speculative-config={"model": "/mnt/evil"}'], "speculative-config a key that is not understood: m"),
                (["-sc", '{"method": "eagle3"}'], "speculative-config a value that is not understood: method"),
                (["--speculative_config.model", "/mnt/evil"], "speculative-config a key that is not understood: mo"),
                (["--speculative-c.model=/x"], "speculative-config a key that is not understood: model"),
                (
                    ["--response-role", "-sc.model=evil", "user"],
                    "speculative-config a key that is not understood: model",
                ),
                (["--response-role", "-cc.inductor_passes.x=os.system", "user"], "compilation-config a key that is"),
                (["--spec-method=eagle3"], "spec-method a value that is not understood"),
                (["--pooler-config.task=embed"], "pooler-config a key that is not understood: task"),
                (["--kernel-config", '{"plugin": "x"}'], "kernel-config a key that is not understood: plugin"),
                (["--attention-config.backend=/srv/x"], "attention-config a value that is not understood: backend"),
                (["--limit-mm-per-prompt=image=2"], "limit-mm-per-prompt a value that is not understood"),
                (["--lora-target-modules=o_proj"], "lora-target-modules, which leaves modules of adapters out"),
                (
                    ["--lora-extra-vocab-size=0"],
                    "lora-extra-vocab-size, which is gone since 0.12.0; in its place: noth",
                ),
                (["--enable-reasoning"], "enable-reasoning, which is gone; in its place: runtime.reasoningParser"),
                (
                    ["--async-schedulign"],
                    "async-schedulign, which is no flag that infra/catalog/server-flags.json knows; ",
                ),
            )
        ),
        *(
            (f"an understood value, {words}", {f"{FIRST} args": words})
            for words in (
                *(["--chat-template=/mnt/models/chat_template.jinja"], ["--generation-config", "vllm"], ["-O3"]),
                *(["--chat-template", "examples/tool_chat_template_hermes.jinja"], ["--compilation-config.mode=3"]),
                *(['--override-generation-config={"temperature": 0.5, "top_k": -1}'], ["--kv-cache-dtype=fp8"]),
                *(['--structured-outputs-config={"backend": "xgrammar"}'], ['--limit-mm-per-prompt={"image": 2}']),
                *(['--compilation-config={"cudagraph_mode": "PIECEWISE", "cudagraph_capture_sizes": [1, 2]}'],),
                *(["--structured-outputs-config.backend=auto"], ["--served-model-name", "team/m", "m"]),
                *(["-sc", '{"method": "ngram", "num_speculative_tokens": 4}'], ["--max-num-batched-tokens=8k"]),
                *(["--kernel-config.moe_backend=triton"], ["--max-model-len=auto"], ["--seed=-1"]),
                *(['--default-chat-template-kwargs={"enable_thinking": false}'], ["--tool-call-parser=llama3_json"]),
            )
        ),
        world=MODELS,
    ),
    *table(
        DEPLOYMENT_TYPE,
        SERVER,
        ("a value that is stated", {f"{FIRST} args": ["--chat-template", "/etc/templates/a.jinja"]}),
        ("another one", {f"{FIRST} args": ["--chat-template=/etc/templates/b.jinja"]}, "gives --chat-template a value"),
        world=MODELS,
        config={"flagValues": [{"name": "--chat-template=/etc/templates/a.jinja", "reason": "reviewed, in Git"}]},
    ),
)
_SPOKEN = table(
    DEPLOYMENT_TYPE,
    SERVER,
    *(
        (f"a server with {word}", {f"{FIRST} args": [word]}, "which writes what callers say to the log")
        for word in ("--enable-log-requests", "--enable-log-outputs", "--enable_log_r", "--log-error-stack")
    ),
    ("a server that does not write requests", {f"{FIRST} args": ["--no-enable-log-requests"]}),
    world=MODELS,
)
SAMPLES: dict[str, tuple[Sample, ...]] = {"adapters-approved": _VALUES, "secrets-stay-secret": _SPOKEN}
