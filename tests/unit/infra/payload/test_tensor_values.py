"""The look at values against NumPy's own arithmetic: nothing that spoils passes, nothing that is trained is refused."""

from __future__ import annotations

import json
import math
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.payload.tensor_values import SERVED, Values, ValuesError, lines, scale_of
from tests.support.artifacts import safetensors

STEM = "base_model.model.model.layers.{}.self_attn.q_proj.lora_{}.weight"
A, B = STEM.format(0, "A"), STEM.format(0, "B")
LARGEST = {"float16": 65504.0, "bfloat16": 3.3895313892515355e38, "float32": 3.4028234663852886e38}


def as_bytes(dtype: str, numbers: list[float]) -> bytes:
    """The numbers in a type of the format; bfloat16 is the upper half of a float32, cut."""
    with np.errstate(over="ignore"):
        if dtype == "F16":
            return np.array(numbers, dtype="<f2").tobytes()
        whole = np.array(numbers, dtype="<f4").tobytes()
    return whole if dtype == "F32" else b"".join(whole[at + 2 : at + 4] for at in range(0, len(whole), 4))


def file(dtype: str, **matrices: list[float]) -> bytes:
    header, data = {}, b""
    for short, numbers in matrices.items():
        name = {"a": A, "b": B}.get(short, short)
        new = as_bytes(dtype, numbers)
        header[name] = {"dtype": dtype, "shape": [1, len(numbers)], "data_offsets": [len(data), len(data) + len(new)]}
        data += new
    return safetensors(header, data)


def looked(content: bytes, served: str = "bfloat16", scale: float = 1.0, piece: int = 1 << 20) -> Values:
    values = Values(served, scale)
    for at in range(0, len(content), piece):
        values.update(content[at : at + piece])
    values.finish()
    return values


def said(content: bytes, served: str = "bfloat16", scale: float = 1.0, piece: int = 1 << 20) -> list[str]:
    return lines(looked(content, served, scale, piece).wrong)


@pytest.mark.parametrize("dtype", ["F32", "F16", "BF16"])
@pytest.mark.parametrize("served", [*SERVED, ""])
@pytest.mark.parametrize("value", [math.nan, -math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("at", [0, 1, 998, 999])
def test_one_value_that_is_no_number_is_found(dtype: str, served: str, value: float, at: int) -> None:
    numbers = [0.01] * 1000
    numbers[at] = value
    (found,) = looked(file(dtype, a=[0.5] * 8, b=numbers), served).wrong
    assert found.tensor == B
    assert found.value == ("NaN" if math.isnan(value) else f"{value:g}")


def test_every_pattern_that_is_no_number_is_found() -> None:
    """The quiet and the signalling ones, of both signs."""
    for pattern in (0x7F800001, 0xFF800001, 0x7FFFFFFF, 0xFFFFFFFF, 0x7FC00000, 0x7F800000):
        content = file("F32", a=[0.5], b=[0.5])
        assert said(content[:-4] + struct.pack("<I", pattern)) != [], hex(pattern)


@pytest.mark.parametrize(("dtype", "value"), [("F32", 3e38), ("BF16", 3e38), ("F32", 1e30), ("F32", -3e38)])
@pytest.mark.parametrize("matrix", ["a", "b"])
def test_what_overflows_in_use_is_found_though_it_is_finite(dtype: str, value: float, matrix: str) -> None:
    content = file(dtype, **({"a": [0.5] * 9, "b": [0.5] * 9} | {matrix: [0.5] * 8 + [value]}))
    (told,) = said(content)
    assert "overflows bfloat16" in told
    assert (A if matrix == "a" else B) in told


def test_the_served_type_decides() -> None:
    content = file("F32", a=[0.5], b=[70_000.0])
    assert said(content, "bfloat16") == said(content, "float32") == said(content, "") == []
    assert "overflows float16" in said(content, "float16")[0]


def test_the_scale_counts_for_the_second_matrix() -> None:
    assert said(file("F16", a=[200.0], b=[200.0]), "float16") == []
    assert B in said(file("F16", a=[200.0], b=[200.0]), "float16", 2.0)[0]
    assert scale_of({"r": 8, "lora_alpha": 16}) == 2
    assert scale_of({"r": 16, "lora_alpha": 16, "use_rslora": True}) == 4
    for broken in ({}, [], None, {"r": 0, "lora_alpha": 1}, {"r": "8", "lora_alpha": 1}, {"r": 8, "lora_alpha": 1e309}):
        assert scale_of(broken) == 1


@pytest.mark.parametrize("zeros", ["a", "b"])
@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_an_adapter_that_changes_nothing_is_refused(zeros: str, zero: float) -> None:
    content = file("BF16", **({"a": [0.5] * 4, "b": [0.5] * 4} | {zeros: [zero] * 4}))
    (told,) = said(content)
    assert "answers as its base model" in told


def test_a_single_module_that_changes_nothing_is_told_alone() -> None:
    more = {STEM.format(1, "A"): [0.5], STEM.format(1, "B"): [0.5]}
    found = looked(file("F32", a=[0.5], b=[0.0], **more))
    assert found.wrong == []
    assert found.idle == [A.removesuffix(".lora_A.weight")]


@pytest.mark.parametrize("dtype", ["F32", "F16", "BF16"])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_one_number_that_is_not_zero_is_enough(dtype: str, sign: float) -> None:
    """Also the smallest there is, and late in the matrix."""
    smallest = {"F32": 2.0**-149, "F16": 2.0**-24, "BF16": 2.0**-133}[dtype] * sign
    served = {"F32": "float32", "F16": "float16", "BF16": "bfloat16"}[dtype]
    assert looked(file(dtype, a=[0.5], b=[0.0] * 100_000 + [smallest]), served).wrong == []
    assert looked(file(dtype, a=[0.5], b=[0.0] * 100_000 + [0.0 * sign]), served).wrong != []


@pytest.mark.parametrize(
    ("dtype", "served", "largest"),
    [("F32", "float16", 2.0**-25), ("BF16", "float16", 2.0**-25), ("F32", "bfloat16", 2.0**-134)],
)
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_what_the_server_s_type_makes_zero_is_zero(dtype: str, served: str, largest: float, sign: float) -> None:
    numbers = [0.0] * 5000
    assert "answers as its base model in " in said(file(dtype, a=[0.5], b=[*numbers, largest * sign]), served)[0]
    assert said(file(dtype, a=[0.5], b=[*numbers, 1.5 * largest * sign]), served) == []
    assert said(file(dtype, a=[0.5], b=[*numbers, largest * sign]), "") == []


def test_a_scale_that_makes_everything_zero_is_told() -> None:
    content = file("F32", a=[0.5], b=[0.5] * 9)
    for alpha in (1e-300, 5e-324):
        assert "answers as its base model" in said(content, "float32", scale_of({"r": 1, "lora_alpha": alpha}))[0]
    assert said(content, "float16", 2.0**-23) == []
    assert said(content, "float16", 2.0**-24) != []


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.floats(width=32, allow_nan=True, allow_infinity=True), min_size=1, max_size=40),
    st.sampled_from(["F32", "F16", "BF16"]),
    st.sampled_from(SERVED),
    st.sampled_from([0.125, 1.0, 2.0, 64.0]),
    st.integers(1, 200),
)
def test_it_agrees_with_numpy(numbers: list[float], dtype: str, served: str, scale: float, piece: int) -> None:
    raw = as_bytes(dtype, numbers)
    if dtype == "F16":
        held = np.frombuffer(raw, "<f2").astype(np.float64)
    else:
        wide = raw if dtype == "F32" else b"".join(b"\0\0" + raw[at : at + 2] for at in range(0, len(raw), 2))
        with np.errstate(invalid="ignore"):
            held = np.frombuffer(wide, "<f4").astype(np.float64)
    bound = math.sqrt(LARGEST[served]) / max(scale, 1.0)
    clear = [value for value in held if not math.isclose(abs(value), bound, rel_tol=1e-2)]
    bad = any(not math.isfinite(value) or abs(value) > bound for value in clear)
    found = looked(file(dtype, a=[0.5], b=numbers), served, scale, piece).wrong
    told = [wrong for wrong in found if "zero" not in wrong.value]
    if len(clear) == len(held):
        assert bool(told) is bad
    if all(value == 0 for value in held):
        assert found


