"""What versions of vLLM do with memory where they differ, as facts with their sources."""

from __future__ import annotations

import re
from dataclasses import dataclass

DEFAULT_VERSION = "0.27.1"
"""The version that is counted with where none is said: that of the catalog's image."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A figure that is not known exactly: at least, probably, at most."""

    low: float
    likely: float
    high: float

    def __add__(self, other: Estimate) -> Estimate:
        """The sum of two, each at its end."""
        return Estimate(low=self.low + other.low, likely=self.likely + other.likely, high=self.high + other.high)

    def __mul__(self, factor: float) -> Estimate:
        """Each end so many times."""
        return Estimate(low=self.low * factor, likely=self.likely * factor, high=self.high * factor)

    def or_more(self, other: Estimate) -> Estimate:
        """The larger of two at each end: phases of which the second starts when the first is over."""
        return Estimate(
            low=max(self.low, other.low), likely=max(self.likely, other.likely), high=max(self.high, other.high)
        )


@dataclass(frozen=True, kw_only=True)
class Engine:
    """A version's habits: `logit_bytes` that the sampler takes for a logit, whether its phases add up, whether CUDA
    graphs are taken from the budget, whether GPUs share the encoding of pictures, and how many batches may be computed
    at once."""

    logit_bytes: Estimate
    phases_add: bool
    graphs_inside: bool
    encoder_shared: bool
    batches_in_flight: int
    non_torch_gib: Estimate


_SORTING = Estimate(low=30, likely=40, high=46)
"""Sampling by sorting: logits in bfloat16 and float32, sorted values and 64-bit places, their sums and masks: 36 to 45
bytes in the logs of vllm#13882 (1.42 GiB for 256 x 152,064), #23278 and #27508 (1,024 x 201,088), #21348."""

_PIVOTS = Estimate(low=10, likely=16, high=26)
"""Top-k and top-p by pivots, without sorting (PR 33538): bfloat16 and float32 logits, probabilities, noise
(vllm/v1/sample/ops/topk_topp_sampler.py, forward_native)."""

_CONTEXT = Estimate(low=0.1, likely=0.3, high=0.9)
"""Memory of CUDA and libraries beside PyTorch's, in GiB, as the profile sees it: 0.03 to 0.6 in logs of one GPU."""

_OLD_CONTEXT = Estimate(low=1.0, likely=1.6, high=2.0)
"""Before 0.7 CUDA's own context was in it, too: 1.79 GiB in PR 10511."""


def engine(version: str) -> Engine:
    """The habits of a version; of one that is no number, those of the catalog's image.

    Sources: profiling adds phases since the V1 engine (0.8, vllm/v1/worker/gpu_worker.py); the sampler without sorting
    is PR 33538 (0.17); encoders are split like the model (mm_encoder_tp_mode `weights`): the log of 0.8.3 shows a whole
    one on each of four GPUs (vllm#16570), that of 0.27 half of one on each of two (club-3090#1087); graphs are profiled
    and taken from the budget since 0.21 (gpu_worker.py says so in its log); windows keep the tokens of two batches with
    asynchronous scheduling (vllm/config/vllm.py, max_in_flight_tokens).
    """
    number = numbers(version)
    return Engine(
        logit_bytes=_PIVOTS if number >= (0, 17) else _SORTING,
        phases_add=number >= (0, 8),
        graphs_inside=number >= (0, 21),
        encoder_shared=number >= (0, 9),
        batches_in_flight=2 if number >= (0, 21) else 1,
        non_torch_gib=_CONTEXT if number >= (0, 7) else _OLD_CONTEXT,
    )


def numbers(version: str) -> tuple[int, ...]:
    """A version's numbers, such as (0, 27, 1)."""
    found = re.match(r"v?(\d+)\.(\d+)(?:\.(\d+))?", version)
    if found is None:
        return numbers(DEFAULT_VERSION)
    return tuple(int(part) for part in found.groups(default="0"))


def default_batch(memory_gib: float, product: str, version: str) -> int:
    """vLLM's default `--max-num-batched-tokens` of a server: by the GPU's memory, and smaller on an A100.

    Source: vllm/engine/arg_utils.py, get_batch_defaults; GPUs of 160 GiB and more have 16,384 since 0.33.
    """
    if memory_gib >= 160 and numbers(version) >= (0, 33):
        return 16384
    return 8192 if memory_gib >= 70 and "a100" not in product.lower() else 2048


def captured_sizes(concurrency: int, largest: int = 512) -> int:
    """How many batch sizes get a CUDA graph (vllm/config/vllm.py, _set_cudagraph_sizes): up to twice the requests."""
    top = min(2 * concurrency, largest)
    sizes = {size for size in (1, 2, 4) if size <= top}
    sizes |= set(range(8, min(top + 1, 256), 8)) | set(range(256, top + 1, 16))
    return len(sizes)
