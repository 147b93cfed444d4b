"""Arguments and run of `kitchen publish`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from infra.catalog import Catalog, load_catalog
from infra.faults import MISSING, Fault, FaultsError
from infra.load import settings_from_file
from infra.settings import Settings
from infra.stores import store_facts
from ops.checks.adapter import WEIGHTS
from ops.checks.files import read_folder
from ops.checks.values import value_faults
from ops.publish import publish
from ops.store import client


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
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


def run(arguments: argparse.Namespace) -> int:
    """Publish; 0 when all is there. Raise FaultsError for bad input, StoreError when the store refused."""
    catalog = load_catalog()
    settings = settings_from_file(arguments.settings, catalog)
    adapters = list(arguments.adapter)
    if arguments.all:
        adapters += [ref for kitchen in settings.kitchens.values() for ref in kitchen.adapters]
        arguments.model += [ref for tenant in settings.tenants for ref in settings.held(tenant)]
    _check(arguments, adapters, catalog)
    _check_values(arguments.source / "lora", adapters, catalog)
    store = settings.object_store
    s3 = client(arguments.endpoint or store.endpoint, store.region)
    for kind, folder, refs in (("lora", "lora", adapters), ("models", "base", arguments.model)):
        if refs:
            report = publish(
                s3,
                _bucket(settings, kind),
                catalog,
                refs,
                arguments.source / folder,
                store=store_facts(store),
                progress=print,
            )
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


def _check_values(source: Path, adapters: Sequence[str], catalog: Catalog) -> None:
    """Weights that pods would refuse, though their sums are the catalog's, are refused here too."""
    faults: list[Fault] = []
    for ref in dict.fromkeys(adapters):
        content, _ = read_folder(source / ref)
        if WEIGHTS in content.tensors:
            found = value_faults(source / ref, WEIGHTS, content, catalog.base_models[catalog.adapters[ref].base_model])
            faults += [replace(fault, path=f"{ref}/{fault.path}") for fault in (*found, *content.withheld)]
    if faults:
        raise FaultsError("publish", faults)


def _bucket(settings: Settings, kind: str) -> str:
    return f"{settings.object_store.bucket_prefix}{kind}"
