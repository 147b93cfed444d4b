"""Rules about the data types that a quantization can be computed in."""

from __future__ import annotations

from collections.abc import Iterator

from infra.catalog import Catalog
from infra.faults import Fault
from infra.settings import Settings

_ONLY = {"awq": "float16", "gptq": "float16", "mxfp4": "bfloat16"}
"""Methods that vLLM computes in one type (get_supported_act_dtypes of each, model_executor/layers/quantization)."""

_BETTER = {"awq": ", or quantization: awq_marlin", "gptq": ", or quantization: gptq_marlin"}


def quantization_faults(settings: Settings, catalog: Catalog) -> Iterator[Fault]:
    """`dtype` must be one that the quantization is computed in; `auto` means the base model's own."""
    for kitchen in settings.kitchens.values():
        said = kitchen.runtime
        only = _ONLY.get(said.quantization or "")
        if only is None:
            continue
        model = catalog.base_models.get(kitchen.base_model)
        # For a float32 model vLLM chooses one of the two itself.
        known = model is not None and model.dtype in _ONLY.values()
        meant = model.dtype if said.dtype == "auto" and model is not None and known else said.dtype
        if meant not in (only, "auto"):
            auto = "" if said.dtype != "auto" else f", and auto is the base model's {meant}"
            yield Fault(
                path=f"kitchens.{kitchen.name}.runtime.dtype",
                value=said.dtype,
                rule=f"quantization {said.quantization} is computed in {only} only{auto}: vLLM refuses to start",
                example=f"dtype: {only}{_BETTER.get(said.quantization or '', '')}",
            )
