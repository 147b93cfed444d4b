"""Arguments and run of `kitchen usage`."""

from __future__ import annotations

import argparse
import json
from decimal import Decimal, InvalidOperation

from infra.faults import Fault, FaultsError
from ops.calls import options as shared
from ops.calls.prices import not_counted, overridden, stated
from ops.calls.table import as_csv, table
from ops.calls.usage import FIELDS, Usage

LARGEST = 10**9
"""Of a price and of hours: as the schema has it for `prices`. A cost has more digits than that by far."""

_BY = "tenant,caller,model"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    shared.add_place(parser)
    parser.add_argument("--month", required=True, metavar="YYYY-MM", help="in UTC")
    parser.add_argument("--tenant", metavar="NAME", help="whose callers; without it refused calls of nobody too")
    parser.add_argument("--by", default=_BY, metavar="FIELDS", help=f"of {', '.join(FIELDS)} (default: {_BY})")
    instead = "in place of what the settings' `prices` say, for all kitchens"
    parser.add_argument("--price-thousand-tokens", metavar="PRICE", help=f"of prompt and answer together, {instead}")
    parser.add_argument("--price-gpu-hour", metavar="PRICE", help=f"of one GPU, {instead}")
    parser.add_argument(
        "--gpu-hours",
        action="append",
        default=[],
        metavar="KITCHEN=HOURS",
        help="hours that a kitchen's GPUs were held; divided among its calls by their tokens; repeatable",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true")
    form.add_argument("--json", action="store_true")


def run(options: argparse.Namespace) -> int:
    """Print the sums; 0, or 1 where objects of the record are not what was shipped. Raise FaultsError, StoreError."""
    period = shared.month("usage", options.month)
    faults: list[Fault] = []
    by, (tokens, gpu_hour, hours) = _by(options.by, faults), _said(options, faults)
    if faults:
        raise FaultsError("usage", faults)
    settings = shared.settings_of(options)
    prices = overridden(stated(settings), tokens, gpu_hour, hours)
    record = shared.record(options, settings)
    # A kitchen's GPUs are divided among the calls of all tenants.
    of = None if prices.gpu_hours else options.tenant
    usage = Usage(by, options.tenant).add(record.calls(period, of))
    rows, total = usage.rows(prices), usage.sum_row(prices)
    left_out = not_counted(prices, usage.tokens, total["untold"], settings, len(list(period.days())))
    if options.json:
        more = {"notCounted": left_out} if left_out else {}
        print(json.dumps({"month": options.month, "rows": rows, "sum": total, **more}, indent=2))
    elif options.csv:
        print(as_csv(rows), end="")
    else:
        print(table([*rows, total] if rows else []))
    for line in (*record.doubts.lines(), *(f"not counted: {text}" for text in left_out)):
        shared.say(f"usage: {line}")
    return 1 if record.doubts.changed else 0


def _by(text: str, faults: list[Fault]) -> list[str]:
    names = text.split(",")
    wrong = [name for name in names if name not in FIELDS]
    rule = f"must be of {', '.join(FIELDS)}"
    faults += [Fault(path="--by", value=name, rule=rule, example=_BY) for name in wrong]
    return names


def _said(
    options: argparse.Namespace, faults: list[Fault]
) -> tuple[Decimal | None, Decimal | None, dict[str, Decimal]]:
    """Prices of tokens and of a GPU hour, None where none is given, and GPU hours by kitchen."""
    hours: dict[str, Decimal] = {}
    for text in options.gpu_hours:
        kitchen, _, amount = text.partition("=")
        if not kitchen:
            faults.append(Fault(path="--gpu-hours", value=text, rule="KITCHEN=HOURS", example="support=1440"))
        elif kitchen in hours:
            rule = f"a kitchen stands once: {kitchen} has hours already"
            faults.append(Fault(path="--gpu-hours", value=text, rule=rule, example="support=1440"))
        hours.setdefault(kitchen, _number("--gpu-hours", amount, "support=1440", faults))
    given = {"--price-thousand-tokens": options.price_thousand_tokens, "--price-gpu-hour": options.price_gpu_hour}
    tokens, gpu_hour = (None if text is None else _number(name, text, "0.30", faults) for name, text in given.items())
    return tokens, gpu_hour, hours


def _number(option: str, text: str, example: str, faults: list[Fault]) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal(-1)
    if value.is_finite() and 0 <= value <= LARGEST:
        return value
    faults.append(Fault(path=option, value=text, rule=f"a number, 0 or more and {LARGEST} at most", example=example))
    return Decimal(0)
