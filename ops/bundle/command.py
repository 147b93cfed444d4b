"""`kitchen bundle create|verify|import`: options, exit codes, and what people or programs are told."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from infra.catalog import FOLDER, load_catalog
from infra.faults import MISSING, Fault, FaultsError, printable
from infra.load import settings_from_file
from ops.bundle import options
from ops.bundle.bring_in import Asked, from_list, from_settings
from ops.bundle.copying import in_turn
from ops.bundle.create import Order, create
from ops.bundle.errors import BundleFaultsError, RegistryFaultsError, ToolError
from ops.bundle.importing import Target, import_bundle
from ops.bundle.manifest import Artifact, Manifest
from ops.bundle.progress import size
from ops.bundle.sign_again import forget_unfinished, sign_again
from ops.bundle.source import open_source
from ops.bundle.verify import Verified, verify
from ops.catalog.edit import as_text, write
from ops.catalog.revalidation import told_for
from ops.checks import read_artifact
from ops.screen import told_to
from ops.store import StoreError, client

arguments = options.arguments

NOT_SIGNED = "WARNING: NOT SIGNED: nothing says who made this bundle (--unsigned)"


@dataclass(kw_only=True)
class _Told:
    """Lines for people on standard error, one JSON object for programs on standard output."""

    quiet: bool
    result: dict[str, Any] = field(default_factory=dict)

    def say(self, line: str) -> None:
        if not self.quiet:
            print(line, file=sys.stderr, flush=True)


def run(given: argparse.Namespace) -> int:
    """Run one command.

    Return 0, 1 when the bundle is wrong or a server or tool refused, 2 for bad input, 130 when stopped by the keyboard.
    """
    told = _Told(quiet=given.json)
    start = time.monotonic()
    action: Callable[[argparse.Namespace, _Told], None] = _ACTIONS[given.action]
    status, message = 0, ""
    faults: tuple[Fault, ...] = ()
    try:
        action(given, told)
    except FaultsError as error:
        refused = isinstance(error, (BundleFaultsError, RegistryFaultsError))
        status, message, faults = (1 if refused else 2), told_to(given, error), error.faults
    except (ToolError, StoreError) as error:
        status, message = 1, printable(f"bundle {given.action}: {error}")
    except KeyboardInterrupt:
        status, message = 130, f"bundle {given.action}: stopped; run it again to go on"
    if given.json:
        told.result |= {"command": given.action, "ok": status == 0, "seconds": round(time.monotonic() - start, 3)}
        told.result |= {"message": message, "faults": [_fault(fault) for fault in faults]}
        print(json.dumps(told.result, sort_keys=True))
    elif message:
        print(message, file=sys.stderr)
    return status


def _create(given: argparse.Namespace, told: _Told) -> None:
    signer = options.signer(given)
    asked = _asked(given)
    if signer is None:
        print(NOT_SIGNED, file=sys.stderr)
    order = Order(
        asked=asked,
        source=given.source,
        target=given.to,
        archive=given.archive,
        signer=signer,
        signatures=not given.skip_signatures,
        quiet=told.quiet,
    )
    created = create(order, told.say)
    told.result |= _summary(created.manifest, signed=signer is not None)
    told.result |= {"bundle": str(given.to), "copied": created.copied, "again": created.again}
    _tell(told, f"{given.to}: bundle of", created.manifest)


def _asked(given: argparse.Namespace) -> Asked:
    if (given.list is None) == (given.settings is None):
        rule = "say what to bring: either --list or --settings"
        fault = Fault(path="--list", value=MISSING, rule=rule, example="--settings Pulumi.prod.yaml --on 2026-02-03")
        raise FaultsError("bundle", [fault])
    if given.list is not None:
        return from_list(given.list)
    return from_settings(given.settings, given.on, given.catalog or FOLDER)


def _verified(given: argparse.Namespace, told: _Told, needed: int = 1) -> Verified:
    trust = options.trust(given, needed)
    if trust is None:
        print(NOT_SIGNED, file=sys.stderr)
    verified = verify(open_source(given.bundle), trust, quiet=told.quiet)
    told.result |= {"bundle": str(given.bundle), **_summary(verified.manifest, signed=verified.signed)}
    told.result["signers"] = [{"file": entry.file, "by": entry.by} for entry in verified.signers]
    for entry in verified.signers:
        told.say(printable(f"{entry.file}: signed by {entry.by}"))
    return verified


def _verify(given: argparse.Namespace, told: _Told) -> None:
    verified = _verified(given, told)
    _tell(told, f"{given.bundle}: {'signature and ' if verified.signed else ''}sums are right;", verified.manifest)


def _sign(given: argparse.Namespace, told: _Told) -> None:
    signer = options.second_signer(given)
    forget_unfinished(given.bundle)
    verified = _verified(given, told)
    added = sign_again(verified, signer, given.archive, told.say, quiet=told.quiet)
    told.result |= {"added": added.file, "archive": None if added.archive is None else str(added.archive)}
    _tell(told, f"{given.bundle}: {added.file} {'is in' if added.before else 'added to'}", verified.manifest)


def _import(given: argparse.Namespace, told: _Told) -> None:
    """Where the catalog is written, one import after another: two would write over each other's entries."""
    if given.catalog is None or not given.catalog.is_dir():
        _import_alone(given, told)
        return
    with in_turn(given.catalog, told.say):
        _import_alone(given, told)


