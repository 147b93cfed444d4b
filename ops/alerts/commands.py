"""Arguments and run of `kitchen alerts`."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from infra.catalog import FOLDER, load_catalog
from infra.faults import HIDDEN, Fault, FaultsError, printable
from infra.load import settings_from_file
from infra.monitoring import OPERATIONS, alerts
from infra.settings import Settings
from ops.alerts.prometheus import MOST_BYTES, PrometheusError, Rule, rules
from ops.alerts.rows import FAILING, FIRING, MISSING, SEVERITIES, STATES, Row, for_people, for_programs, rows
from ops.calls.table import table
from ops.token.asking import Asker, safe

OWNERS = ("platform", "tenant", "security")
FIRES, UNKNOWN = 1, 3
_ENDS = """exit codes: 0 nothing of what is shown fires, 1 something does, 2 bad input, 3 nothing fires that is known
and something is not known: Prometheus does not answer, has not loaded a rule, or cannot evaluate it"""
_SECONDS = 20.0
_MOST_TOKEN = 16 * 1024
_EXAMPLE = "--token-file /var/run/secrets/kubernetes.io/serviceaccount/token"


class _NoSecret(argparse.Action):
    """Refuses a token as an argument, and does not repeat it."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """End with one line."""
        parser.error(f"{self.option_strings[0]}: a token is never an argument: {_EXAMPLE}")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.epilog = _ENDS
    chosen = parser.add_mutually_exclusive_group(required=True)
    chosen.add_argument("--stack", metavar="STACK", help="Pulumi.STACK.yaml in this folder")
    chosen.add_argument("--settings", type=Path, metavar="FILE", help="Pulumi.<stack>.yaml")
    parser.add_argument(
        "--prometheus", metavar="URL", help="whose rules are asked; without it the table is shown alone"
    )
    parser.add_argument("--ca", type=Path, metavar="FILE", help="authorities that signed its certificate, PEM")
    parser.add_argument("--token-file", type=Path, metavar="FILE", help="a file with a bearer token for it")
    for name in ("--token", "--bearer-token"):
        parser.add_argument(name, action=_NoSecret, nargs="?", help=argparse.SUPPRESS)
    parser.add_argument("--severity", action="append", choices=SEVERITIES, help="only these; may be repeated")
    parser.add_argument("--owner", action="append", choices=OWNERS, help="only those for them; may be repeated")
    parser.add_argument("--kitchen", metavar="NAME", help="only those about this kitchen")
    parser.add_argument("--active", action="store_true", help="nothing of alerts that are silent")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--catalog", type=Path, default=FOLDER, metavar="DIR", help="the catalog's folder")


def run(options: argparse.Namespace) -> int:
    """Print the table, with states where a Prometheus is named; the help says what is returned. Raise FaultsError."""
    file = options.settings or Path(f"Pulumi.{options.stack}.yaml")
    settings = settings_from_file(file, load_catalog(options.catalog))
    _check(options, settings)
    for remark in _remarks(settings):
        print(f"alerts: {remark}", file=sys.stderr)
    try:
        told = None if options.prometheus is None else _asked(options)
    except PrometheusError as error:
        print(f"alerts: {error}", file=sys.stderr)
        return UNKNOWN
    found = _chosen(options, rows(alerts(settings), settings.environment, told))
    shown = [row for row in found if row.state != STATES[-1]] if options.active else found
    if options.json:
        print(json.dumps(for_programs(shown, settings.monitoring.runbook), indent=2))
    else:
        _print(shown, found, settings.monitoring.runbook, asked=told is not None)
    states = {row.state for row in found}
    return FIRES if FIRING in states else UNKNOWN if states & {FAILING, MISSING} else 0


def _chosen(options: argparse.Namespace, found: Sequence[Row]) -> list[Row]:
    return [
        row
        for row in found
        if (not options.severity or row.alert.severity in options.severity)
        and (not options.owner or row.alert.owner in options.owner)
        and (options.kitchen is None or row.of_kitchen(options.kitchen))
    ]


def _print(shown: Sequence[Row], found: Sequence[Row], runbook: str, *, asked: bool) -> None:
    print(_shown(for_people(shown, asked)))
    if asked:
        count = Counter(row.state for row in found)
        print("\n" + ", ".join(f"{count[state]} {state}" for state in STATES))
        for anchor in dict.fromkeys(row.alert.anchor for row in shown if row.state == FIRING):
            print(f"what to do: {runbook.rstrip('/')}/{anchor}")


def _shown(rows: Sequence[Mapping[str, Any]]) -> str:
    """The table; where a terminal is too narrow for it, what an alert says stands on lines of its own below it."""
    whole = table(rows)
    columns = shutil.get_terminal_size().columns
    if not rows or not sys.stdout.isatty() or max(map(len, whole.splitlines())) <= columns:
        return whole
    *_, last = rows[0]
    heading, *lines = table([{name: value for name, value in row.items() if name != last} for row in rows]).splitlines()
    shown = [heading]
    for line, row in zip(lines, rows, strict=True):
        said = printable(str(row[last]))
        shown += [line, textwrap.fill(said, columns, initial_indent="  ", subsequent_indent="  ")]
    return "\n".join(shown)


def _check(options: argparse.Namespace, settings: Settings) -> None:
    faults = []
    if options.prometheus is not None and not safe(options.prometheus):
        rule = "must be an https address without a user, or http on this machine (kubectl port-forward)"
        # It may hold a password.
        value = HIDDEN if "@" in options.prometheus else options.prometheus
        example = "--prometheus https://thanos-querier.openshift-monitoring.svc:9091"
        faults.append(Fault(path="--prometheus", value=value, rule=rule, example=example))
    if options.prometheus is None:
        for name in ("ca", "token_file", "active"):
            if getattr(options, name):
                path = f"--{name.replace('_', '-')}"
                rule = "is for asking a Prometheus, and none is named"
                faults.append(Fault(path=path, value=HIDDEN, rule=rule, example="--prometheus URL"))
    if options.kitchen is not None and options.kitchen not in settings.kitchens:
        rule = f"must be a kitchen of the settings: {', '.join(settings.kitchens)}"
        faults.append(
            Fault(path="--kitchen", value=options.kitchen, rule=rule, example=next(iter(settings.kitchens), "-"))
        )
    if faults:
        raise FaultsError("alerts", faults)


def _remarks(settings: Settings) -> list[str]:
    made = settings.phase >= OPERATIONS and (settings.platform.monitoring or settings.monitoring.form == "files")
    needs = "phase 4 and platform.monitoring: true, or monitoring.form: files"
    return [] if made else [f"these settings make no rules yet; that needs {needs}"]


def _asked(options: argparse.Namespace) -> list[Rule]:
    asker = Asker(options.ca, _SECONDS, MOST_BYTES, "alerts")
    return rules(asker, options.prometheus, None if options.token_file is None else _token(options.token_file))


def _token(file: Path) -> str:
    try:
        with file.open(encoding="utf-8", newline="") as opened:
            text = opened.read(_MOST_TOKEN + 2)
    except (OSError, UnicodeDecodeError):
        rule = "must be a readable text file; not the token itself"
        raise FaultsError("alerts", [Fault(path="--token-file", value=HIDDEN, rule=rule, example=_EXAMPLE)]) from None
    text = text.removesuffix("\n").removesuffix("\r")
    if not text or len(text) > _MOST_TOKEN or not (text.isascii() and text.isprintable()) or " " in text:
        rule = f"must hold one line of 1 to {_MOST_TOKEN} plain characters"
        raise FaultsError("alerts", [Fault(path="the token", value=HIDDEN, rule=rule, example=_EXAMPLE)])
    return text
