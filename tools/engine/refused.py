"""Rights that the API server has refused, in one sentence each: who may not do what, where, and what gives the right.

The server's words are those of k8s.io/apiserver (endpoints/handlers/responsewriters/errors.go) and of
k8s.io/kubernetes (pkg/registry/rbac/validation/rule.go) in 1.34; what reads otherwise stays as the engine tells it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from infra.faults import printable
from tools.engine.outcome import Message, Outcome

_CANNOT = re.compile(
    r'(?:"(?P<name>[^"]*)" is forbidden: |forbidden: )?User "(?P<user>[^"]+)" cannot (?P<verb>[a-z]+) resource '
    r'"(?P<plural>[a-z0-9/]+)" in API group "(?P<group>[^"]*)"(?: in the namespace "(?P<namespace>[^"]+)")?'
)
_GRANTS = re.compile(
    r'(?P<kind>[a-z]+)\.rbac\.authorization\.k8s\.io "(?P<name>[^"]*)" is forbidden: user "(?P<user>[^"]+)" .*?'
    r"is attempting to grant RBAC permissions not currently held:\s*(?P<lacks>\{[^}]*\}[^}\n]{0,200})",
    re.DOTALL,
)
_ACCOUNT = re.compile(r"system:serviceaccount:(?P<namespace>[^:]+):(?P<name>.+)")
_OWN = re.compile(r"kitchen-(?P<way>ci|argocd|drift)-")


def refused(outcome: Outcome) -> list[str]:
    """A sentence for each right that was refused, each once, in the order in which they were told."""
    return list(dict.fromkeys(line for message in outcome.messages for line in _of(message)))


def _of(message: Message) -> Iterator[str]:
    stack = message.urn.removeprefix("urn:pulumi:").partition("::")[0] if message.urn.startswith("urn:pulumi:") else ""
    for found in _CANNOT.finditer(message.text):
        said = found.groupdict()
        resource = f"{said['plural']}.{said['group']}" if said["group"] else said["plural"]
        where = f"in namespace {said['namespace']}" if said["namespace"] else "in the cluster"
        about = f" (object {said['name']})" if said["name"] else ""
        yield _sentence(said["user"], f"may not {said['verb']} {resource} {where}{about}", stack)
    for found in _GRANTS.finditer(message.text):
        said = found.groupdict()
        lacks = " ".join(said["lacks"].split())
        role = f"{said['kind'].rstrip('s')} {said['name']}"
        what = f"may not write the {role}, as it does not hold what that grants: {lacks}"
        yield _sentence(said["user"], what, stack)


def _sentence(user: str, what: str, stack: str) -> str:
    """Who may not, and the command that gives the right; a person's rights are given by a person."""
    account = _ACCOUNT.fullmatch(user)
    words = f"kitchen identity --stack {stack or 'STACK'}"
    if account and (own := _OWN.match(account["name"])):
        words += f" --way {own['way']}"
    elif account:
        words += f" --account {account['namespace']}/{account['name']}"
    way = f"{words} | kubectl apply -f -" if account else f"the roles that `{words}` writes are what {user} needs"
    return printable(f"right missing: {user} {what}; an administrator of the cluster gives it: {way}")