def _import_alone(given: argparse.Namespace, told: _Told) -> None:
    folder = given.catalog or FOLDER
    if given.work is not None and not given.work.is_dir():
        rule = "must be a folder that is there: an archive is unpacked in it"
        raise FaultsError("bundle", [Fault(path="--work", value=str(given.work), rule=rule, example="--work /var/tmp")])
    catalog = load_catalog(folder)
    settings = settings_from_file(given.settings, catalog)
    verified = _verified(given, told, settings.bundle_signatures)
    store = settings.object_store
    target = Target(
        store=lambda: client(given.endpoint or store.endpoint, store.region),
        settings=settings,
        registry=None if given.skip_images else given.registry or settings.registry,
        signatures=not given.skip_signatures,
        catalog=catalog,
        catalog_folder=folder,
        owner=given.owner,
        writes=given.catalog is not None,
        work=given.work,
    )
    checks = partial(read_artifact, templates=given.templates)
    imported = import_bundle(verified, target, checks, told.say, quiet=told.quiet)
    if given.catalog is not None:
        write(imported.plan)
    told.result |= {
        "uploaded": [f"{report.bucket}/{key}" for report in imported.published for key in report.uploaded],
        "alreadyThere": [f"{report.bucket}/{key}" for report in imported.published for key in report.already_there],
        "images": list(imported.images),
        "candidates": {candidate.ref: candidate.entry for candidate in imported.candidates},
        "catalogFiles": sorted(imported.plan.after),
    }
    models = [candidate.ref for candidate in imported.candidates if candidate.kind.word == "model"]
    again = [line for ref in models for line in told_for(imported.plan.catalog, ref)]
    told.result["evaluateAgain"] = again
    _tell(told, f"{given.bundle}: imported", verified.manifest)
    for line in again:
        told.say(line)
    if not told.quiet and given.catalog is None:
        for kind in dict.fromkeys(candidate.kind for candidate in imported.candidates):
            new = {candidate.ref: candidate.entry for candidate in imported.candidates if candidate.kind is kind}
            print(as_text(kind, new), end="")


_ACTIONS = {"create": _create, "verify": _verify, "sign": _sign, "import": _import}


def _summary(manifest: Manifest, *, signed: bool) -> dict[str, Any]:
    return {
        "signed": signed,
        "artifacts": [_artifact(artifact) for artifact in manifest.artifacts],
        "files": len(manifest.files),
        "bytes": sum(file.size for file in manifest.files),
    }


def _artifact(artifact: Artifact) -> dict[str, Any]:
    data = artifact.what.encoded() | {"bytes": artifact.size}
    return data if artifact.attached is None else data | {"attached": [dict(entry) for entry in artifact.attached]}


def _tell(told: _Told, head: str, manifest: Manifest) -> None:
    if told.quiet:
        return
    whole = sum(file.size for file in manifest.files)
    print(f"{head} {len(manifest.artifacts)} artifacts, {len(manifest.files)} files, {size(whole)}")
    for artifact in manifest.artifacts:
        what = artifact.what
        said = f"{what.label}: {what.version}, {what.licence}, from {what.origin}, {size(artifact.size)}"
        print(f"  {printable(said)}")


def _fault(fault: Fault) -> dict[str, Any]:
    value = None if fault.value is MISSING else fault.value
    return {"path": fault.path, "value": value, "rule": fault.rule, "example": fault.example}
