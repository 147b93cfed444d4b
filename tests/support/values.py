"""Adapters whose values are spoilt, each made from a right one's file of weights."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load, save

Array = npt.NDArray[Any]
Change = Callable[[str, Array], Array]


def changed(content: bytes, change: Change) -> bytes:
    """The file with each tensor as `change` makes it, of its name and its numbers."""
    return save({name: change(name, numbers) for name, numbers in load(content).items()}, metadata={"format": "pt"})


def one_value(content: bytes, value: float, *, within: str = "layers.1.self_attn.v_proj.lora_B") -> bytes:
    """The file with one number in the midst of one tensor replaced."""

    def change(name: str, numbers: Array) -> Array:
        if within in name:
            numbers = numbers.copy()
            numbers.flat[numbers.size // 2] = value
        return numbers

    return changed(content, change)


def all_zero(content: bytes, *, within: str = "lora_B") -> bytes:
    """The file with zeros in every tensor whose name has the word."""
    return changed(content, lambda name, numbers: np.zeros_like(numbers) if within in name else numbers)


SPOILT: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "not a number": (lambda content: one_value(content, math.nan), "NaN"),
    "infinite": (lambda content: one_value(content, -math.inf), "-inf"),
    "overflow": (lambda content: one_value(content, 3e38), "3e+38"),
    "overflow in lora_A": (lambda content: one_value(content, 3e38, within="q_proj.lora_A"), "3e+38"),
    "zeros": (all_zero, "answers as its base model"),
    "zeros in lora_A": (lambda content: all_zero(content, within="lora_A"), "answers as its base model"),
}
"""What spoils the weights, and what is said of it."""
