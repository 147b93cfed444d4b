"""Arguments and run of `kitchen token`."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from infra.catalog import FOLDER, load_catalog
from infra.entry_settings import Issuer
from infra.faults import Fault, FaultsError
from infra.grants import callers
from infra.load import settings_from_file
from infra.settings import Settings
from ops.token import claims
from ops.token.asking import Asker
from ops.token.chosen import chosen
from ops.token.device import Code, by_device
from ops.token.errors import IssuerError
from ops.token.issuer import Client, Token, by_credentials, discovered
from ops.token.secret import EXAMPLE, secret
from ops.token.telling import MODEL, callable_by, how_to_call, summary

_SECRETS = ("--secret", "--client-secret", "--password", "--token")
"""What somebody may type who has a secret at hand. argparse would take a beginning of --secret-file for it."""


class _NoSecret(argparse.Action):
    """Refuses a secret as an argument, and does not repeat it."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """End with one line."""
        parser.error(f"{self.option_strings[0]}: a secret is never an argument: {EXAMPLE}, or - for standard input")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    chosen = parser.add_mutually_exclusive_group(required=True)
    chosen.add_argument("--stack", metavar="STACK", help="Pulumi.STACK.yaml in this folder")
    chosen.add_argument("--settings", type=Path, metavar="FILE", help="Pulumi.<stack>.yaml")
    parser.add_argument("--client-id", required=True, metavar="ID", help="of the client that the issuer knows")
    parser.add_argument("--issuer", metavar="NAME", help="of entry.issuers, where there are several")
    parser.add_argument(
        "--client-credentials",
        action="store_true",
        help="for a program: by the client's own secret, and no person signs in",
    )
    parser.add_argument(
        "--secret-file", metavar="FILE", help="the client's secret, - is standard input; else it is asked for"
    )
    for name in _SECRETS:
        parser.add_argument(name, action=_NoSecret, nargs="?", help=argparse.SUPPRESS)
    parser.add_argument("--scope", metavar="TEXT", help="scopes to ask for (openid; none with --client-credentials)")
    parser.add_argument("--ca", type=Path, metavar="FILE", help="authorities that signed the issuer's certificate, PEM")
    parser.add_argument("--raw", action="store_true", help="print the token alone, for $(...)")
    parser.add_argument("--catalog", type=Path, default=FOLDER, metavar="DIR", help="the catalog's folder")


def run(options: argparse.Namespace) -> int:
    """Get a token and print it, or how to call with it; 1 when the issuer gives none. Raise FaultsError."""
    settings = settings_from_file(
        options.settings or Path(f"Pulumi.{options.stack}.yaml"), load_catalog(options.catalog)
    )
    issuer = chosen(settings, options.issuer)
    asker = Asker(options.ca)
    has_secret = options.client_credentials or options.secret_file is not None
    for name, text in (("--client-id", options.client_id), ("--scope", options.scope or "openid")):
        _plain(name, text)
    client = Client(id=options.client_id, secret=secret(options.secret_file) if has_secret else None)
    try:
        token = _token(options, issuer, client, asker)
    except IssuerError as error:
        print(f"token: {error}", file=sys.stderr)
        return 1
    _tell(options, settings, issuer, token)
    return 0


def _token(options: argparse.Namespace, issuer: Issuer, client: Client, asker: Asker) -> Token:
    endpoints = discovered(issuer.issuer, asker)
    if options.client_credentials:
        return by_credentials(endpoints, client, options.scope or "", asker)
    scope = "openid" if options.scope is None else options.scope
    return by_device(endpoints, client, scope, asker, show=_show)


def _tell(options: argparse.Namespace, settings: Settings, issuer: Issuer, token: Token) -> None:
    now, said = time.time(), claims.read(token.value)
    groups = claims.groups(said or {}, issuer.groups_claim)
    models = callable_by(groups, callers(settings), settings)
    remarks = claims.remarks(token.value, issuer, now)
    if not remarks and not models:
        remarks = [
            "no group of it may call a model: tenants.<name>.groups.caller and kitchens.<name>.access say who may"
        ]
    if options.raw:
        print(token.value)
    else:
        print(summary(said or {}, token, groups, models, now))
        host = settings.entry.host if settings.entry is not None else ""
        ca = None if options.ca is None else str(options.ca)
        print(f"\n{how_to_call(host, models[0] if models else MODEL, _again(options), ca)}")
    sys.stdout.flush()
    for remark in remarks:
        print(f"note: the entry would refuse this token: {remark}", file=sys.stderr)


def _again(options: argparse.Namespace) -> list[str]:
    """The command that prints the token; none of its words is a secret."""
    words = ["kitchen", "token"]
    for name in ("stack", "settings", "issuer", "client_id", "secret_file", "scope", "ca"):
        value = getattr(options, name)
        if value is not None:
            words += [f"--{name.replace('_', '-')}", str(value)]
    return [*words, *(["--client-credentials"] if options.client_credentials else []), "--raw"]


def _show(code: Code) -> None:
    """Tell a person what to do; on standard error, so that `$(...)` holds the token alone."""
    print(f"open      {code.address}", file=sys.stderr)
    print(f"enter     {code.code}", file=sys.stderr)
    print(f"waiting   for {code.seconds // 60 or 1} min at most; Ctrl-C stops", file=sys.stderr, flush=True)


def _plain(name: str, text: str) -> None:
    if not text or len(text) > 256 or not (text.isascii() and text.isprintable()):
        rule = "must be 1 to 256 plain characters, as the issuer knows it"
        example = "kitchen-cli" if name == "--client-id" else "openid"
        raise FaultsError("token", [Fault(path=name, value=text, rule=rule, example=example)])
