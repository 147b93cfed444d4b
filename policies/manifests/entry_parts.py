"""What entries of all kinds have: hosts, paths, and fields that are understood."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policies.judging.rule import Case
from policies.judging.subject import entries
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.entry_backends import Towards
from policies.manifests.entry_paths import administration, is_open
from policies.manifests.fields import Fault, listed, shown
from policies.manifests.insides import is_another_tenants, is_own, platform_hosts, tenant_of

Form = Mapping[str, Any]
"""Fields that are understood: a mapping of them by name, where each is None for any value, a form, or a list of one."""


def host_faults(value: JsonValue, path: str) -> Iterator[Fault]:
    """A fault where a host is missing, not known or stands for many."""
    if not isinstance(value, str) or not value or "*" in value:
        text = shown(value) if value else "is missing, which means every host"
        yield Fault(path=path, text=text)


def hosts_faults(value: JsonValue, path: str) -> Iterator[Fault]:
    """The same of a list of hosts."""
    if value is not UNKNOWN and not entries(value):
        yield Fault(path=path, text="is missing, which means every host")
    for where, host in listed(value, path):
        yield from host_faults(host, where)


def claims(case: Case, hosts: JsonValue, path: str) -> Iterator[Fault]:
    """A fault where an entry of a tenant takes the name of another tenant, or of what the settings call by name."""
    own = tenant_of(case, case.subject.namespace)
    if own is None:
        return
    for where, host in listed(hosts, path):
        name = host.lower().partition(":")[0].removesuffix(".") if isinstance(host, str) else ""
        if name and name in platform_hosts(case):
            yield Fault(path=where, text=f"{shown(host)}, which is a host of the platform itself")
        taken = any(is_another_tenants(case, label) for label in name.split(".")[:-1])
        # Names in the cluster are told where Services of another namespace are.
        if taken and is_own(case, name):
            yield Fault(path=where, text=f"{shown(host)}, which is a name of another tenant")


_IF_SERVER = {
    Towards.SERVERS: " of a model server; where the Service is none, state it in otherServices",
    Towards.OTHERS: "",
}


def path_faults(
    case: Case,
    path: str,
    match: dict[str, JsonValue],
    towards: Towards,
    *,
    any_case: bool = False,
    rewritten: bool = False,
) -> Iterator[Fault]:
    """A fault where a match leads to a path of the administration, or of a model server to one that is not open.

    `rewritten` tells that the server gets another path, which is judged as well.
    """
    if towards is Towards.STATED:
        return
    value = next(iter(match.values()))
    reached = administration(case, match, any_case=any_case)
    if reached:
        yield Fault(path=path, text=f"{shown(value)}, which leads to {reached}{_IF_SERVER[towards]}")
    elif towards is Towards.SERVERS and not rewritten and not is_open(case, match, any_case=any_case):
        yield Fault(path=path, text=f"{shown(value)}, which leads to more than servers answer to callers")


def passed_through(path: str, towards: Towards) -> Iterator[Fault]:
    """A fault where TLS is passed through to a model server: nobody sees paths any more."""
    if towards is Towards.SERVERS:
        yield Fault(path=path, text="leads to every path, for TLS is passed through")


def form_faults(value: JsonValue, form: Form, path: str) -> Iterator[Fault]:
    """A fault for each field below a value that is not understood; what is not known is judged where it is read."""
    for name, entry in value.items() if isinstance(value, dict) else ():
        where = f"{path}.{name}"
        if name not in form:
            yield Fault(path=where, text="is no field that is understood")
        elif isinstance(form[name], list):
            for place, inner in listed(entry, where):
                yield from form_faults(inner, form[name][0], place)
        elif form[name] is not None:
            yield from form_faults(entry, form[name], where)
