"""Whether an address stays inside: in the cluster, in a private network, or in the organisation's domains."""

from __future__ import annotations

import re

from policies.judging.rule import Case
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import NOT_KNOWN, shown, without_key
from policies.manifests.insides import leads_inside, namespace_of, tenant_of
from policies.manifests.namespace_places import is_own
from policies.manifests.understood_beside import is_stated

_HOST = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://)?(?:[^/@\s]*@)?(\[[0-9a-f:.]+\]|[^/:\s?#@]+)(?::[0-9]+)?(?:[/?#].*)?", re.I
)


def in_a_tenants(case: Case, address: JsonValue) -> str | None:
    """What is wrong with the address of a program of the platform that lies in a tenant's namespace, or None."""
    match = _HOST.fullmatch(address.strip()) if isinstance(address, str) else None
    tenant = tenant_of(case, namespace_of(case, match[1].lower().rstrip("."))) if match else None
    return f"{without_key(str(address))!r} lies in a namespace of the tenant {tenant!r}" if tenant else None


def outside(case: Case, address: JsonValue) -> str | None:
    """What is wrong with an address, or None where it stays inside or `understood` of the rule names its host."""
    if address in (None, ""):
        return None
    if address is UNKNOWN or not isinstance(address, str):
        return NOT_KNOWN if address is UNKNOWN else shown(address)
    match = _HOST.fullmatch(address.strip())
    host = match[1].lower().rstrip(".") if match else ""
    if host and (
        leads_inside(case, address.strip()) or is_own(host, case.world) or is_stated(case.config, "address", host)
    ):
        return None
    return f"{without_key(address)!r} leads outside: name its host in `understood` of this rule"
