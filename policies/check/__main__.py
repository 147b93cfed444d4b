"""`python -m policies.check FILE...`, which is `kitchen policy check`; with `--state`, `kitchen policy state`."""

from __future__ import annotations

import argparse
import datetime
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pulumi_policy import EnforcementLevel

from policies.check import metrics
from policies.check.config import configured
from policies.check.documents import Document, Passed, documents
from policies.check.errors import CheckError
from policies.check.files import Chosen, chosen, text_of
from policies.check.findings import Finding, findings, stack_findings, visible
from policies.check.reports import FORMATS, Result
from policies.check.state import state_documents
from policies.judging.pace import notes, one_request
from policies.judging.stack_rule import StackRule
from policies.judging.world import World, settings_of, world_from
from policies.pack import RULES, STACK_RULES
from policies.reading.own import yaml_document

DENIED, BAD_INPUT = 1, 2
MOST_TOLD = 20
"""Lines about what could not be read or judged; a report has all of them."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("paths", nargs="+", type=Path, metavar="FILE", help="YAML or JSON file, a folder of such, or -")
    parser.add_argument(
        "--state",
        action="store_true",
        help="the files are states as `pulumi stack export` writes them",
    )
    parser.add_argument(
        "--whole", action="store_true", help="the files are all of an environment: judge what is missing as well"
    )
    parser.add_argument(
        "--exclude",
        action="append",
        default=[],
        metavar="PATTERN",
        help="leave out files and folders of this name or path, * is any text; may be given several times",
    )
    parser.add_argument(
        "--lenient",
        action="store_true",
        help="pass over what is no Kubernetes object (values.yaml, CI files), and name it; else it ends in status 2",
    )
    parser.add_argument(
        "--settings", type=Path, metavar="FILE", help="Pulumi.<stack>.yaml: environment, registry, pools, exemptions"
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="levels and properties, as --policy-pack-config")
    parser.add_argument("--output", choices=FORMATS, default="table", help="form of the report (default: table)")
    parser.add_argument("--output-file", type=Path, metavar="FILE", help="where the report goes (default: stdout)")
    text = "write numbers for Prometheus there, in its text format, when everything was judged"
    parser.add_argument("--metrics", type=Path, metavar="FILE", help=text)


def main(argv: list[str] | None = None) -> int:
    """Judge and report: 0 nothing mandatory, 1 a mandatory violation, 2 something could not be read or judged."""
    parser = argparse.ArgumentParser(prog="kitchen policy check", description="The policy pack over plain YAML.")
    arguments(parser)
    return check(parser.parse_args(argv))


def check(options: argparse.Namespace) -> int:
    """Run the command with parsed arguments."""
    try:
        result = judge(options)
        text = FORMATS[options.output](result)
        if options.output_file is None:
            print(text, end="")
        else:
            options.output_file.write_text(text, encoding="utf-8")
            print(result.summary(), file=sys.stderr)
        if options.metrics is not None and not (result.faults or result.failures):
            metrics.write(options.metrics, _world(options.settings).environment, result)
    except CheckError as error:
        print(*(f"error: {visible(line)}" for line in str(error).splitlines()), sep="\n", file=sys.stderr)
        return BAD_INPUT
    except OSError as error:
        print(f"error: {options.output_file}: cannot be written: {error.strerror}", file=sys.stderr)
        return BAD_INPUT
    for line in result.unused_patterns:
        print(f"note: --exclude {line}: nothing has this name or path", file=sys.stderr)
    faults = [*result.faults, *result.failures]
    shown = faults if getattr(options, "all_faults", False) else faults[:MOST_TOLD]
    for fault in shown:
        print(f"error: {fault}", file=sys.stderr)
    if len(shown) < len(faults):
        print(f"error: and {len(faults) - len(shown)} more; --all shows them", file=sys.stderr)
    return BAD_INPUT if result.faults or result.failures else DENIED if result.count("mandatory") else 0


def judge(options: argparse.Namespace) -> Result:
    """Judge every object; raise CheckError for settings or a configuration that cannot be used."""
    if options.metrics is not None and options.settings is None:
        raise CheckError("--metrics needs --settings: the numbers are those of an environment")
    world = _world(options.settings)
    rules = configured((*RULES, *STACK_RULES), world.environment, options.config)
    passed = Passed(lenient=options.lenient)
    files = chosen(options.paths, options.exclude, passed.faults)
    found: list[Finding] = []
    failures: list[str] = []
    used: list[str] = []
    whole = options.whole or options.state
    count = 0
    all_of_them: list[Document] = []
    for document in _documents(files, passed, options):
        count += 1
        if whole:
            all_of_them.append(document)
        with one_request():
            found += findings(rules, document, world, failures)
            used += notes()
    if whole:
        with one_request():
            found += stack_findings(rules, all_of_them, world, failures)
            used += notes()
    if not (count or passed.faults or options.state):
        passed.faults.append(
            "nothing to judge: the input holds no Kubernetes object; example: kitchen policy check rendered/"
        )
    enabled = [entry.rule for entry in rules if entry.level is not EnforcementLevel.DISABLED]
    return Result(
        rules=enabled,
        not_run=[] if whole else [rule.id for rule in enabled if isinstance(rule, StackRule)],
        findings=found,
        exemptions=used,
        faults=[visible(line) for line in passed.faults],
        failures=failures,
        no_objects=[visible(line) for line in passed.no_objects],
        excluded=files.excluded,
        unused_patterns=files.unused,
        objects=count,
    )


def _documents(files: Chosen, passed: Passed, options: argparse.Namespace) -> Iterator[Document]:
    if not options.state:
        yield from documents(files.files, passed)
        return
    for path in files.files:
        yield from state_documents(path)


def _world(path: Path | None) -> World:
    today = datetime.datetime.now(tz=datetime.UTC).date()
    world = world_from({} if path is None else _settings(path), today)
    known = [rule.id for rule in (*RULES, *STACK_RULES)]
    faults = [world.exemptions_fault] if world.exemptions_fault else []
    faults += [
        f"kitchen:exemptions: {entry.rule!r} is no rule; known: {', '.join(known)}"
        for entry in world.exemptions
        if entry.rule not in known
    ]
    if faults:
        raise CheckError("\n".join(f"{path}: {fault}" for fault in faults))
    return world


def _settings(path: Path) -> dict[str, Any]:
    try:
        content = yaml_document(text_of(path))
    except ValueError as error:
        raise CheckError(f"{path}: cannot be read: {error}") from error
    config = content.get("config") if isinstance(content, dict) else None
    if not isinstance(config, dict):
        raise CheckError(f"{path}: must hold a mapping `config`; example: Pulumi.prod.yaml")
    # The engine rewrites a stack file with its plain values as text: `phase: "3"` means what `phase: 3` does.
    return settings_of({str(key): value for key, value in config.items()})


if __name__ == "__main__":
    sys.exit(main())
