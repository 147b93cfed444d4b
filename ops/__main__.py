"""The command `kitchen`: `bundle`, `adapter|model|image`, `publish`, `policy check`, `audit`, `rollback`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from infra.catalog import Catalog, load_catalog
from infra.faults import MISSING, Fault, FaultsError
from infra.load import settings_from_file
from infra.settings import Settings
from ops.audit import commands as audit_commands
from ops.bundle import command as bundle
from ops.catalog import commands as catalog_commands
from ops.catalog.kinds import KINDS
from ops.publish import publish
from ops.rollback import commands as rollback_commands
from ops.store import StoreError, client
from policies.check import __main__ as policy_check


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns 0, 1 when something is wrong or out of reach, 2 for bad input, 130 after Ctrl-C.

    What else a command returns, its own help says.
    """
    arguments = _parse(argv)
    run: Callable[[argparse.Namespace], int] = _RUN[arguments.command]
    try:
        return run(arguments)
    except KeyboardInterrupt:
        print(f"{arguments.command}: stopped", file=sys.stderr)
        return 130


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="kitchen", description="Commands of the Private AI Kitchen.")
    commands = parser.add_subparsers(dest="command", required=True)
    _publish_options(commands.add_parser("publish", help="upload artifacts, checked against the catalog"))
    policy = commands.add_parser("policy", help="the policy pack").add_subparsers(dest="action", required=True)
    policy_check.arguments(policy.add_parser("check", help="the pack over plain YAML, with SARIF or JUnit output"))
    audit_commands.arguments(commands.add_parser("audit", help="what Git declares against what is there"))
    rollback_commands.arguments(commands.add_parser("rollback", help="one kitchen as it was at a Git revision"))
    for word in KINDS:
        what = f"{word}s of the catalog: list, promote, retire and more"
        catalog_commands.arguments(commands.add_parser(word, help=what), word)
    bundle.arguments(commands.add_parser("bundle", help="bring artifacts in: create, verify or import a signed bundle"))
    return parser.parse_args(argv)


def _publish_command(arguments: argparse.Namespace) -> int:
    try:
        return _publish(arguments)
    except FaultsError as error:
        print(error, file=sys.stderr)
        return 2
    except StoreError as error:
        print(f"publish: {error}", file=sys.stderr)
        return 1


def _publish_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--settings", type=Path, required=True, metavar="FILE", help="Pulumi.<stack>.yaml")
    parser.add_argument("--endpoint", metavar="URL", help="the store, if not the settings' own")
    parser.add_argument("--adapter", action="append", default=[], metavar="NAME/VERSION", help="repeatable")
    parser.add_argument("--model", action="append", default=[], metavar="NAME/VERSION", help="repeatable")
    parser.add_argument("--all", action="store_true", help="every adapter and base model of the settings")
    parser.add_argument(
        "--from",
        dest="source",
        type=Path,
        required=True,
        metavar="DIR",
        help="holds lora/<adapter>/<version>/ and base/<model>/<version>/",
    )


def _publish(arguments: argparse.Namespace) -> int:
    catalog = load_catalog()
    settings = settings_from_file(arguments.settings, catalog)
    adapters = list(arguments.adapter)
    if arguments.all:
        adapters += [ref for kitchen in settings.kitchens.values() for ref in kitchen.adapters]
        arguments.model += [ref for tenant in settings.tenants for ref in settings.held(tenant)]
    _check(arguments, adapters, catalog)
    store = settings.object_store
    s3 = client(arguments.endpoint or store.endpoint, store.region)
    for kind, folder, refs in (("lora", "lora", adapters), ("models", "base", arguments.model)):
        if refs:
            report = publish(s3, _bucket(settings, kind), catalog, refs, arguments.source / folder, progress=print)
            print(
                f"{report.bucket}: {len(report.uploaded)} uploaded ({report.sent_bytes} bytes), "
                f"{len(report.already_there)} already there"
            )
    return 0


def _check(arguments: argparse.Namespace, adapters: list[str], catalog: Catalog) -> None:
    faults = []
    if not adapters and not arguments.model:
        rule = "name what to publish: --adapter, --model or --all"
        faults.append(Fault(path="--adapter", value=MISSING, rule=rule, example="--adapter helpdesk-faq/v2026-02-01"))
    for option, refs, known in (
        ("--adapter", adapters, catalog.adapters),
        ("--model", arguments.model, catalog.base_models),
    ):
        rule = f"must be in the catalog: {', '.join(known)}"
        example = next(iter(known), "")
        faults += [Fault(path=option, value=ref, rule=rule, example=example) for ref in refs if ref not in known]
    if not arguments.source.is_dir():
        rule = "must be a folder with lora/ and base/"
        faults.append(Fault(path="--from", value=str(arguments.source), rule=rule, example="artifacts"))
    if faults:
        raise FaultsError("publish", faults)


def _bucket(settings: Settings, kind: str) -> str:
    return f"{settings.object_store.bucket_prefix}{kind}"


_RUN = {
    "publish": _publish_command,
    "policy": policy_check.check,
    "audit": audit_commands.run,
    "rollback": rollback_commands.run,
    "bundle": bundle.run,
    **dict.fromkeys(KINDS, catalog_commands.run),
}


if __name__ == "__main__":
    sys.exit(main())
