"""Further flags of the server: what is taken, and what every refused one is told."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest

from components.serving import VllmOptions
from infra.catalog import Catalog, load_catalog
from infra.faults import FaultsError
from infra.load import load_settings, read_stack_file
from tools.local.workspace import REPOSITORY

FILE = read_stack_file(REPOSITORY / "Pulumi.dev.yaml")


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def faults(catalog: Catalog, args: list[str], **runtime: Any) -> list[str]:
    data = copy.deepcopy(FILE)
    data["kitchens"]["support"]["runtime"] |= {"extraArgs": args, **runtime}
    try:
        load_settings(data, catalog)
    except FaultsError as error:
        return [str(fault) for fault in error.faults]
    return []


def quantized(catalog: Catalog, method: str | None) -> Catalog:
    """The catalog with base models whose files are quantized; a method that there is none of is left out."""
    files = method if method != "int3" else None
    models = {ref: replace(model, quantization=files) for ref, model in catalog.base_models.items()}
    return replace(catalog, base_models=models)


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["--async-scheduling"],
        ["-O3", '-cc={"mode": 3}'],
        ["--no-enable-log-requests", "--no-trust-remote-code"],
        ["--enforce-eager", "--kv-cache-dtype=fp8", "--calculate-kv-scales"],
        ["--seed=3", "--enable-server-load-tracking", "--stream-interval=4", "--scheduling_policy=fcfs"],
        ["--no-async-scheduling", "--safetensors-prefetch-block-size=16M", "--watermark=0.01"],
        ["--compilation-config.mode=3", "--compilation-config.cudagraph_mode=PIECEWISE"],
        ['--compilation-config={"mode": 3, "pass_config": {"fuse_norm_quant": true}}', "--generation-config=vllm"],
        ["--generation-config=/mnt/models/x", '--override-generation-config={"temperature": 0.2}'],
        ["--kernel-config.moe_backend=triton", "--kernel-config.linear_backend=auto"],
    ],
)
def test_flags_that_contradict_nothing_are_taken(args: list[str], catalog: Catalog) -> None:
    assert faults(catalog, args) == []


@pytest.mark.parametrize(
    ("args", "index", "rule"),
    [
        (["--max-model-len=4096"], 0, "this is what runtime.maxModelLen says; example"),
        (["--max_model_len=4096"], 0, "this is what runtime.maxModelLen says; example"),
        (["--max-mod=4096"], 0, "this is what runtime.maxModelLen says (short for --max-model-len)"),
        (["--lora-modules=a=/x"], 0, "this is what adapters says"),
        (["--no-enable-lora"], 0, "this is what adapters says"),
        (["--served-model-name=x"], 0, "this is what baseModel says"),
        (["--quant=fp8"], 0, "this is what runtime.quantization says (short for --quantization)"),
        (["--shutdown-timeout=5"], 0, "this is what runtime.drainSeconds says"),
        (["--trust-remote-code"], 0, "runs code"),
        (["--trust_remote"], 0, "runs code that lies beside the model's weights (short for --trust-remote-code)"),
        (["--allowed-local-media-path=/"], 0, "server's files"),
        (["--ssl-keyfile=/x"], 0, "TLS ends at the gateway"),
        (["--port=80"], 0, "probes, Service"),
        (["--no-trust-remote"], 0, "is the beginning of --trust-remote-code"),
        (["--no-trust-remote-code=1"], 0, "takes no value"),
        (["--trust-remote-code", "--no-enable-log-requests"], 0, "runs code"),
        (["--log-config-file=/x.json"], 0, "objects of whatever modules"),
        (["--no-such-flag=1"], 0, "has no such flag that infra/catalog/server-flags.json knows"),
        (["--async-schedulign"], 0, "knows; the nearest is --async-scheduling; example: --async-scheduling"),
        (["--spec-mod=/x"], 0, "catalog has no sums of (short for --spec-model)"),
        (["--enforce-e"], 0, "is the beginning of --enforce-eager: another vLLM may read another flag in it"),
        (["--enable-prefix-c"], 0, "this is what runtime.prefixCaching says (short for --enable-prefix-caching)"),
        (["--lora-extra-vocab-size=0"], 0, "has this flag no more since 0.12.0; in its place: nothing: adapters have"),
        (["--task=embed"], 0, "has this flag no more since 0.13.0; in its place: task of the kitchen"),
        (["--no-enable-reasoning"], 0, "has this flag no more; in its place: runtime.reasoningParser"),
        (["--num_scheduler_steps=8"], 0, "has this flag no more since 0.10.1"),
        (["--lora-target-modules=o_proj"], 0, "their callers get the base model's answers"),
        (["--mm-ipc-gpu-memory-gb=4"], 0, "does not count"),
        (["--mm-processor-cache-gb=64"], 0, "the value is not understood"),
        (["--enable-fault-tolerance"], 0, "opens POST /fault_tolerance/apply"),
        (["--tokens-only"], 0, "another API"),
        (["--device-ids=0"], 0, "the scheduler gives it"),
        (["--runner=pooling"], 0, "this is what task says"),
        (["--spec-method=ngram"], 0, "this is what runtime.speculation says"),
        (["--spec-method=eagle3"], 0, "this is what runtime.speculation says"),
        (["--no-enable-force-include-usage"], 0, "this is what entry says"),
        (["--seed=x"], 0, "the value is not understood: vLLM reads a whole number"),
        (["--watermark=x"], 0, "the value is not understood: vLLM reads a number"),
        (["--enforce-eager=true"], 0, "takes no value: it is given or not; example: --enforce-eager"),
        (["--seed"], 0, "takes a value, and none is given; example: --seed=VALUE"),
        (["--seed.x=3"], 0, "it takes no part of a JSON value"),
        (["--mamba-cache-dtype=bogus"], 0, "the value is none of auto, bfloat16, float16, float32: infra/catalog"),
        (["--prefix-caching-hash-algo=xxhash"], 0, "the value is not understood"),
        (["--help"], 0, "has no such flag"),
        (["--eplb-config.made_up=1"], 0, "the key 'made_up' is not understood"),
        (["--pooler-config.task=embed"], 0, "this is what runtime.pooling says"),
        (['--kernel-config={"moe_backend": "a", "moe_backend": "b"}'], 0, "the key 'moe_backend' stands twice"),
        (["--kv-cache-dtype=bogus"], 0, "this is what runtime.kvCacheDtype says"),
        (["--config=/x.yaml"], 0, "past these rules"),
        (["--pipeline-parallel-size=2"], 0, "more GPUs"),
        (["--data-parallel-size-local=2"], 0, "more GPUs"),
        (["--cpu-offload-gb=8"], 0, "main memory"),
        (
            ["--enable-prefix-caching", "--no-enable_prefix-caching"],
            1,
            "stands twice, first as --enable-prefix-caching",
        ),
        (["--kv-cache-dtype=fp8", "--kv-cache-dtype=bogus"], 1, "stands twice, first as --kv-cache-dtype"),
        (["--seed=3", "--seed=4"], 1, "stands twice, first as --seed: the last one would count"),
        (["--kernel-config.moe_backend=triton", '--kernel-config={"linear_backend": "auto"}'], 1, "stands twice"),
        (["--kernel-config.moe_backend=triton", "--kernel_config.moe_backend=auto"], 1, "stands twice"),
        (["--seed", "3"], 1, "a flag and its value are one entry; example: --seed=VALUE"),
        (["-tp=2"], 0, "this is what runtime.tensorParallelSize says (short for --tensor-parallel-size); example"),
        (["-cc", "3"], 1, "a flag and its value are one entry; example: -cc=VALUE"),
        (["-q=fp8"], 0, "this is what runtime.quantization says (short for --quantization)"),
        (["-qfp8"], 0, "this is what runtime.quantization says (short for --quantization)"),
        (["-q fp8"], 0, "this is what runtime.quantization says (short for --quantization)"),
        (['-sc={"method": "ngram"}'], 0, "this is what runtime.speculation says (short for --speculative-config)"),
        (["-dp=2"], 0, "more GPUs than a pod asks for, which are tensorParallelSize (short for --data-parallel-size)"),
        (["-n2"], 0, "opens connections that the network rules deny (short for --nnodes)"),
        (["-O4"], 0, "the value is not understood"),
        (["-cc={}", "--compilation-config.mode=3"], 1, "stands twice, first as -cc"),
        (["-ep"], 0, "true; rule: base model tsuzumi-7b-instruct/v1 is no mixture of experts"),
        (["-ep=1"], 0, "this is what runtime.expertParallel says"),
        (["-sc.model=x"], 0, "this is what runtime.speculation says (short for --speculative-config)"),
        (["-cc.made_up=2"], 0, "the key 'made_up' is not understood"),
        (["--compilation-config=3"], 0, "the value is not understood"),
        (['--compilation-config={"pass_config.fuse_norm_quant": true}'], 0, "the key 'pass_config.fuse_norm_quant' is"),
        (["-xy=2"], 0, "must be --name or --name=value"),
        (["-tp2"], 0, "must be --name or --name=value"),
        (["enforce-eager"], 0, "must be --name or --name=value"),
        (["--chat-template={{ x }}"], 0, "KServe would read {{ as a placeholder"),
        (["--chat-template=$(HOME)"], 0, "Kubernetes would read $( as a placeholder"),
        (["--enforce-eager", "--compilation-config.mode=3"], 1, "contradicts --enforce-eager"),
        (["--decode-context-parallel-size=2"], 0, "must divide tensorParallelSize, which is 1"),
        (["--enable-eplb"], 0, "balances experts between GPUs, and there is nothing to balance"),
        (["--chat-template=/etc/x.jinja"], 0, "this is what runtime.chatTemplate says"),
        (["--generation-config=/etc/x"], 0, "the value is not understood: infra/catalog/server-flags.json says"),
        (["--generation-config=/mnt/models/../x"], 0, "the value is not understood"),
        (["--structured-outputs-config.reasoning_parser_plugin=/x.py"], 0, "what runtime.structuredOutputs says"),
        (
            ['--structured-outputs-config={"reasoning_parser_plugin": "/x.py"}'],
            0,
            "what runtime.structuredOutputs says",
        ),
        (['--compilation-config={"inductor_passes": {"p": "os.system"}}'], 0, "'inductor_passes.p' is not"),
        (['--compilation-config.pass_config={"a": "os.system"}'], 0, "the value of the key 'pass_config.a' is not"),
        (["--mm-processor-kwargs.trust_remote_code=true"], 0, "the value of the key 'trust_remote_code' is not"),
        (["--quantization-param-path=/x"], 0, "has this flag no more; in its place: runtime.kvCacheDtype"),
        (["--fully-sharded-loras"], 0, "tensorParallelSize is 1"),
        (["--calculate-kv-scales"], 0, "only an fp8 KV cache"),
        (["--max-num-batched-tokens=16"], 0, "must be at least concurrency (32)"),
        (
            ["--max-num-batched-tokens=4096", "--no-enable-chunked-prefill"],
            0,
            "must be at least maxModelLen (8192), as prefills are not chunked",
        ),
    ],
)
def test_every_other_flag_is_one_fault_with_what_to_write(
    args: list[str], index: int, rule: str, catalog: Catalog
) -> None:
    (told,) = faults(catalog, args)
    assert told.startswith(f"kitchens.support.runtime.extraArgs[{index}]: ")
    assert rule in told


@pytest.mark.parametrize("args", [["--api-key=s3cr3t"], ["--api-key", "s3cr3t"], ["--api_k=s3cr3t"], ["key=s3cr3t"]])
def test_a_secret_that_should_not_be_there_is_not_repeated(args: list[str], catalog: Catalog) -> None:
    told = faults(catalog, args)
    assert told
    assert "s3cr3t" not in "".join(told)


@pytest.mark.parametrize(
    ("runtime", "rule"),
    [
        ({"quantization": "awq", "dtype": "bfloat16"}, "quantization awq is computed in float16 only: vLLM"),
        ({"quantization": "mxfp4", "dtype": "float16"}, "computed in bfloat16 only"),
        ({"quantization": "int3"}, "must be one of"),
    ],
)
def test_a_quantization_and_a_type_that_do_not_go_together(
    runtime: dict[str, Any], rule: str, catalog: Catalog
) -> None:
    (told,) = faults(quantized(catalog, str(runtime["quantization"])), [], **runtime)
    assert rule in told


@pytest.mark.parametrize(
    ("files", "runtime", "rule"),
    [
        (
            "awq",
            {"quantization": "fp8"},
            "quantized with awq: vLLM refuses another method; example: quantization: awq",
        ),
        ("compressed-tensors", {"quantization": "gptq"}, "are quantized with compressed-tensors"),
        (None, {"quantization": "awq_marlin"}, "needs files that are quantized so, and the catalog says of tsuzumi"),
        (
            None,
            {"quantization": "mxfp4", "dtype": "float16"},
            "while loading vLLM quantizes with fp8, bitsandbytes",
        ),
        ("mxfp4", {"dtype": "float16"}, "quantization mxfp4 is computed in bfloat16 only"),
    ],
)
def test_a_quantization_is_that_of_the_files(
    files: str | None, runtime: dict[str, Any], rule: str, catalog: Catalog
) -> None:
    (told,) = faults(quantized(catalog, files), [], **runtime)
    assert rule in told


@pytest.mark.parametrize(
    ("files", "runtime"),
    [("awq", {}), ("awq", {"quantization": "awq_marlin", "dtype": "bfloat16"}), ("gptq", {"dtype": "bfloat16"})],
)
def test_what_the_files_say_needs_no_setting(files: str, runtime: dict[str, Any], catalog: Catalog) -> None:
    assert faults(quantized(catalog, files), [], **runtime) == []


def test_auto_means_the_type_of_the_base_model(catalog: Catalog) -> None:
    known = quantized(catalog, "gptq")
    models = {ref: replace(model, dtype="bfloat16") for ref, model in known.base_models.items()}
    (told,) = faults(replace(catalog, base_models=models), [], quantization="gptq")
    assert "float16 only, and auto is the base model's bfloat16" in told
    assert faults(known, [], quantization="gptq") == []


def test_a_quantization_that_fits_is_taken(catalog: Catalog) -> None:
    assert faults(quantized(catalog, "awq"), [], quantization="awq", dtype="float16") == []
    assert faults(catalog, [], quantization="fp8") == []


def test_flags_stand_after_those_of_the_settings() -> None:
    options = VllmOptions(
        served_model_name="x",
        max_model_len=128,
        max_num_seqs=1,
        gpu_memory_utilization=0.9,
        tensor_parallel_size=1,
        dtype="float16",
        quantization="awq",
        shutdown_timeout=60,
        extra=["--enforce-eager"],
    )
    assert options.flags()[-3:] == ["--quantization=awq", "--shutdown-timeout=60", "--enforce-eager"]
