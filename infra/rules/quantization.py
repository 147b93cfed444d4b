"""Rules about how a base model's weights are quantized: as its files are, or, where they are not, while loading.

Sources: vllm/config/model.py (_verify_quantization), vllm/model_executor/model_loader/weight_utils.py
(get_quant_config) and get_supported_act_dtypes of each method in vllm/model_executor/layers/quantization.
"""

from __future__ import annotations

from collections.abc import Iterator

from infra.catalog import BaseModel, Catalog
from infra.faults import Fault
from infra.runtime_settings import Runtime
from infra.settings import Settings

_WHILE_LOADING = ("fp8", "bitsandbytes", "experts_int8")
"""Methods that vLLM applies to weights that are not quantized; the others need the files' own configuration."""

_KERNELS = {
    "awq": ("awq", "awq_marlin", "moe_wna16"),
    "gptq": ("gptq", "gptq_marlin", "moe_wna16"),
    "modelopt": ("modelopt", "modelopt_fp4"),
}
"""What a setting may say of files of a method, where that is more than the method's own name."""

_ONLY = {"awq": "float16", "gptq": "float16", "mxfp4": "bfloat16"}
"""Methods that vLLM computes in one type."""

_CHOSEN = ("mxfp4",)
"""Of these, what vLLM also takes where the files say it and no setting does: for awq and gptq it takes Marlin then."""

_BETTER = {"awq": ", or quantization: awq_marlin", "gptq": ", or quantization: gptq_marlin"}


def quantization_faults(settings: Settings, catalog: Catalog) -> Iterator[Fault]:
    """A stated quantization must be what the files have or can be brought into, and `dtype` one it is computed in."""
    for kitchen in settings.kitchens.values():
        path, said = f"kitchens.{kitchen.name}.runtime", kitchen.runtime
        model = catalog.base_models.get(kitchen.base_model)
        faults = [] if model is None else list(_method_faults(path, said, model))
        yield from faults or _type_faults(path, said, model)


def _method_faults(path: str, said: Runtime, model: BaseModel) -> Iterator[Fault]:
    method, files = said.quantization, model.quantization
    if method is None:
        return
    if files is not None and method not in _KERNELS.get(files, (files,)):
        rule = f"the files of {model.ref} are quantized with {files}: vLLM refuses another method"
        example = f"quantization: {files}, or none: vLLM reads it from the files"
        yield Fault(path=f"{path}.quantization", value=method, rule=rule, example=example)
    elif files is None and method not in _WHILE_LOADING:
        rule = (
            f"needs files that are quantized so, and the catalog says of {model.ref} that its files are not: "
            f"while loading vLLM quantizes with {', '.join(_WHILE_LOADING)} only"
        )
        yield Fault(path=f"{path}.quantization", value=method, rule=rule, example="quantization: fp8")


def _type_faults(path: str, said: Runtime, model: BaseModel | None) -> Iterator[Fault]:
    files = None if model is None or model.quantization not in _CHOSEN else model.quantization
    method = said.quantization or files or ""
    only = _ONLY.get(method)
    if only is None:
        return
    # For a float32 model vLLM chooses one of the two itself.
    known = model is not None and model.dtype in _ONLY.values()
    meant = model.dtype if said.dtype == "auto" and model is not None and known else said.dtype
    if meant not in (only, "auto"):
        auto = "" if said.dtype != "auto" else f", and auto is the base model's {meant}"
        yield Fault(
            path=f"{path}.dtype",
            value=said.dtype,
            rule=f"quantization {method} is computed in {only} only{auto}: vLLM refuses to start",
            example=f"dtype: {only}{_BETTER.get(method, '')}",
        )
