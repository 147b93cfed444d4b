"""Adds calls up: how many, how many refused, their tokens, and what they cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ops.calls.reading import Call

FIELDS = ("environment", "tenant", "issuer", "caller", "kitchen", "model", "adapter", "baseModel", "decision", "day")
"""By what calls can be added up. A caller is one within an issuer: who asks for `caller` gets the issuer too."""

_PLACES = Decimal("0.01")
_TOKENS = {"promptTokens": "prompt", "completionTokens": "completion", "totalTokens": "total"}


@dataclass(frozen=True, kw_only=True)
class Prices:
    """In any one currency. GPU hours of a kitchen are divided among its calls by their tokens."""

    thousand_tokens: Decimal = Decimal(0)
    gpu_hour: Decimal = Decimal(0)
    gpu_hours: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def known(self) -> bool:
        """Whether there is anything to calculate."""
        return bool(self.thousand_tokens or (self.gpu_hour and self.gpu_hours))


class Usage:
    """Sums by the values of some fields; `add` takes calls in any order."""

    def __init__(self, by: Sequence[str]) -> None:
        """Start with nothing."""
        self._by = _with_issuer(by)
        self._sums: dict[tuple[Any, ...], Counter[str]] = {}
        self._of_kitchens: dict[tuple[Any, ...], Counter[str]] = {}
        self._kitchens: Counter[str] = Counter()

    def add(self, calls: Iterable[Call]) -> Usage:
        """Count calls; return itself."""
        for call in calls:
            key = tuple(_value(call, name) for name in self._by)
            sums = self._sums.setdefault(key, Counter())
            sums["calls"] += 1
            sums["refused"] += call.get("decision") != "allowed"
            for name, title in _TOKENS.items():
                sums[title] += _number(call.get(name))
            # A stream that was cut before its server told anything: not nothing, but not known.
            sums["untold"] += bool(
                call.get("model") and call.get("decision") == "allowed" and call.get("totalTokens") is None
            )
            kitchen, total = str(call.get("kitchen")), _number(call.get("totalTokens"))
            self._of_kitchens.setdefault(key, Counter())[kitchen] += total
            self._kitchens[kitchen] += total
        return self

    def rows(self, prices: Prices) -> list[dict[str, Any]]:
        """A row for each combination of values, in their order; with `cost` where prices are known."""
        columns = ("calls", "refused", *_TOKENS.values(), "untold")
        made = []
        for key, sums in sorted(self._sums.items(), key=lambda item: tuple(str(value or "") for value in item[0])):
            row = dict(zip(self._by, key, strict=True)) | {column: sums[column] for column in columns}
            if prices.known:
                row["cost"] = str(self._cost(key, prices).quantize(_PLACES))
            made.append(row)
        return made

    def sum_row(self, prices: Prices) -> dict[str, Any]:
        """The sums of all rows, without a value in the fields; costs are added before they are rounded."""
        rows = self.rows(Prices())
        columns = ("calls", "refused", *_TOKENS.values(), "untold")
        row: dict[str, Any] = dict.fromkeys(self._by) | {name: sum(one[name] for one in rows) for name in columns}
        row[self._by[0]] = "(all)"
        if prices.known:
            row["cost"] = str(sum((self._cost(key, prices) for key in self._sums), Decimal(0)).quantize(_PLACES))
        return row

    def _cost(self, key: tuple[Any, ...], prices: Prices) -> Decimal:
        cost = prices.thousand_tokens * self._sums[key]["total"] / 1000
        for kitchen, tokens in self._of_kitchens[key].items():
            hours = prices.gpu_hours.get(kitchen)
            if hours is not None and self._kitchens[kitchen]:
                cost += prices.gpu_hour * hours * tokens / self._kitchens[kitchen]
        return cost


def _with_issuer(by: Sequence[str]) -> list[str]:
    expanded = [name for field_ in by for name in (("issuer", "caller") if field_ == "caller" else (field_,))]
    return list(dict.fromkeys(expanded))


def _value(call: Call, name: str) -> Any:
    return str(call.get("time"))[:10] if name == "day" else call.get(name)


def _number(value: object) -> int:
    return int(value) if isinstance(value, int | float) else 0
