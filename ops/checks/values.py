"""The values of an adapter's weights, by the check that its pods make: what it refuses never gets that far."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from infra.catalog import BaseModel
from infra.faults import Fault
from infra.payload.tensor_values import Values, ValuesError, scale_of
from ops.checks.adapter_config import FILE
from ops.checks.files import Content

_CHUNK = 1024 * 1024
_TOLD = 5


def value_faults(folder: Path, name: str, content: Content, base: BaseModel | None) -> Iterator[Fault]:
    """Values that spoil or overflow, and adapters that change nothing; `content` gets a note on single modules.

    A file of zeros alone, lora_A included, is no trained adapter: names and shapes may be checked with it, and it is
    withheld from what publishes.
    The data type is the one in which vLLM computes the base model where a kitchen asks for no other.
    """
    values = Values("" if base is None else base.served_dtype, scale_of(content.parsed.get(FILE)))
    try:
        with (folder / name).open("rb") as file:
            for piece in iter(lambda: file.read(_CHUNK), b""):
                values.update(piece)
        values.finish()
    except (ValuesError, OSError):
        return  # told already: the header has faults, a type is no float, or nothing is in the file
    if values.blank:
        rule = f"{values.wrong[0].rule}; every number is zero, of lora_A too: these are shapes without weights"
        content.withheld.append(Fault(path=name, value="all zeros", rule=rule, example="the trained weights"))
        content.notes.append("every number is zero, of lora_A too: shapes without weights, which publish refuses")
        return
    for wrong in values.wrong[:_TOLD]:
        more = len(values.wrong) - _TOLD
        also = f" (and {more} more tensors)" if more > 0 and wrong is values.wrong[0] else ""
        yield Fault(path=f"{name}: {wrong.tensor}", value=wrong.value, rule=f"{wrong.rule}{also}", example="0.0078125")
    if values.idle and not values.wrong:
        first = values.idle[0].removeprefix("base_model.model.")
        content.notes.append(f"{len(values.idle)} modules change nothing, one of their matrices is all zeros: {first}")
