"""Flags that share a model out over GPUs: what the pinned vLLM's ParallelConfig refuses is one line before."""

from __future__ import annotations

import pytest

from infra.flag_words import flag_word
from infra.rules.parallel_args import parallel_faults
from infra.runtime_settings import Runtime


def told(args: list[str], gpus: int = 1, *, experts: bool = False) -> list[str]:
    words = [flag_word(index, entry) for index, entry in enumerate(args)]
    return [
        str(fault)
        for fault in parallel_faults("args", words, Runtime(tensor_parallel_size=gpus, expert_parallel=experts))
    ]


@pytest.mark.parametrize(
    ("args", "gpus", "experts"),
    [
        ([], 1, False),
        (["--decode-context-parallel-size=1"], 1, False),
        (["--decode-context-parallel-size=2", "--dcp-comm-backend=a2a"], 4, False),
        (["--dcp-comm-backend=ag_rs"], 1, False),
        (["--eplb-config.num_redundant_experts=0"], 1, False),
        (["--no-enable-eplb"], 1, False),
        (["--enable-eplb", '--eplb-config={"num_redundant_experts": 2}'], 2, True),
        (["--eplb-config.communicator=pynccl", "--eplb-config.use_async=false"], 1, False),
    ],
)
def test_what_vllm_takes_is_taken(args: list[str], gpus: int, experts: bool) -> None:
    assert told(args, gpus, experts=experts) == []


@pytest.mark.parametrize(
    ("args", "gpus", "experts", "rule"),
    [
        (["--decode-context-parallel-size=2"], 1, False, "must divide tensorParallelSize, which is 1"),
        (["--decode-context-parallel-size=3"], 4, False, "must divide tensorParallelSize, which is 4"),
        (["--decode-context-parallel-size=0"], 2, False, "must divide tensorParallelSize"),
        (["--dcp-comm-backend=a2a"], 2, False, "needs --decode-context-parallel-size of 2 or more"),
        (["--enable-eplb"], 1, True, "example: tensorParallelSize: 2"),
        (["--enable-eplb"], 2, False, "example: expertParallel: true"),
        (["--enable-eplb"], 1, False, "example: expertParallel: true and tensorParallelSize: 2"),
        (["--eplb-config.num_redundant_experts=2"], 2, True, "need --enable-eplb"),
        (['--eplb-config={"num_redundant_experts": 2}', "--no-enable-eplb"], 2, True, "need --enable-eplb"),
        (["--eplb-config.policy=other"], 1, False, "the policy default is the only one"),
        (["--eplb-config.policy=other", "--eplb-config.use_async=false"], 1, False, "default is the only one"),
        (["--eplb-config.communicator=torch_nccl"], 1, False, "torch_nccl cannot move experts"),
    ],
)
def test_what_vllm_refuses_is_one_line(args: list[str], gpus: int, experts: bool, rule: str) -> None:
    (line,) = told(args, gpus, experts=experts)
    assert line.startswith("args[0]: ")
    assert rule in line
