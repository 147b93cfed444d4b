"""What stands before our objects in a cluster: webhooks, admission policies, other servers, policies of networks."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tools.drift_report.cluster_rights import Served
from tools.kube import Object

WEBHOOKS = ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")
POLICIES = ("ValidatingAdmissionPolicyBinding", "MutatingAdmissionPolicyBinding")
NETWORKS = ("AdminNetworkPolicy", "BaselineAdminNetworkPolicy", "ClusterNetworkPolicy")
_OF_PLATFORM: Mapping[str, str] = {"route.openshift.io": "openshift-apiserver/api"}
"""API groups of ours that a platform answers by a server of its own, and by which Service."""
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, kw_only=True)
class Hook:
    """What one of them does to us: `why` says it, `is_drift` whether it can be nobody's but a stranger's.

    `content` is what decides about it: another content is another thing to judge.
    """

    why: str
    is_drift: bool
    content: Any


def webhook(live: Object, served: Served, namespaces: Mapping[str, Mapping[str, str]]) -> Hook | None:
    """What a configuration of webhooks does to objects in our namespaces (by name their labels); None for nothing."""
    found = [one for one in live.get("webhooks") or [] if _selected(one.get("namespaceSelector"), namespaces)]
    found = [one for one in found if served.named(one.get("rules") or [])]
    if not found:
        return None
    called, is_drift = [], False
    for one in found:
        words, odd = _called(one.get("clientConfig") or {}, namespaces)
        called.append(words)
        is_drift |= odd
    about = served.named([rule for one in found for rule in one.get("rules") or []])
    does = "may change" if live.get("kind") == WEBHOOKS[1] else "may refuse"
    why = f"{', '.join(dict.fromkeys(called))} {does} {about} of ours"
    return Hook(why=why, is_drift=is_drift, content=[*map(_bare, found)])


def policy(live: Object, policies: Mapping[str, Object], namespaces: Mapping[str, Mapping[str, str]]) -> Hook | None:
    """What a binding of an admission policy does to objects in our namespaces."""
    spec = live.get("spec") or {}
    if not _selected((spec.get("matchResources") or {}).get("namespaceSelector"), namespaces):
        return None
    name = str(spec.get("policyName", ""))
    content = [spec, (policies.get(name) or {}).get("spec")]
    return Hook(why=f"holds objects of ours against policy {name}", is_drift=False, content=content)


def server(live: Object, groups: Collection[str], namespaces: Collection[str]) -> Hook | None:
    """What an APIService does that hands an API group to another server; the cluster's own have none."""
    spec = live.get("spec") or {}
    service = spec.get("service") or {}
    group, place = str(spec.get("group", "")), str(service.get("namespace", ""))
    if not service or not (group in groups or place in namespaces):
        return None
    called = f"{place}/{service.get('name')}"
    return Hook(
        why=f"API group {group} is answered by Service {called}",
        is_drift=_OF_PLATFORM.get(group) != called,
        content={"group": group, "service": service},
    )


def network(live: Object, namespaces: Mapping[str, Mapping[str, str]]) -> Hook | None:
    """What a policy of the whole cluster's network does to our pods: it may come before our NetworkPolicies."""
    spec = live.get("spec") or {}
    subject = spec.get("subject") or {}
    selector = subject.get("namespaces", (subject.get("pods") or {}).get("namespaceSelector"))
    if not _selected(selector, namespaces):
        return None
    return Hook(why="rules the network of pods of ours, before our NetworkPolicies", is_drift=False, content=spec)


def _called(client: Mapping[str, Any], namespaces: Collection[str]) -> tuple[str, bool]:
    """Who is called, in words without the address, which may hold a key; and whether that can be no platform's."""
    service = client.get("service") or {}
    if service:
        place = str(service.get("namespace", ""))
        return f"Service {place}/{service.get('name')}", place in namespaces
    outside = urlsplit(str(client.get("url", ""))).hostname not in _LOOPBACK
    return ("an address that is no Service" if outside else "an address of the API server's machine"), outside


def _bare(one: Mapping[str, Any]) -> dict[str, Any]:
    """A webhook less its certificate, which is set anew by and by, and less what an address may hold of a key."""
    client = {key: value for key, value in (one.get("clientConfig") or {}).items() if key != "caBundle"}
    if "url" in client:
        client["url"] = urlsplit(str(client["url"])).hostname
    return {**one, "clientConfig": client}


def _selected(selector: Mapping[str, Any] | None, namespaces: Mapping[str, Mapping[str, str]]) -> bool:
    """Whether a selector of labels selects one of our namespaces; none, or one that is not understood, selects all."""
    return any(_selects(selector or {}, labels) for labels in namespaces.values())


def _selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    wanted: Mapping[str, str] = selector.get("matchLabels") or {}
    rows: Sequence[Mapping[str, Any]] = selector.get("matchExpressions") or []
    return all(labels.get(key) == value for key, value in wanted.items()) and all(_holds(rows, labels))


def _holds(rows: Sequence[Mapping[str, Any]], labels: Mapping[str, str]) -> Iterator[bool]:
    for row in rows:
        key, values = str(row.get("key")), row.get("values") or []
        match row.get("operator"):
            case "In":
                yield labels.get(key) in values
            case "NotIn":
                yield labels.get(key) not in values
            case "Exists":
                yield key in labels
            case "DoesNotExist":
                yield key not in labels
            case _:
                yield True
