"""Who gets which role by a binding: in a tenant's namespace that tenant, anywhere else those who run the platform.

A name is chosen by whoever writes a manifest. So that a role and an account are called alike says something only where
the account's namespace is known to be an add-on's, and is never a tenant's.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from policies.judging.values import JsonValue
from policies.judging.world import World
from policies.manifests.bound_names import ACCOUNT, HARMLESS_ROLES
from policies.manifests.fields import at
from policies.manifests.kin import ADDONS, akin
from policies.manifests.namespace_places import Place, is_platform, is_platforms_group, tenant_of, tenant_of_group

_READERS = frozenset(
    {
        *("view", "basic-user", "self-access-reviewer", "cert-manager-view", "cert-manager-cluster-view"),
        *(
            "external-secrets-view",
            "cluster-monitoring-view",
            "monitoring-rules-view",
            "cluster-samples-operator-proxy-reader",
        ),
        *("extension-apiserver-authentication-reader", "kueue-clusterqueue-viewer-role", "argo-aggregate-to-view"),
    }
)
"""Roles of Kubernetes, OpenShift and add-ons that read what holds no secret."""

_ADDONS = ADDONS | {"gpu", "hco"}
"""First words of roles that add-ons bring: in a tenant's namespace its accounts get those alone that are for people."""

_FOR_PEOPLE = ("-edit", "-view", "-editor", "-viewer", "-editor-role", "-viewer-role", "-user-role", "-user")
"""How roles of add-ons end that are meant to be given to people in their namespaces."""


@dataclass(frozen=True, kw_only=True)
class Bound:
    """Who gets a role: an account of a namespace, or a group or user, which has none; `tenant` is whose it is."""

    name: str
    namespace: str = ""
    tenant: str | None = None
    runs_platform: bool = False


def bound(subject: JsonValue, world: World) -> Bound:
    """A subject of a binding. An account may be named as a user, and a group of accounts by its namespace."""
    name, namespace = (str(at(subject, field) or "") for field in ("name", "namespace"))
    kind = at(subject, "kind")
    if kind == "User" and name.startswith(ACCOUNT):
        namespace, _, name = name.removeprefix(ACCOUNT).partition(":")
        kind = "ServiceAccount"
    if kind == "ServiceAccount":
        return Bound(name=name, namespace=namespace, tenant=tenant_of(namespace, world))
    runs = kind == "Group" and is_platforms_group(name, world)
    return Bound(name=name, tenant=tenant_of_group(name, world) if kind == "Group" else None, runs_platform=runs)


@dataclass(frozen=True, kw_only=True)
class Binding:
    """A binding called `name` in a namespace, or for all where it has none, and the role that it gives to `who`."""

    name: str
    namespace: str | None
    place: Place
    role: str
    kind: str
    who: Collection[Bound]


def foreign_role(binding: Binding, world: World) -> str | None:
    """Why a role that no organisation states is not bound, or None.

    In a namespace of a tenant a role holds there alone, and the API server lets nobody bind more than he has.
    """
    if binding.role in HARMLESS_ROLES:
        return None
    if binding.place == Place.CLUSTER:
        return _for_all(binding.role, binding.name, binding.who)
    owner = tenant_of(binding.namespace, world)
    for one in binding.who:
        if one.tenant is not None and binding.namespace and one.tenant != owner:
            return f"for {one.name!r} of the tenant {one.tenant!r}, whose namespace {binding.namespace} is not"
    if binding.role in _READERS:
        return None
    return _in_tenants(binding) if binding.place < Place.OTHER else _in_platforms(binding)


def _in_tenants(binding: Binding) -> str | None:
    first = binding.role.partition("-")[0].partition(":")[0]
    if binding.kind == "Role" or first not in _ADDONS or binding.role.endswith(_FOR_PEOPLE):
        return None
    if all(one.tenant is None and _is_addons(one, binding.role) for one in binding.who):
        return None
    return "a role of an add-on, for somebody else than an account of the add-on"


def _in_platforms(binding: Binding) -> str | None:
    if binding.place == Place.SYSTEM and not akin(binding.role, binding.name):
        return "which is neither a role that is understood nor one that the binding is called after"
    for one in binding.who:
        at_home = one.namespace == binding.namespace or is_platform(one.namespace)
        if not (at_home if one.namespace else one.runs_platform):
            return f"for {one.name!r}, who is not known to run what is in {binding.namespace}"
    return None


def _for_all(name: str, binding: str, who: Collection[Bound]) -> str | None:
    """The same of a binding for all namespaces."""
    if name not in _READERS and not akin(name, binding):
        return "which is neither a role that is understood nor one that the binding is called after"
    for one in who:
        if one.tenant is not None and not name.startswith(f"{one.tenant}-"):
            return f"for all namespaces, and {one.name!r} is of the tenant {one.tenant!r}"
    if name in _READERS:
        return None
    first = name.partition("-")[0].partition(":")[0]
    for one in who:
        if first in _ADDONS and not _is_addons(one, name):
            return "a role of an add-on, for somebody else than an account of the add-on"
        if not (one.runs_platform or one.tenant is not None or _is_addons(one, name) or akin(name, one.namespace)):
            return f"for all namespaces, and {one.name!r} is not known to be whom the role is made for"
    return None


def _is_addons(one: Bound, role: str) -> bool:
    """Whether somebody is an account, called like a role or in a namespace called like it, of a known add-on."""
    return is_platform(one.namespace) and (akin(role, one.namespace) or akin(role, one.name))
