"""Kubernetes quantities as exact numbers."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # it brings the policy SDK: a fifth of a second, also for whoever asks for a number alone
    from policies.judging.values import JsonValue

_SUFFIXES = {
    **{"n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("1e-3"), "": Decimal(1)},
    **{letter: Decimal(1000) ** (power + 1) for power, letter in enumerate("kMGTPE")},
    **{f"{letter}i": Decimal(1024) ** (power + 1) for power, letter in enumerate("KMGTPE")},
}
_LONGEST = 100
"""Characters of a quantity: numbers of thousands of digits are no figures, and Python does not write them."""

_QUANTITY = re.compile(
    r"(?P<number>[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))(?:[eE](?P<power>[+-]?[0-9]{1,2})|(?P<suffix>[a-zA-Z]{0,2}))", re.A
)


def quantity(value: JsonValue) -> Decimal | None:
    """The number that a quantity stands for, such as `500m` or `16Gi`; None for what is no quantity.

    Grammar: k8s.io/apimachinery, pkg/api/resource/quantity.go.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return Decimal(str(value)) if math.isfinite(value) else None
    match = _QUANTITY.fullmatch(value) if isinstance(value, str) and len(value) <= _LONGEST else None
    if match is None:
        return None
    if match["power"]:
        return Decimal(match["number"]) * Decimal(10) ** int(match["power"])
    factor = _SUFFIXES.get(match["suffix"])
    return None if factor is None else Decimal(match["number"]) * factor
