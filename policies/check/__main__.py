"""`python -m policies.check FILE...`, which is `kitchen policy check`; with `--state`, `kitchen policy state`."""

from __future__ import annotations

import argparse
import datetime
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from policies.check.config import configured
from policies.check.documents import Document, documents
from policies.check.errors import CheckError
from policies.check.findings import Finding, findings
from policies.check.reports import FORMATS, Result
from policies.check.state import state_documents
from policies.pack import RULES
from policies.rule import Case
from policies.world import World, world_from

DENIED, BAD_INPUT = 1, 2


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("paths", nargs="+", type=Path, metavar="FILE", help="YAML or JSON file, a folder of such, or -")
    parser.add_argument(
        "--state",
        action="store_true",
        help="the files are states as `pulumi stack export` writes them",
    )
    parser.add_argument(
        "--settings", type=Path, metavar="FILE", help="Pulumi.<stack>.yaml: environment, registry, pools, exemptions"
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="levels and properties, as --policy-pack-config")
    parser.add_argument("--output", choices=FORMATS, default="table", help="form of the report (default: table)")
    parser.add_argument("--output-file", type=Path, metavar="FILE", help="where the report goes (default: stdout)")


def main(argv: list[str] | None = None) -> int:
    """Judge and report: 0 nothing mandatory, 1 a mandatory violation, 2 something could not be read."""
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
            options.output_file.write_text(text)
            print(result.summary(), file=sys.stderr)
    except CheckError as error:
        print(f"error: {error}", file=sys.stderr)
        return BAD_INPUT
    except OSError as error:
        print(f"error: {options.output_file}: cannot be written: {error.strerror}", file=sys.stderr)
        return BAD_INPUT
    for fault in result.faults:
        print(f"error: {fault}", file=sys.stderr)
    return BAD_INPUT if result.faults else DENIED if result.count("mandatory") else 0


def judge(options: argparse.Namespace) -> Result:
    """Judge every object; raise CheckError for settings or a configuration that cannot be used."""
    world = _world(options.settings)
    rules = configured(RULES, world.environment, options.config)
    faults: list[str] = []
    found: list[Finding] = []
    used: list[str] = []
    objects = 0
    for document in _documents(options, faults):
        objects += 1
        found += findings(rules, document, world)
        if world.exemptions:
            case = Case(subject=document.subject, world=world)
            used += [line for entry in rules for line in entry.rule.used_exemptions(case)]
    return Result(rules=RULES, findings=found, exemptions=used, faults=faults, objects=objects)


def _documents(options: argparse.Namespace, faults: list[str]) -> Iterator[Document]:
    if not options.state:
        yield from documents(options.paths, faults)
        return
    for path in options.paths:
        yield from state_documents(path)


def _world(path: Path | None) -> World:
    today = datetime.datetime.now(tz=datetime.UTC).date()
    try:
        return world_from({} if path is None else _settings(path), today)
    except ValueError as error:
        raise CheckError(f"{path}: {error}") from error


def _settings(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text())
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise CheckError(f"{path}: cannot be read: {' '.join(str(error).split())}") from error
    config = content.get("config") if isinstance(content, dict) else None
    if not isinstance(config, dict):
        raise CheckError(f"{path}: must hold a mapping `config`; example: Pulumi.prod.yaml")
    return {str(key).removeprefix("kitchen:"): value for key, value in config.items()}


if __name__ == "__main__":
    sys.exit(main())
