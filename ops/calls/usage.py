"""Adds calls up: how many, how many refused, their tokens, and what they cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from ops.calls.prices import Prices
from ops.calls.reading import Call

FIELDS = ("environment", "tenant", "issuer", "caller", "kitchen", "model", "adapter", "baseModel", "decision", "day")
"""By what calls can be added up. A caller is one within an issuer: who asks for `caller` gets the issuer too."""

_PLACES = Decimal("0.01")
_TOKENS = {"promptTokens": "prompt", "completionTokens": "completion", "totalTokens": "total"}
_COLUMNS = ("calls", "refused", *_TOKENS.values(), "untold")


class Usage:
    """Sums by the values of some fields; `add` takes calls in any order.

    With a `tenant` the sums are of its callers alone; a kitchen's GPUs are divided among the calls of all.
    """

    def __init__(self, by: Sequence[str], tenant: str | None = None) -> None:
        """Start with nothing."""
        self._by, self._tenant = _with_issuer(by), tenant
        self._sums: dict[tuple[Any, ...], Counter[str]] = {}
        self._of_kitchens: dict[tuple[Any, ...], Counter[str]] = {}
        self._kitchens: Counter[str] = Counter()

    @property
    def tokens(self) -> dict[str, int]:
        """Tokens of the kitchens, of all tenants that were counted."""
        return dict(self._kitchens)

    def add(self, calls: Iterable[Call]) -> Usage:
        """Count calls; return itself."""
        for call in calls:
            kitchen, total = str(call.get("kitchen")), _number(call.get("totalTokens"))
            self._kitchens[kitchen] += total
            if self._tenant not in (None, call.get("tenant")):
                continue
            key = tuple(_value(call, name) for name in self._by)
            self._of_kitchens.setdefault(key, Counter())[kitchen] += total
            sums = self._sums.setdefault(key, Counter())
            sums["calls"] += 1
            sums["refused"] += call.get("decision") != "allowed"
            for name, title in _TOKENS.items():
                sums[title] += _number(call.get(name))
            # A stream that was cut before its server told anything: not nothing, but not known.
            sums["untold"] += bool(
                call.get("model") and call.get("decision") == "allowed" and call.get("totalTokens") is None
            )
        return self

    def rows(self, prices: Prices) -> list[dict[str, Any]]:
        """A row for each combination of values, in their order; with costs where a price is known.

        What of a cost is not known is no part of it: `prices.not_counted` says what.
        """
        made = []
        for key, sums in sorted(self._sums.items(), key=lambda item: tuple(str(value or "") for value in item[0])):
            row = dict(zip(self._by, key, strict=True)) | {column: sums[column] for column in _COLUMNS}
            made.append(row | _told(prices, *self._costs(key, prices)))
        return made

    def sum_row(self, prices: Prices) -> dict[str, Any]:
        """The sums of all rows, without a value in the fields; costs are added before they are rounded."""
        row: dict[str, Any] = dict.fromkeys(self._by)
        row |= {name: sum(sums[name] for sums in self._sums.values()) for name in _COLUMNS}
        row[self._by[0]] = "(all)"
        costs = [self._costs(key, prices) for key in self._sums]
        tokens, gpus = (sum((cost[place] for cost in costs), Decimal(0)) for place in (0, 1))
        return row | _told(prices, tokens, gpus)

    def _costs(self, key: tuple[Any, ...], prices: Prices) -> tuple[Decimal, Decimal]:
        """Of tokens, and of GPUs."""
        of_tokens = of_gpus = Decimal(0)
        for kitchen, tokens in self._of_kitchens[key].items():
            of_tokens += (prices.token(kitchen) or Decimal(0)) * tokens / 1000
            if tokens:
                of_gpus += (prices.gpus(kitchen) or Decimal(0)) * tokens / self._kitchens[kitchen]
        return of_tokens, of_gpus


def _told(prices: Prices, of_tokens: Decimal, of_gpus: Decimal) -> dict[str, str]:
    """Costs as text: those of tokens and of GPUs where there are prices of them, and their sum."""
    gpus = prices.of_gpus and bool(prices.gpu_hours)
    parts = {"tokenCost": of_tokens if prices.of_tokens else None, "gpuCost": of_gpus if gpus else None}
    known = {name: cost for name, cost in parts.items() if cost is not None}
    if not known:
        return {}
    costs = {name: str(cost.quantize(_PLACES)) for name, cost in {**known, "cost": of_tokens + of_gpus}.items()}
    return costs | ({} if prices.currency is None else {"currency": prices.currency})


def _with_issuer(by: Sequence[str]) -> list[str]:
    expanded = [name for field_ in by for name in (("issuer", "caller") if field_ == "caller" else (field_,))]
    return list(dict.fromkeys(expanded))


def _value(call: Call, name: str) -> Any:
    return str(call.get("time"))[:10] if name == "day" else call.get(name)


def _number(value: object) -> int:
    return int(value) if isinstance(value, int | float) else 0
