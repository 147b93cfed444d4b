"""What docs/policies.md says about rights: the table of `rights_known`, and how an organisation adds to it."""

from __future__ import annotations

from collections.abc import Iterator

from policies.manifests.namespace_places import Place
from policies.manifests.rights_known import ROWS

_HEAD = """## The rights that the pack understands

What a role gives is understood, or `rbac-least` refuses it by name. Reading (`get`, `list`, `watch`) opens nothing but
Secrets, tokens and ways into pods; for all namespaces only groups of the table are read.

Writing a resource opens what stands in this table, and is too much from the place on that stands there: in every
namespace, also a tenant's; in those that are not a tenant's of the settings (an operator runs there, whose accounts
may do more); in those of add-ons, and of nobody after whom they are called; in the cluster's own (`kube-*`,
`openshift-*`); for all namespaces, which is what a ClusterRole gives. The rights that lead to everything else
(webhooks, nodes, tokens and so on) are refused before, see `policies/manifests/rights_table.py`.

API groups of the organisation's own domains need no row: those of its labels and of its registry, and groups that
`kitchen:policy.kinds` states without `carriesPods`. `resourceNames` narrow a right unless the empty name is among them;
they do not narrow `create` and `deletecollection`. What else is understood is stated with a reason in the file of
`--policy-pack-config`:

```json
{"rbac-least": {"understood": [{"what": "group", "name": "gadgets.io", "reason": "holds the sizes of gadgets alone"}]}}
```

One role may be given what nobody else gets: `what` is `right`, and `name` says the role, the verb (`*` is every one)
and the resource with its group, each right with a reason of its own:

```json
{"rbac-least": {"understood": [
  {"what": "right", "name": "ClusterRole kps-operator: * statefulsets.apps", "reason": "it makes Prometheus"},
  {"what": "right", "name": "ClusterRole kps-operator: update endpoints", "reason": "the kubelets' figures"}]}}
```
"""

_FROM = {
    Place.TENANT: "every namespace",
    Place.OTHER: "one that is no tenant's",
    Place.ADDON: "one of an add-on, or of nobody known",
    Place.SYSTEM: "one of the cluster's own",
    Place.CLUSTER: "all namespaces",
    Place.NOWHERE: "nowhere",
}


def rights_told() -> Iterator[str]:
    """The section's lines."""
    yield _HEAD
    yield from ("| groups | resources | verbs | too much in | because |", "|---|---|---|---|---|")
    for groups, resources, verbs, since, why in ROWS:
        cells = (_groups(groups), _code(resources), "all that write" if verbs == "*" else _code(verbs))
        yield f"| {' | '.join(cells)} | {_FROM[since]} | {why or 'it opens nothing'} |"


def _groups(groups: str) -> str:
    return ", ".join(f"`{group}`" if "*" in group else group or "core" for group in groups.split(" "))


def _code(words: str) -> str:
    return ", ".join(f"`{word}`" if word == "*" else word for word in words.split())
