"""Arguments and dispatch of `kitchen adapter|model|image`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from infra.catalog import FOLDER
from infra.days import today
from infra.faults import Fault, FaultsError
from ops.catalog.adopting import adopt
from ops.catalog.edit import Edit, add_entry, write
from ops.catalog.entries import new_image
from ops.catalog.kinds import KINDS, Kind
from ops.catalog.linting import lint
from ops.catalog.listing import show
from ops.catalog.publishing import Wish, publish_artifact
from ops.catalog.signing import sign_folder
from ops.catalog.states import promote, retire
from ops.catalog.template_options import template_options
from ops.signing import Signer

STACKS = FOLDER.parents[1]
STATES = ("candidate", "approved", "retired")


def arguments(parser: argparse.ArgumentParser, word: str) -> None:
    """Add the actions of one kind (`adapter`, `model`, `image`)."""
    kind = KINDS[word]
    parser.set_defaults(kind=kind)
    actions = parser.add_subparsers(dest="action", required=True)
    if kind.artifact:
        _lint_options(actions.add_parser("lint", help="what is wrong with an artifact's files"), kind)
        _publish_options(actions.add_parser("publish", help="check, upload, and write the entry as a candidate"), kind)
        _sign_options(actions.add_parser("sign", help="sign an artifact's files, into model.sig beside them"), kind)
    else:
        _add_options(actions.add_parser("add", help="write an image's entry as a candidate"))
    if word == "adapter":
        _adopt_options(actions.add_parser("adopt", help="make what a trainer wrote into what may be published"))
    name = {"metavar": "NAME" if word == "image" else "NAME/VERSION"}
    parsers = {
        "promote": actions.add_parser("promote", help="candidate to approved, resting on an evaluation"),
        "retire": actions.add_parser("retire", help="may not be used any more"),
    }
    for entry in parsers.values():
        entry.add_argument("ref", **name)  # type: ignore[arg-type]
        entry.add_argument("--date", default=today().isoformat(), help="YYYY-MM-DD, today if not given")
    parsers["promote"].add_argument("--evaluation", default="", metavar="ID-OR-URL", help="what the approval rests on")
    parsers["promote"].add_argument("--approver", default="", metavar="NAME", help="not who brought it in")
    parsers["retire"].add_argument("--reason", default="", metavar="TEXT")
    listing = actions.add_parser("list", help="entries, their states, and who uses them")
    listing.add_argument("--state", choices=STATES)
    listing.add_argument("--check", action="store_true", help="those only whose adapters must be evaluated again")
    listing.add_argument("--json", action="store_true")
    for action in actions.choices.values():
        action.add_argument("--catalog", type=Path, default=FOLDER, metavar="DIR", help="the catalog's folder")
    for action in (parsers["retire"], listing):
        action.add_argument("--stacks", type=Path, default=STACKS, metavar="DIR", help="holds Pulumi.<stack>.yaml")


def run(options: argparse.Namespace) -> int:
    """Run one action; 0, 1 when `lint` has found faults, 2 for a disk that refuses.

    Raise FaultsError for bad input, StoreError when the store refused.
    """
    try:
        return _run(options)
    except BrokenPipeError:
        raise
    except OSError as error:  # a full disk, a file that goes away: nothing was changed, every write is one rename
        place = f"{error.filename}: " if error.filename else ""
        print(f"{options.command} {options.action}: {place}{error.strerror or error}", file=sys.stderr)
        return 2


def _run(options: argparse.Namespace) -> int:
    folder, kind = options.catalog, options.kind
    match options.action:
        case "lint":
            return lint(
                folder,
                kind,
                options.folders,
                ref=options.name,
                stand_in=options.stand_in,
                own_tokenizer=options.own_tokenizer,
                templates=options.templates,
                settings=options.settings,
                as_json=options.json,
                every=options.all_faults,
            )
        case "publish":
            said = ("folder", "licence", "origin", "owner", "stand_in", "own_tokenizer", "data_classes", "templates")
            wish = Wish(ref=options.name, signer=_signer(options), **{name: getattr(options, name) for name in said})
            publish_artifact(folder, kind, wish, options.settings, options.endpoint)
        case "sign":
            flags = {name: getattr(options, name) for name in ("stand_in", "own_tokenizer", "templates")}
            signer = Signer(**_keys(options))
            sign_folder(folder, kind, options.folder, signer=signer, settings=options.settings, options=flags)
        case "adopt":
            adopt(folder, options.folder, options.to, options.base_model)
        case "list":
            show(folder, kind, stacks=options.stacks, state=options.state, check=options.check, as_json=options.json)
        case action:
            _write(options, {"promote": _promote, "retire": _retire, "add": _add}[action](options))
    return 0


def _signer(options: argparse.Namespace) -> Signer | None:
    if options.private_key is not None:
        return Signer(**_keys(options))
    faults = [
        Fault(
            path=f"--{name}",
            value=str(value),
            rule=f"is the {what} of --private-key, which is not given",
            example="--private-key FILE",
        )
        for name, what, value in (
            ("password-file", "password", options.password_file),
            ("certificate", "certificate", options.certificate),
            ("certificate-chain", "chain", " ".join(map(str, options.certificate_chain)) or None),
        )
        if value is not None
    ]
    if faults:
        raise FaultsError(options.action, faults)
    return None


def _keys(options: argparse.Namespace) -> dict[str, Any]:
    """Who signs, by the options; raise FaultsError."""
    if options.certificate_chain and options.certificate is None:
        rule = "goes with --certificate, which is not given"
        value = " ".join(map(str, options.certificate_chain))
        fault = Fault(path="--certificate-chain", value=value, rule=rule, example="--certificate signer.crt")
        raise FaultsError(options.action, [fault])
    said = {"private_key": options.private_key, "password_file": options.password_file}
    return {**said, "certificate": options.certificate, "chain": tuple(options.certificate_chain)}


def _write(options: argparse.Namespace, edit: Edit) -> None:
    write(edit)
    state = {"promote": "approved", "retire": "retired", "add": "added as a candidate"}[options.action]
    print(f"{options.kind.file}: {options.ref} {state}; next: commit it and open a pull request")


def _promote(options: argparse.Namespace) -> Edit:
    return promote(
        options.catalog,
        options.kind,
        options.ref,
        evaluation=options.evaluation,
        approver=options.approver,
        date=options.date,
    )


def _retire(options: argparse.Namespace) -> Edit:
    return retire(
        options.catalog, options.kind, options.ref, reason=options.reason, date=options.date, stacks=options.stacks
    )


def _add(options: argparse.Namespace) -> Edit:
    entry = new_image(vars(options), imported=False)
    return add_entry(Edit(folder=options.catalog), options.kind, options.ref, entry)


def _lint_options(parser: argparse.ArgumentParser, kind: Kind) -> None:
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--name", metavar="NAME/VERSION", help="compare with this entry of the catalog as well")
    parser.add_argument("--json", action="store_true")
    signed = "Pulumi.<stack>.yaml: one of its signers must have signed the files"
    parser.add_argument("--settings", type=Path, metavar="FILE", help=signed)
    _accept_options(parser, kind)


def _sign_options(parser: argparse.ArgumentParser, kind: Kind) -> None:
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="holds the artifact's files")
    signers = "Pulumi.<stack>.yaml: who signs must be one of its signers"
    parser.add_argument("--settings", type=Path, metavar="FILE", help=signers)
    _key_options(parser, "sign with this EC key", required=True)
    _accept_options(parser, kind)


def _key_options(parser: argparse.ArgumentParser, what: str, *, required: bool = False) -> None:
    parser.add_argument("--private-key", type=Path, metavar="FILE", required=required, help=what)
    parser.add_argument("--password-file", type=Path, metavar="FILE", help="the password of that key")
    parser.add_argument("--certificate", type=Path, metavar="FILE", help="of that key, where signers are certificates")
    chain = "certificates from it up to the authority that signers state; may be given more than once"
    parser.add_argument("--certificate-chain", type=Path, action="append", default=[], metavar="FILE", help=chain)


def _publish_options(parser: argparse.ArgumentParser, kind: Kind) -> None:
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="holds the artifact's files")
    parser.add_argument("--name", required=True, metavar="NAME/VERSION", help=f"such as {kind.example}")
    parser.add_argument("--settings", type=Path, required=True, metavar="FILE", help="Pulumi.<stack>.yaml")
    parser.add_argument("--endpoint", metavar="URL", help="the store, if not the settings' own")
    parser.add_argument("--licence", default="", metavar="SPDX", help="one of licences.yaml")
    parser.add_argument("--origin", default="", metavar="TEXT", help="where it came from")
    parser.add_argument("--owner", default="", metavar="NAME", help="who brings it in and answers for it")
    classes = "class of the data it was trained on, such as confidential; may be given more than once"
    parser.add_argument("--data-class", action="append", default=[], dest="data_classes", metavar="NAME", help=classes)
    _key_options(parser, "sign the files with this EC key, into model.sig beside them; one that is there is kept")
    _accept_options(parser, kind)


def _adopt_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="what the trainer wrote; it stays as it is")
    parser.add_argument("--to", type=Path, required=True, metavar="DIR", help="a new folder, for the adapter")
    parser.add_argument(
        "--base-model", metavar="NAME/VERSION", help="on which base model of the catalog it was trained"
    )


def _accept_options(parser: argparse.ArgumentParser, kind: Kind) -> None:
    parser.add_argument("--stand-in", action="store_true", help="generated weights: sizes are not compared")
    if kind.word == "adapter":
        accepted = "keep its tokenizer or chat template, which servers do not read: prompts are the base model's"
        parser.add_argument("--own-tokenizer", action="store_true", help=accepted)
        parser.set_defaults(templates=[])
    else:
        parser.set_defaults(own_tokenizer=False)
        template_options(parser)


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ref", metavar="NAME")
    for option, what in (
        ("--repository", "below the organisation's registry"),
        ("--digest", "sha256:..., never a tag"),
        ("--upstream", "the public repository that it is mirrored from"),
        ("--version", "the version that the digest stands for"),
        ("--owner", "who brings it in and answers for it"),
    ):
        parser.add_argument(option, required=True, metavar="TEXT", help=what)
