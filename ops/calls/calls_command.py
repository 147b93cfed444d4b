"""Arguments and run of `kitchen calls`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path

from ops.calls import contents
from ops.calls import options as shared
from ops.calls.reading import Call, Period, Record
from ops.calls.table import table

_COLUMNS = {
    "time": "time",
    "tenant": "tenant",
    "caller": "caller",
    "asked": "model asked",
    "adapter": "adapter",
    "decision": "decision",
    "reason": "reason",
    "status": "status",
    "totalTokens": "tokens",
    "durationMs": "ms",
    "requestId": "request id",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    shared.add_place(parser)
    when = "2026-11-29, or 2026-11-29T13:30 in UTC"
    parser.add_argument("--from", dest="start", required=True, metavar="TIME", help=when)
    parser.add_argument("--to", dest="end", required=True, metavar="TIME", help=f"{when}; a day is within")
    parser.add_argument("--tenant", metavar="NAME", help="whose callers; without it refused calls of nobody too")
    parser.add_argument("--caller", metavar="SUBJECT", help="`sub` of the token")
    parser.add_argument("--model", metavar="NAME", help="as the body of the call has it")
    text = "write the calls' encrypted prompts and answers there, where a tenant has them recorded"
    parser.add_argument("--contents", type=Path, metavar="FOLDER", help=text)
    parser.add_argument("--json", action="store_true", help="every field, one call a line")


def run(options: argparse.Namespace) -> int:
    """Print the calls; 0, or 1 where objects of the record are not what was shipped. Raise FaultsError, StoreError."""
    period = shared.period("calls", options.start, options.end)
    record = shared.record(options)
    if options.contents is not None:
        contents.folder_for(options.contents)
    calls = (call for call in record.calls(period, options.tenant) if _is_asked_for(call, options))
    if options.json and options.contents is None:
        _print_json(calls)
    else:
        found = list(calls)
        _print_json(found) if options.json else print(_table(found))
        _contents(options, record, period, found)
    for line in record.doubts.lines():
        shared.say(f"calls: {line}")
    return 1 if record.doubts.changed else 0


def _table(calls: Iterable[Call]) -> str:
    return table([{title: call.get(name) for name, title in _COLUMNS.items()} for call in calls])


def _contents(options: argparse.Namespace, record: Record, period: Period, calls: Iterable[Call]) -> None:
    """Write encrypted prompts and answers where they are asked for; else say that some are there."""
    if options.contents is not None:
        ids = {str(call.get("requestId")) for call in calls}
        written = contents.write(record.contents(period, options.tenant), ids, options.contents)
        for line in written.lines(options.contents):
            shared.say(f"calls: {line}")
    elif there := record.has_contents(period, options.tenant):
        shared.say(f"calls: encrypted prompts and answers are there of {', '.join(there)}: see --contents FOLDER")


def _is_asked_for(call: Call, options: argparse.Namespace) -> bool:
    return options.caller in (None, call.get("caller")) and options.model in (None, call.get("asked"))


def _print_json(calls: Iterable[Call]) -> None:
    print("[", end="")
    for number, call in enumerate(calls):
        print("," if number else "", json.dumps(call), sep="\n", end="")
    print("\n]")
