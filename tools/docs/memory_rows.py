"""Public start-up logs recomputed: what this repository counts beside what vLLM said, as docs/memory.md shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from components.gpu import Fit, Load, ModelShape, fits
from components.gpu.memory import FITS, FITS_NOT, capacity_tokens, pool_of
from components.gpu.memory_shape import GIB
from components.gpu.memory_versions import DEFAULT_VERSION
from components.gpu.products import PRODUCTS_MIB
from infra.shapes import shape_of

_HEAD = "| row | model, GPU, setting | weights | LoRA | room | tokens | other | verdict | really | source |"

STARTS, FAILS = "starts", "fails"
_BEGIN, _END = "<!-- rows: made by `make docs` -->\n", "<!-- end of rows -->"


@dataclass(frozen=True, kw_only=True)
class Row:
    """A public log: what it is of, what it said (`seen`), and what is counted for it. GiB are of one GPU.

    `unexplained` says why its tokens or blocks are none that can be counted; empty for all others.
    """

    name: str
    model: str
    source: str
    shape: ModelShape
    load: Load
    fit: Fit
    seen: Mapping[str, Any]
    unexplained: str = ""

    def counted(self) -> Mapping[str, float]:
        """The same figures as in `seen`, as they are counted."""
        cache = pool_of(self.shape, self.load)
        length = self.load.max_model_len
        return {
            "weightsGiB": self.fit.weights,
            "loraGiB": self.fit.loras,
            "roomGiB": self.fit.budget - self.fit.weights - self.fit.loras - self.fit.overhead,
            "tokens": capacity_tokens(self.shape, self.load, self.fit),
            "blocks": self.fit.room * GIB // cache.block_bytes,
            "neededGiB": self.fit.longest,
            "bytesAToken": cache.block_bytes * cache.at_start(length) / length,
        }

    def error(self, key: str) -> float | None:
        """How far a counted figure is from the one that was seen, in percent; None where none was."""
        seen = self.seen.get(key)
        return None if not seen or seen < 0 else 100 * (self.counted()[key] / seen - 1)

    def wrong(self) -> bool:
        """Whether the verdict is "fits" for what died, or "does not fit" for what ran."""
        outcome = self.seen.get("outcome")
        return self.fit.verdict == {FAILS: FITS, STARTS: FITS_NOT}.get(str(outcome), "")


def read_rows(path: Path) -> list[Row]:
    """Every row of the data file, computed."""
    data = yaml.safe_load(path.read_text())
    return [_row(data["models"], said) for said in data["rows"]]


def table(rows: list[Row]) -> str:
    """The rows as a table in Markdown; a seen figure stands behind the counted one, with the error in percent."""
    lines = [_HEAD, "|" + "---|" * (_HEAD.count("|") - 1), *(_line(row) for row in rows)]
    odd = [f"Row {row.name} is not explained: {row.unexplained}." for row in rows if row.unexplained]
    return "\n".join([*lines, "", *odd])


def memory_page(folder: Path) -> str:
    """docs/memory.md with its table made anew from memory-rows.yaml, both in `folder`."""
    before, _, rest = (folder / "memory.md").read_text().partition(_BEGIN)
    return f"{before}{_BEGIN}\n{table(read_rows(folder / 'memory-rows.yaml'))}\n\n{_END}{rest.partition(_END)[2]}"


def _row(models: Mapping[str, Any], said: Mapping[str, Any]) -> Row:
    model = models[said["model"]]
    shape, load = shape_of(model["config"]), _load(model, said)
    return Row(
        name=said["row"],
        model=said["model"],
        source=said["source"],
        shape=shape,
        load=load,
        fit=fits(shape, load),
        seen=said["seen"],
        unexplained=said.get("unexplained", ""),
    )


def _load(model: Mapping[str, Any], said: Mapping[str, Any]) -> Load:
    product = said["product"]
    return Load(
        memory_gib=said["memoryGiB"] if "memoryGiB" in said else PRODUCTS_MIB[product] / 1024,
        product=product,
        version=str(said.get("version", DEFAULT_VERSION)),
        utilization=said.get("utilization", 0.9),
        tensor_parallel=said.get("gpus", 1),
        dtype=said.get("dtype", "bfloat16"),
        quantization=model.get("quantization"),
        weights=model["filesGiB"] * GIB,
        kv_cache_dtype=said.get("kvCacheDtype", "auto"),
        prefix_caching=said.get("prefixCaching"),
        max_loras=said.get("maxLoras", 0),
        max_lora_rank=said.get("maxLoraRank", 16),
        fully_sharded_loras=said.get("fullyShardedLoras", False),
        max_model_len=said["maxModelLen"],
        concurrency=said.get("concurrency", 256),
        batched_tokens=said.get("batchedTokens"),
        media=said.get("media", True),
        eager=said.get("eager", False),
        hybrid_manager=said.get("hybridManager", True),
        tokens_per_request=1,
    )


def _line(row: Row) -> str:
    load = row.load
    gpus = f"{load.tensor_parallel} x " if load.tensor_parallel > 1 else ""
    where = f"{row.model}, {gpus}{load.product.removeprefix('NVIDIA-')}, {load.utilization:g}, {load.max_model_len:,}"
    other = f"{row.fit.other.low:.1f}-{row.fit.other.high:.1f}"
    cells = [_cell(row, "weightsGiB"), _cell(row, "loraGiB"), _cell(row, "roomGiB"), _tokens(row), other]
    cells += [row.fit.verdict.partition(":")[0], str(row.seen.get("outcome", "-"))]
    return f"| {row.name} | {where} | {' | '.join(cells)} | {row.source} |"


def _tokens(row: Row) -> str:
    found = [_cell(row, key) for key in ("tokens", "blocks", "neededGiB", "bytesAToken") if key in row.seen]
    return ", ".join(found) or "-"


_UNITS = {"blocks": " blocks", "neededGiB": " GiB needed", "bytesAToken": " bytes a token"}


def _cell(row: Row, key: str) -> str:
    counted, seen = row.counted()[key], row.seen.get(key)
    if key == "loraGiB" and not counted:
        return "-"
    form = ",.0f" if key in ("tokens", "blocks", "bytesAToken") else ".2f"
    if seen is None:
        return f"{counted:{form}}"
    error = row.error(key)
    beside = "" if error is None or (key == "roomGiB" and seen < 1) else f" {error:+.1f}%"
    return f"{counted:{form}} / {seen:{form}}{_UNITS.get(key, '')}{beside}"


def misses(rows: list[Row]) -> Iterator[str]:
    """What breaks the bounds that the table is held to, in words."""
    for row in rows:
        for key, bound in (("weightsGiB", 2), ("tokens", 15), ("blocks", 15), ("neededGiB", 2), ("bytesAToken", 2)):
            error = row.error(key)
            if error is not None and abs(error) > bound and not (key in ("tokens", "blocks") and row.unexplained):
                yield f"row {row.name}: {key} is off by {error:+.1f}%, more than {bound}%"
        if row.wrong():
            yield f"row {row.name}: {row.fit.verdict}, but it {row.seen['outcome']}"