def test_many_are_told_shortly() -> None:
    matrices = {STEM.format(layer, half): [math.nan] for layer in range(50) for half in "AB"}
    told = said(file("F32", **matrices))
    assert len(told) == 4
    assert told[-1] == "and 97 more tensors"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x10\0\0",
        struct.pack("<Q", 2**40) + b"{}",
        safetensors(b"[]"),
        safetensors(b"{"),
        safetensors({A: {"dtype": "F32"}}),
        safetensors({A: {"dtype": "F8_E4M3", "shape": [1], "data_offsets": [0, 1]}}, b"x"),
        safetensors({A: {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}, bytes(8)),
        safetensors({A: {"dtype": "F32", "shape": [1], "data_offsets": [0, 3]}}, bytes(3)),
        safetensors({A: {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}, bytes(4)),
        safetensors(b'{"a": ' + b"[" * 100_000),
    ],
)
def test_what_is_no_file_of_matrices_is_refused(content: bytes) -> None:
    values = Values("bfloat16")
    with pytest.raises(ValuesError):
        values.update(content)
        values.finish()


def test_the_size_of_the_pieces_does_not_matter() -> None:
    numbers = [0.01 * number for number in range(100)]
    numbers[37] = math.nan
    for dtype in ("F32", "F16", "BF16"):
        content = file(dtype, a=[0.5] * 3, b=numbers)
        told: Any = [json.dumps(said(content, piece=size)) for size in (1, 2, 3, 5, 7, 64, 10_000)]
        assert len(set(told)) == 1
        assert "NaN" in told[0]


@pytest.mark.parametrize("end", ["1e400", "Infinity", "-Infinity", "NaN", "4.0", '"4"', "true"])
def test_offsets_that_are_no_whole_numbers_are_refused(end: str) -> None:
    """Python's JSON reads numbers that are too large as infinity, of which no whole number can be made."""
    header = f'{{"{A}": {{"dtype": "F32", "shape": [1, 1], "data_offsets": [0, {end}]}}}}'.encode()
    with pytest.raises(ValuesError, match="data_offsets that are no whole numbers"):
        looked(len(header).to_bytes(8, "little") + header + b"\0\0\0\0")
