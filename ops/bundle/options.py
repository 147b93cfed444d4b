"""The options of `kitchen bundle`, and who signs or is trusted by them."""

from __future__ import annotations

import argparse
from pathlib import Path

from infra.faults import MISSING, Fault, FaultsError
from ops.bundle.cosigning import Trust
from ops.bundle.names import SIGNATURES
from ops.bundle.signing import PASSWORD, check_trust
from ops.catalog.template_options import template_options
from ops.signing import Signer

_ABOVE = "certificate above that of the key; repeatable"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the three commands and their options."""
    actions = parser.add_subparsers(dest="action", required=True)
    _create(actions.add_parser("create", help="make a bundle of files and images, and sign it"))
    verify = actions.add_parser("verify", help="check signature, manifest and every file, without a network")
    into = actions.add_parser("import", help="verify, then put everything into store, registry and catalog")
    again = actions.add_parser("sign", help="verify a bundle, and add a signature of another signer")
    for command in (verify, into, again):
        command.add_argument("bundle", type=Path, metavar="BUNDLE", help="folder or archive")
        text = "of a key that signed; of several each must have signed"
        command.add_argument("--public-key", type=Path, action="append", default=[], metavar="FILE", help=text)
        command.add_argument(
            "--certificate-chain", type=Path, action="append", default=[], metavar="FILE", help="trusted; repeatable"
        )
        number = f"how many different signers must have signed, 1 to {len(SIGNATURES)}"
        command.add_argument("--signatures", type=int, default=1, metavar="N", help=number)
        _common(command, "accept a bundle without asking who made it")
    _key(again)
    again.add_argument("--signer-chain", type=Path, action="append", default=[], metavar="FILE", help=_ABOVE)
    again.add_argument("--archive", type=Path, metavar="FILE", help="write the bundle with it as one new tar archive")
    into.add_argument("--settings", type=Path, required=True, metavar="FILE", help="Pulumi.<stack>.yaml")
    into.add_argument("--endpoint", metavar="URL", help="the store, if not the settings' own")
    into.add_argument("--registry", metavar="HOST", help="the registry, if not the settings' own")
    into.add_argument("--skip-images", action="store_true", help="leave images out")
    into.add_argument("--skip-signatures", action="store_true", help="leave out what is signed about images")
    into.add_argument("--owner", default="", metavar="NAME", help="who brings new entries in; does not approve them")
    template_options(into)
    unpacked = "unpack an archive here, if its own folder cannot be written or is too small"
    into.add_argument("--work", type=Path, metavar="DIR", help=unpacked)
    into.add_argument("--catalog", type=Path, metavar="DIR", help="write new entries here instead of printing them")


def _create(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--list", type=Path, metavar="FILE", help="what to bring, as YAML or JSON")
    parser.add_argument("--settings", type=Path, metavar="FILE", help="bring all that this Pulumi.<stack>.yaml needs")
    parser.add_argument("--on", metavar="DATE", help="with --settings: the day that the artifacts were had")
    parser.add_argument("--catalog", type=Path, metavar="DIR", help="with --settings: the catalog, if not our own")
    parser.add_argument(
        "--from",
        dest="source",
        type=Path,
        required=True,
        metavar="DIR",
        help="holds lora/<adapter>/<version>/, base/<model>/<version>/, images/<name>/",
    )
    parser.add_argument("--to", type=Path, required=True, metavar="DIR", help="the bundle's folder, new")
    parser.add_argument("--archive", type=Path, metavar="FILE", help="write the bundle as one tar archive as well")
    alone = "copy images without what is signed about them; layouts below --from stay as they are"
    parser.add_argument("--skip-signatures", action="store_true", help=alone)
    _key(parser)
    parser.add_argument("--certificate-chain", type=Path, action="append", default=[], metavar="FILE", help=_ABOVE)
    _common(parser, "make a bundle that nobody has signed")


def _key(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--private-key", type=Path, metavar="FILE", help=f"EC key in PEM; password: {PASSWORD}")
    parser.add_argument("--password-file", type=Path, metavar="FILE", help="holds the key's password")
    parser.add_argument("--certificate", type=Path, metavar="FILE", help="certificate of the private key")


def _common(parser: argparse.ArgumentParser, unsigned: str) -> None:
    parser.add_argument("--unsigned", action="store_true", help=unsigned)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output, no progress")


def signer(given: argparse.Namespace) -> Signer | None:
    """Return who signs, or None for --unsigned; raise FaultsError when neither or both are said."""
    _either(given, "--private-key", given.private_key is not None)
    if given.private_key is None:
        return None
    return Signer(
        private_key=given.private_key,
        password_file=given.password_file,
        certificate=given.certificate,
        chain=tuple(given.certificate_chain),
    )


def second_signer(given: argparse.Namespace) -> Signer:
    """Who adds a signature; raise FaultsError where no key is given."""
    if given.private_key is None:
        rule = "whoever adds a signature has a key"
        raise FaultsError(
            "bundle", [Fault(path="--private-key", value=MISSING, rule=rule, example="--private-key FILE")]
        )
    return Signer(
        private_key=given.private_key,
        password_file=given.password_file,
        certificate=given.certificate,
        chain=tuple(given.signer_chain),
    )


def trust(given: argparse.Namespace, needed: int = 1) -> Trust | None:
    """Return whose signatures are believed, or None for --unsigned; raise FaultsError for anything unclear.

    `needed` is the number of signers that an environment asks for, whatever is said here.
    """
    keys, number = tuple(given.public_key), max(given.signatures, needed, len(given.public_key))
    faults = []
    if keys and given.certificate_chain:
        rule = "say one: --public-key or --certificate-chain"
        faults.append(Fault(path="--public-key", value=str(keys[0]), rule=rule, example="--public-key bundle.pub"))
    if not 1 <= given.signatures <= len(SIGNATURES):
        rule = f"a number of signers, 1 to {len(SIGNATURES)}"
        faults.append(Fault(path="--signatures", value=given.signatures, rule=rule, example="--signatures 2"))
    if given.unsigned and number > 1:
        rule = f"{number} signers are asked for: there is no --unsigned"
        faults.append(Fault(path="--unsigned", value=True, rule=rule, example="--public-key FILE, of each of them"))
    elif keys and len(keys) < number:
        rule = f"{number} signers are asked for: give the key of each"
        value = [str(key) for key in keys]
        faults.append(Fault(path="--public-key", value=value, rule=rule, example="--public-key A --public-key B"))
    if faults:
        raise FaultsError("bundle", faults)
    _either(given, "--public-key", bool(keys or given.certificate_chain))
    if given.unsigned:
        return None
    found = Trust(public_keys=keys, certificates=tuple(given.certificate_chain), needed=number)
    check_trust(found)
    return found


def _either(given: argparse.Namespace, option: str, signed: bool) -> None:
    if signed != given.unsigned:
        return
    if signed:
        rule = "with a key there is no --unsigned"
        raise FaultsError("bundle", [Fault(path="--unsigned", value=True, rule=rule, example=f"{option} FILE alone")])
    rule = "a bundle is signed: name the key or certificate, or say --unsigned"
    raise FaultsError("bundle", [Fault(path=option, value=MISSING, rule=rule, example=f"{option} FILE")])
