"""Who may do what in our namespaces without being declared: known by what it allows, never by its name alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from components.labels import DOMAIN
from infra.faults import FaultsError
from tools.drift.compare import Key, key_of
from tools.drift.recorded import Entry
from tools.identity.held import lacks
from tools.identity.rights import ARGO, CI, DRIFT, rights
from tools.kube import Kind, Kube, KubeError, Object

_GROUP = "rbac.authorization.k8s.io"
_READS = frozenset({"get", "list", "watch"})
IDENTITY_LABEL = f"{DOMAIN}/identity"
"""Label of what `kitchen identity` renders; its value is the way."""

OF_OPENSHIFT: Mapping[str, tuple[str, str]] = {
    "system:deployers": ("system:deployer", "ServiceAccount deployer"),
    "system:image-builders": ("system:image-builder", "ServiceAccount builder"),
    "system:image-pullers": ("system:image-puller", "Group system:serviceaccounts:"),
}
"""By name of the RoleBinding what it binds: a ClusterRole, and whom it binds it to."""


@dataclass(kw_only=True)
class Grants:
    """What was found of them: `sound` ones are as they are to be, of others `more` says how they are not."""

    sound: set[Key] = field(default_factory=set)
    more: dict[Key, str] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    strangers: list[tuple[Object, str]] = field(default_factory=list)
    """Bindings that are as they are to be, but for whom they bind."""


def grants(kube: Kube, listed: Sequence[tuple[Kind, Object]], entries: Sequence[Entry], environment: str) -> Grants:
    """Read the roles and bindings that OpenShift or `kitchen identity` may have made; raise KubeError."""
    asked = [
        (kind, live)
        for kind, live in listed
        if _is_of_openshift(kind, live) or _is_of_scheduler(live) or way_of(live, environment)
    ]
    asked = [(kind, live) for kind, live in asked if kind.kind in ("Role", "RoleBinding") and _is_of_rbac(kind)]
    places = [(kind, live["metadata"]["namespace"], live["metadata"]["name"]) for kind, live in asked]
    found = Grants()
    for (kind, brief), live in zip(asked, kube.get_all(places), strict=True):
        key = key_of(kind, brief)
        if isinstance(live, KubeError):
            found.sound.add(key)
            found.unread.append(str(live))
        elif live is not None:
            _judge(key, live, way_of(brief, environment), entries, found)
    return found


def way_of(live: Object, environment: str) -> str:
    """The way of `kitchen identity` that an object says it is of, by its label and its name; empty for none."""
    way = str((live["metadata"].get("labels") or {}).get(IDENTITY_LABEL, ""))
    return way if way in (CI, ARGO, DRIFT) and live["metadata"]["name"] == f"kitchen-{way}-{environment}" else ""


def _is_of_rbac(kind: Kind) -> bool:
    return kind.api_version.rpartition("/")[0] == _GROUP


def _is_of_openshift(kind: Kind, live: Object) -> bool:
    return kind.kind == "RoleBinding" and live["metadata"]["name"] in OF_OPENSHIFT


def _judge(key: Key, live: Object, way: str, entries: Sequence[Entry], found: Grants) -> None:
    namespace, name = key[2:]
    if not way and _is_of_scheduler(live):
        fault = _of_scheduler(key, live)
    elif not way:
        role, whom = OF_OPENSHIFT[name]
        wanted = f"{whom}{namespace}" if whom.endswith(":") else whom
        fault = "" if _bound(live) == (f"ClusterRole {role}", [wanted]) and _is_at_home(live) else "binds another role"
    elif key[1] == "RoleBinding":
        fault, stranger = of_deployer(live, way, "Role", {entry.namespace for entry in entries})
        found.strangers += [(live, f"gives {stranger} the rights of way {way}")] * bool(stranger)
    else:
        beyond = _beyond(live, way, namespace, entries)
        fault = f"allows what `kitchen identity` does not: {beyond[0]}" if beyond else ""
        fault += f" and {len(beyond) - 1} more" if len(beyond) > 1 else ""
    if fault:
        found.more[key] = fault
    else:
        found.sound.add(key)


def _is_of_scheduler(live: Object) -> bool:
    owners = live["metadata"].get("ownerReferences") or []
    return any(owner.get("kind") == "LLMInferenceService" for owner in owners)


def _of_scheduler(key: Key, live: Object) -> str:
    """What is wrong with a right that KServe gives its scheduler: it reads what it routes to, and has a clock.

    Anybody may write an owner into what he makes; so such an object is known by what it allows.
    """
    if key[1] == "RoleBinding":
        subjects = live.get("subjects") or []
        is_sound = all(one.get("kind") == "ServiceAccount" for one in subjects) and _is_at_home(live)
        is_sound = is_sound and _bound(live)[0].startswith("Role ")
        return "" if is_sound else "binds other than a role of its namespace to accounts of it"
    for rule in live.get("rules") or []:
        resources, verbs = set(rule.get("resources") or []), set(rule.get("verbs") or [])
        may = _READS if resources != {"leases"} else _READS | {"create", "update", "patch", "delete"}
        if not verbs <= may or any("*" in word or "/" in word or word == "secrets" for word in resources):
            return "allows more than KServe gives a scheduler"
    return ""


def _bound(live: Object) -> tuple[str, list[str]]:
    role = live.get("roleRef") or {}
    subjects = live.get("subjects") or []
    return f"{role.get('kind')} {role.get('name')}", [f"{one.get('kind')} {one.get('name')}" for one in subjects]


def _is_at_home(live: Object) -> bool:
    inside = live["metadata"]["namespace"]
    return all(one.get("namespace", inside) == inside for one in live.get("subjects") or [])


def of_deployer(live: Object, way: str, role: str, namespaces: Collection[str]) -> tuple[str, str]:
    """What is wrong with a binding to a role of its name, and whom it binds other than our own account.

    The second is no fault, and is said: an option of `kitchen identity` may name anybody, but for accounts of
    `namespaces`, which are the environment's own.
    """
    name = str(live["metadata"]["name"])
    subjects = live.get("subjects") or []
    if _bound(live)[0] != f"{role} {name}" or len(subjects) != 1 or subjects[0].get("kind") != "ServiceAccount":
        return "binds other than the role of its name to one account", ""
    who = f"{subjects[0].get('namespace')}/{subjects[0].get('name')}"
    if subjects[0].get("namespace") in namespaces:
        return f"gives {who}, an account of the environment, the rights of whoever deploys", ""
    usual = "argocd/argocd-application-controller" if way == ARGO else f"kitchen-delivery/{name}"
    return "", who if who != usual else ""


def _beyond(live: Object, way: str, namespace: str, entries: Sequence[Entry]) -> list[str]:
    """What a role allows and the way's rights, as they follow from what is recorded, do not."""
    try:
        given = rights([entry.fields for entry in entries], way)
    except FaultsError as error:
        return [f"anything, as no rights can be derived: {error.faults[0].value}"]
    own = [rule.manifest() for rule in given.namespaces.get(namespace, ())]
    own += [dict(rule) for rule in given.granted.get(namespace, ())]
    rules = [rule for rule in live.get("rules") or [] if not (way == DRIFT and _looks(rule))]
    return [word.removeprefix("may not ") for rule in rules for word in lacks(rule, own)]


def _looks(rule: Mapping[str, Any]) -> bool:
    """Whether a rule reads kinds of one cluster, as `kitchen identity --context` renders them."""
    words = {*(rule.get("resources") or []), *(rule.get("apiGroups") or [])}
    return set(rule.get("verbs") or []) <= {"get", "list"} and not any(
        # `get` of `pods/exec` is a shell in a pod.
        "*" in word or "/" in word or word == "secrets"
        for word in words
    )
