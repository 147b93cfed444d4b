"""`kitchen identity`: the rights of whoever deploys, syncs or looks, as YAML that an administrator applies."""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.faults import Fault, FaultsError, printable
from infra.load import read_stack_file
from infra.strict_yaml import parse
from ops.whole_file import put
from tools.drift_report.by_design import is_listed
from tools.identity.held import missing
from tools.identity.judged import configuration, statements
from tools.identity.manifests import account, manifests, text
from tools.identity.resources import Resource
from tools.identity.rights import CI, DRIFT, PLAN, WAYS, Rights, rights
from tools.identity.store import STORE_WAYS, policy_text
from tools.kube import Kube, KubeError, through_kubectl
from tools.local.errors import LocalError
from tools.local.offline import render
from tools.local.workspace import REPOSITORY
from tools.progress import heard
from tools.toolchain import PREVIEW, ToolchainError, ensure

_MODE = 0o644
_ACCOUNT = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?/[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
"""Namespace and name of a ServiceAccount."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--stack", required=True, metavar="NAME", help="dev or prod")
    text_of = (
        "who gets rights: ci updates, argocd syncs, drift looks, plan needs none; of the object store, store is the "
        "deployer's account and store-drift that of whoever looks"
    )
    parser.add_argument("--way", choices=(*WAYS, *STORE_WAYS), default=CI, help=text_of)
    parser.add_argument(
        "--account", metavar="NAMESPACE/NAME", help="a ServiceAccount that is there, instead of a new one"
    )
    text_of = "write nothing: ask the cluster whether whoever runs this holds these rights; 1 names what is missing"
    parser.add_argument("--check", action="store_true", help=text_of)
    text_of = "of the kubeconfig: the cluster that --check asks, and whose kinds the way drift reads"
    parser.add_argument("--context", metavar="NAME", help=text_of)
    parser.add_argument("--out", type=Path, metavar="FILE", help="write it there, instead of to standard output")
    parser.add_argument(
        "--policy-config",
        type=Path,
        metavar="FILE",
        help="write there what the policy pack is to be told of the rights",
    )


def run(options: argparse.Namespace) -> int:
    """Render, judge and write; 0 when it is written. Raises FaultsError for bad input and for denied rights."""
    path = _settings(options)
    environment = str(read_stack_file(path).get("environment", options.stack))
    if options.way in STORE_WAYS:
        _write("--out", options.out, policy_text(path, options.way))
        return 0
    who = account(options.way, environment, options.account)
    try:
        objects = [] if options.way == PLAN else rendered(options.stack)
        served = _served(options.context) if options.way == DRIFT and options.context is not None else []
    except (LocalError, ToolchainError, KubeError) as error:
        print(printable(f"identity: {error}"), file=sys.stderr)
        return 1
    given = rights(objects, options.way, served)
    if options.check:
        return _check(given, options)
    made = manifests(given, options.way, environment, who)
    stated = statements(made, given, path) if made else []
    if options.policy_config is not None:
        _write("--policy-config", options.policy_config, configuration(stated))
    _write("--out", options.out, text(made, options.way, environment, who))
    return 0


def _served(context: str) -> list[Resource]:
    """What a cluster lets be listed in namespaces, less what the look does not ask for. Raises KubeError."""
    with through_kubectl(context) as transport:
        kube = Kube(transport)
        kinds, silent = kube.kinds()
        if silent:
            raise KubeError(silent[0])
        found = kube.plurals(kinds)
    groups = [(kind.api_version.rpartition("/")[0], plural) for kind, plural in found if is_listed(kind)]
    return [Resource(group=group, plural=plural) for group, plural in groups]


def _check(given: Rights, options: argparse.Namespace) -> int:
    """Ask the cluster and tell; 0 all held, 1 something is missing or there was no answer."""
    try:
        with through_kubectl(options.context) as transport:
            lacking = missing(given, Kube(transport))
    except KubeError as error:
        print(printable(f"identity: {error}"), file=sys.stderr)
        return 1
    for line in lacking:
        print(printable(f"right missing: {line}"))
    way = f"kitchen identity --stack {options.stack} --way {options.way}"
    given_by = f"; an administrator of the cluster gives them: {way}" if lacking else ""
    print(f"{options.stack}: {len(lacking)} rights of the way {options.way} are missing{given_by}")
    return 1 if lacking else 0


def rendered(stack: str) -> list[Mapping[str, Any]]:
    """Every object of a stack, as `make render` writes them; raise LocalError."""
    ensure(PREVIEW)
    with tempfile.TemporaryDirectory(prefix="kitchen-") as folder, heard(lambda _line, _stays: None):
        render(stack, Path(folder))
        files = sorted((Path(folder) / "rendered" / stack).rglob("*.yaml"))
        return [parse(file.read_bytes()) for file in files]


def _settings(options: argparse.Namespace) -> Path:
    """The stack's settings; raise FaultsError with every fault of what was given."""
    faults = []
    path = REPOSITORY / f"Pulumi.{options.stack}.yaml"
    if not options.stack.replace("-", "").isalnum() or not path.is_file():
        known = sorted(file.name.split(".")[1] for file in REPOSITORY.glob("Pulumi.*.yaml"))
        rule = f"there must be a settings file of this name; known: {', '.join(known)}"
        faults.append(Fault(path="--stack", value=options.stack, rule=rule, example=known[0]))
    if options.account is not None and not _ACCOUNT.fullmatch(options.account):
        rule = "must be NAMESPACE/NAME of a ServiceAccount"
        faults.append(Fault(path="--account", value=options.account, rule=rule, example="delivery/runner"))
    if options.account is not None and options.way in (PLAN, *STORE_WAYS):
        rule = f"way {options.way} gives no account of the cluster rights"
        faults.append(Fault(path="--account", value=options.account, rule=rule, example="--way ci"))
    odd = [name for name in ("out", "policy_config", "account") if options.check and getattr(options, name) is not None]
    odd += ["context"] * (options.context is not None and not options.check and options.way != DRIFT)
    odd += ["check"] * (options.check and options.way in STORE_WAYS)
    odd += ["policy_config"] * (options.policy_config is not None and options.way in STORE_WAYS)
    for name in odd:
        rule = (
            "--check asks the cluster about a way of it, and writes nothing; --context is for it and the way drift; "
            "the policy pack judges no policy of the store"
        )
        faults.append(Fault(path=f"--{name.replace('_', '-')}", value="given", rule=rule, example="--way ci --check"))
    if faults:
        raise FaultsError("identity", faults)
    return path


def _write(option: str, path: Path | None, content: str) -> None:
    if path is None:
        print(content, end="", flush=True)
        return
    try:
        put(path, content.encode(), _MODE)
    except OSError as error:
        rule = f"must be a file that can be written: {error.strerror}"
        example = {"--out": "identity.yaml"}.get(option, "identity-policy.json")
        raise FaultsError("identity", [Fault(path=option, value=str(path), rule=rule, example=example)]) from None
