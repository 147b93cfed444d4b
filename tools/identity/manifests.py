"""Rights as Kubernetes' objects: an account, Roles in each namespace, one ClusterRole, and their bindings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from components.labels import DOMAIN, PART_OF
from tools.drift_report.grants import IDENTITY_LABEL
from tools.identity.rights import ARGO, PLAN, Rights

_API = "rbac.authorization.k8s.io"


@dataclass(frozen=True, kw_only=True)
class Account:
    """The ServiceAccount that gets the rights; `is_made` where it is rendered too, and not another program's."""

    namespace: str
    name: str
    is_made: bool

    def __str__(self) -> str:
        """Return `system:serviceaccount:kitchen-delivery:kitchen-ci-dev`, as the API server names it."""
        return f"system:serviceaccount:{self.namespace}:{self.name}"


def named(way: str, environment: str) -> str:
    """The name of everything of a way in an environment."""
    return f"kitchen-{way}-{environment}"


def account(way: str, environment: str, said: str | None) -> Account:
    """The account of a way: that of `said` (`namespace/name`), else Argo CD's own, else one that is made."""
    if said is not None:
        namespace, _, name = said.partition("/")
        return Account(namespace=namespace, name=name, is_made=False)
    if way == ARGO:
        return Account(namespace="argocd", name="argocd-application-controller", is_made=False)
    return Account(namespace="kitchen-delivery", name=named(way, environment), is_made=True)


def manifests(given: Rights, way: str, environment: str, who: Account) -> list[dict[str, Any]]:
    """Every object, those in no namespace first."""
    return list(_manifests(given, way, environment, who))


def _manifests(given: Rights, way: str, environment: str, who: Account) -> Iterator[dict[str, Any]]:
    name = named(way, environment)
    shared = {f"{DOMAIN}/environment": environment, **given.owners.get("", {}), f"{DOMAIN}/tenant": "shared"}

    def made(kind: str, namespace: str = "", **fields: Any) -> dict[str, Any]:
        inside = {"namespace": namespace} if namespace else {}
        owner = given.owners.get(namespace, shared)
        labels = {PART_OF: "private-ai-kitchen", **owner, IDENTITY_LABEL: way}
        version = "v1" if kind == "ServiceAccount" else f"{_API}/v1"
        return {"apiVersion": version, "kind": kind, "metadata": {"name": name, **inside, "labels": labels}, **fields}

    def bound(role: str) -> dict[str, Any]:
        subject = {"kind": "ServiceAccount", "name": who.name, "namespace": who.namespace}
        return {"roleRef": {"apiGroup": _API, "kind": role, "name": name}, "subjects": [subject]}

    if way == PLAN:
        return
    if who.is_made:
        yield made("ServiceAccount", who.namespace, automountServiceAccountToken=False)
    if given.cluster:
        yield made("ClusterRole", rules=[rule.manifest() for rule in given.cluster])
        yield made("ClusterRoleBinding", **bound("ClusterRole"))
    for namespace, rules in given.namespaces.items():
        own = [rule.manifest() for rule in rules]
        held = [dict(rule) for rule in given.granted.get(namespace, ()) if rule not in own]
        yield made("Role", namespace, rules=[*own, *held])
        yield made("RoleBinding", namespace, **bound("Role"))


def text(objects: Sequence[Mapping[str, Any]], way: str, environment: str, who: Account) -> str:
    """The objects as YAML, with what to type above them."""
    head = [f"# Rights of {who} in the environment {environment}, way {way}."]
    if way == PLAN:
        head = [f"# {PLAN}: `kitchen plan` previews without a cluster, and needs no right in one."]
    else:
        places = {one["metadata"]["namespace"] for one in objects if "namespace" in one["metadata"]}
        head += ["# An administrator of the cluster applies this. Namespaces must be there before:"]
        head += [f"#   kubectl create namespace {name}" for name in sorted(places)]
        head += ["#   kubectl apply -f FILE"]
    return (
        "\n".join(head) + "\n" + (yaml.safe_dump_all(objects, sort_keys=False, explicit_start=True) if objects else "")
    )
