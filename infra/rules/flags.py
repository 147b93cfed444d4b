"""vLLM's flags that `runtime.extraArgs` may not hold, and why.

Names as in vllm/engine/arg_utils.py and vllm/entrypoints/openai/cli_args.py.
"""

from __future__ import annotations

OWNED = {
    "model": "baseModel",
    "served-model-name": "baseModel",
    "max-model-len": "runtime.maxModelLen",
    "max-num-seqs": "runtime.concurrency",
    "gpu-memory-utilization": "runtime.gpuMemoryUtilization",
    "device-memory-utilization": "runtime.gpuMemoryUtilization",
    "kv-cache-memory-bytes": "runtime.gpuMemoryUtilization",
    "num-gpu-blocks-override": "runtime.gpuMemoryUtilization",
    "tensor-parallel-size": "runtime.tensorParallelSize",
    "dtype": "runtime.dtype",
    "quantization": "runtime.quantization",
    "quantization-config": "runtime.quantization",
    "shutdown-timeout": "runtime.drainSeconds",
    "enable-lora": "adapters",
    "lora-modules": "adapters",
    "max-loras": "runtime.maxLoras",
    "max-lora-rank": "runtime.maxLoraRank",
    "max-cpu-loras": "runtime.maxCpuLoras",
}
"""Flags that a setting says; its path in the kitchen."""

_PROGRAM = "probes, Service and network rules go by what the program sets"
_UNAPPROVED = "loads code that no entry of the catalog approves"
_UNVERIFIED = "loads files that the catalog has no sums of"
_PROMPTS = "writes what callers say to the log"
_GATEWAY = "the gateway decides this, for every kitchen alike"
_GPUS = "needs more GPUs than a pod asks for, which are tensorParallelSize"
_MEMORY = "takes main memory that the pod does not ask for: it would be killed"
_PEERS = "opens connections that the network rules deny"
_TLS = "TLS ends at the gateway; the probes speak plain HTTP"

CLOSED = {
    "port": _PROGRAM,
    "host": _PROGRAM,
    "uds": _PROGRAM,
    "grpc": _PROGRAM,
    "grpc-port": _PROGRAM,
    "headless": _PROGRAM,
    "config": "brings flags from a file, past these rules",
    "root-path": "moves the paths that routes open and close",
    "trust-remote-code": "runs code that lies beside the model's weights",
    "middleware": _UNAPPROVED,
    "tool-parser-plugin": _UNAPPROVED,
    "reasoning-parser-plugin": _UNAPPROVED,
    "io-processor-plugin": _UNAPPROVED,
    "logits-processors": _UNAPPROVED,
    "worker-cls": _UNAPPROVED,
    "worker-extension-cls": _UNAPPROVED,
    "scheduler-cls": _UNAPPROVED,
    "model-class-overrides": _UNAPPROVED,
    "allowed-local-media-path": "lets callers read the server's files",
    "allowed-media-domains": "lets callers make the server fetch addresses",
    "trust-request-chat-template": "lets callers bring templates that the server runs",
    "trust-request-mm-kwargs": "lets callers set the server's own options",
    "profiler-config": "lets callers start a profiler",
    "enable-prompt-embeds": "takes tensors from callers, which can crash the server",
    "enable-mm-embeds": "takes tensors from callers, which can crash the server",
    "api-key": "a key in clear text in the pod's specification; callers are checked at the gateway",
    "hf-token": "a key in clear text, and nothing is downloaded here",
    "download-dir": "nothing is downloaded here: the base model lies on its volume",
    "load-format": "the base model is verified safetensors; other formats can run code or serve noise",
    "model-loader-extra-config": "the base model is read from its volume as it is",
    "tokenizer": _UNVERIFIED,
    "tokenizer-revision": _UNVERIFIED,
    "revision": _UNVERIFIED,
    "code-revision": _UNVERIFIED,
    "hf-config-path": _UNVERIFIED,
    "hf-overrides": "changes the model that was approved",
    "default-mm-loras": _UNVERIFIED,
    "speculative-config": _UNVERIFIED,
    "spec-model": _UNVERIFIED,
    "ssl-*": _TLS,
    "enable-ssl-refresh": _TLS,
    "allowed-origins": _GATEWAY,
    "allowed-methods": _GATEWAY,
    "allowed-headers": _GATEWAY,
    "allow-credentials": _GATEWAY,
    "enable-log-requests": _PROMPTS,
    "enable-log-outputs": _PROMPTS,
    "enable-log-deltas": _PROMPTS,
    "log-error-stack": _PROMPTS,
    "otlp-traces-endpoint": "sends traces out of the namespace, which the network rules deny",
    "collect-detailed-traces": "sends traces out of the namespace, which the network rules deny",
    "pipeline-parallel-size": _GPUS,
    "data-parallel-*": _GPUS,
    "prefill-context-parallel-size": _GPUS,
    "api-server-count": "the metrics of several servers in one pod are not those of the pod",
    "distributed-executor-backend": "a server is one pod; vLLM chooses by its GPUs",
    "nnodes": _PEERS,
    "node-rank": _PEERS,
    "master-addr": _PEERS,
    "master-port": _PEERS,
    "kv-transfer-config": _PEERS,
    "kv-events-config": _PEERS,
    "ec-transfer-config": _PEERS,
    "weight-transfer-config": _PEERS,
    "tool-server": _PEERS,
    "weight-cache-*": _PEERS,
    "cpu-offload-*": _MEMORY,
    "offload-*": _MEMORY,
    "swap-space": _MEMORY,
    "kv-offloading-*": _MEMORY,
}
"""Flags that open or break something; the reason. A name that ends in `*` stands for all that begin so."""

EXACT = frozenset({"reasoning-parser"})
"""Flags that are allowed though a reserved one begins with their name."""
