"""Labels of a team's scrapes: what rules of relabelling and constants may write, and what they must leave there.

Whose a series is, is told by labels that Git or Kubernetes gives a target. A target without such a label takes it of
the pod's own text, so that taking one away is as much as writing another's. Series without a `job` are taken for those
that rules of Prometheus make, and series without a `namespace` for those of the platform.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.judging.rule import Case
from policies.judging.subject import entries, mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.entry_paths import administration
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, missing, shown
from policies.manifests.insides import host_of, is_another_tenants, is_inside, is_own, namespace_of, tenant_of

_OWN_PARTS = ("server", "adapters", "load")
"""What a part of a kitchen calls itself; other parts are the platform's."""

_NAMESPACES = ("namespace", "exported_namespace", "kubernetes_namespace")
TOLD = {"environment", "tenant", "kitchen", "part", *_NAMESPACES}
"""Labels by which this project's alerts know whose a series is."""

_KEPT = {*TOLD, "job"}
"""Labels that no rule takes away."""

_WORDS = re.compile(r"\(?(?P<words>\w+(?:\.[*+])?(?:\|\w+(?:\.[*+])?)*)\)?")
"""An expression of which can be seen what it fits: words, or beginnings of words."""

_ALL = (None, "$1", "${1}")
_OF_NODES = re.compile(r"__meta_kubernetes_(?:pod_host_ip|pod_node_name|node_\w+|endpoint_node_name)")
_TAKEN = re.compile(r"\$(?:\w+|\{\w+\})")
_OF_PROMETHEUS = "__"
WHOSE = "whose pods are asked is another's to say"
_SAYS = "whose a series is, is not a team's to say"


def of_targets(case: Case, rules: JsonValue, path: str, *, found: bool) -> Iterator[Fault]:
    """Faults of rules that rewrite targets before they are asked; `found` says that Kubernetes told of the targets."""
    yield from _written(case, rules, path, found=found)
    for where, rule in listed(rules, path):
        if UNKNOWN not in (rule, at(rule, "targetLabel"), at(rule, "replacement")):
            yield from _asks(case, rule, where)


def of_series(case: Case, rules: JsonValue, path: str) -> Iterator[Fault]:
    """Faults of rules that rewrite series after a scrape, when Prometheus no longer knows what Kubernetes told."""
    yield from _written(case, rules, path, found=False)


def constants(case: Case, labels: JsonValue, path: str) -> Iterator[Fault]:
    """Faults of labels that stand at targets in plain text."""
    for name, value in mapping(labels).items():
        if name.startswith(_OF_PROMETHEUS):
            text = f"{shown(value)}: is for Prometheus to say, and rules take it for what Kubernetes told"
            yield Fault(path=f"{path}.{name}", text=text)
        elif (name in TOLD and not _is_own(case, name, value)) or (name == "job" and value in (None, "")):
            yield Fault(path=f"{path}.{name}", text=f"{shown(value)}: {_SAYS}")


def says_namespace(case: Case, rule: JsonValue) -> bool:
    """Whether a target gets its namespace as a constant, as every target of the other kinds gets it by the operator."""
    plain = {"targetLabel": "namespace", "replacement": case.subject.namespace}
    return {name: value for name, value in mapping(rule).items() if (name, value) != ("action", "replace")} == plain


def is_anothers(case: Case, host: str) -> bool:
    """Whether a host that Prometheus is sent to may be somebody else's in the cluster.

    An address in numbers, and a name in one word, say not whose they are. What is outside is told by another rule.
    """
    namespace = namespace_of(case, host)
    if namespace is not None:
        return tenant_of(case, namespace) != tenant_of(case, case.subject.namespace or "")
    return is_inside(case, host) and not is_own(case, host)


def _written(case: Case, rules: JsonValue, path: str, *, found: bool) -> Iterator[Fault]:
    """Rules that write a name, or a label by which alerts know whose a series is, as somebody else's."""
    for where, rule in listed(rules, path):
        action = str(at(rule, "action") or "replace").lower()
        target, put = at(rule, "targetLabel"), at(rule, "replacement")
        if UNKNOWN in (rule, at(rule, "action"), target, put):
            yield Fault(path=where, text=NOT_KNOWN)
        elif action == "labelmap" and _may_map(put):
            text = f"{missing(put)}: labels of pods would say whose their series are; begin the names, as in pod_$1"
            yield Fault(path=f"{where}.replacement", text=text)
        elif action == "labelkeep" or (action == "labeldrop" and _may_drop(at(rule, "regex"))):
            text = f"{shown(action)}, for {at(rule, 'regex')!r}"
            yield Fault(
                path=f"{where}.action", text=f"{text}: pods would say by their own labels whose their series are"
            )
        elif action in ("replace", "hashmod", "lowercase", "uppercase"):
            yield from _put(case, rule, where, found=found)


def _put(case: Case, rule: JsonValue, path: str, *, found: bool) -> Iterator[Fault]:
    target = at(rule, "targetLabel")
    if target == "job" and not _says_a_job(rule):
        text = "may leave no job, as if a rule had made the series: add regex: (.+), or write the job as plain text"
        yield Fault(path=path, text=text)
    elif not _may_write(case, rule, found=found):
        yield Fault(path=f"{path}.targetLabel", text=f"{shown(target)}: {_SAYS}")


def _may_map(put: JsonValue) -> bool:
    """Whether a label that is copied may get one of the names that say whose a series is, or Prometheus' own."""
    begins = str(put or "").partition("$")[0]
    return begins.startswith("_") or any(label.startswith(begins) for label in _KEPT)


def _may_drop(regex: JsonValue) -> bool:
    match = _WORDS.fullmatch(str(regex))
    words = match["words"].split("|") if match else [".*"]
    return any(
        label.startswith(word[:-2]) if word.endswith((".*", ".+")) else label == word
        for word in words
        for label in _KEPT
    )


def _says_a_job(rule: JsonValue) -> bool:
    """Whether a rule leaves a job whatever it finds: with nothing to put, Prometheus takes the label away."""
    put = at(rule, "replacement")
    if str(at(rule, "action") or "replace").lower() != "replace":
        return False
    if entries(at(rule, "sourceLabels")):
        return put in _ALL and at(rule, "regex") == "(.+)"
    return isinstance(put, str) and put != "" and "$" not in put


def _may_write(case: Case, rule: JsonValue, *, found: bool) -> bool:
    target, put = at(rule, "targetLabel"), at(rule, "replacement")
    if not isinstance(target, str) or target == "__name__" or "$" in target:
        return False
    if target not in TOLD:
        return True
    if found and target in _NAMESPACES and entries(at(rule, "sourceLabels")) == ["__meta_kubernetes_namespace"]:
        return put in _ALL and at(rule, "regex") in (None, "(.*)")
    return not entries(at(rule, "sourceLabels")) and _is_own(case, target, put)


def _is_own(case: Case, label: str, value: JsonValue) -> bool:
    """Whether a constant of a label says what is so."""
    own = tenant_of(case, case.subject.namespace or "")
    kitchens = mapping(case.world.settings.get("kitchens"))
    if label == "part":
        return value in _OWN_PARTS
    if label == "kitchen":
        return isinstance(value, str) and bool(at(kitchens.get(value), "tenant") == own)
    said = {"environment": case.world.environment, "tenant": own}.get(label, case.subject.namespace)
    return bool(value == said)


def _asks(case: Case, rule: JsonValue, path: str) -> Iterator[Fault]:
    """Where a rule sends Prometheus, or the prober that it asks, beside what the tenant has."""
    target, put = at(rule, "targetLabel"), at(rule, "replacement")
    if target == "__metrics_path__" and (reached := administration(case, {"exact": str(put).partition("?")[0]})):
        yield Fault(path=f"{path}.replacement", text=f"{shown(put)}, which leads to {reached}")
    if target not in ("__address__", "__param_target"):
        return
    if nodes := [entry for entry in entries(at(rule, "sourceLabels")) if _OF_NODES.fullmatch(str(entry))]:
        yield Fault(path=f"{path}.sourceLabels", text=f"{shown(nodes[0])}: a node is no tenant's")
    if isinstance(put, str) and (_leads_to_anothers if target == "__address__" else _probes_anothers)(case, put):
        yield Fault(path=f"{path}.replacement", text=f"{shown(put)}: {WHOSE}")


def _leads_to_anothers(case: Case, put: str) -> bool:
    return _names_a_host(put) and ("$" in put or is_anothers(case, host_of(put)))


def _probes_anothers(case: Case, put: str) -> bool:
    return is_another_tenants(case, namespace_of(case, host_of(_TAKEN.sub("x", put))))


def _names_a_host(put: str) -> bool:
    """Whether a replacement names a host itself, in part or whole, and is no part of a label and a port."""
    return bool(re.search(r"[a-zA-Z.]|^[0-9]", _TAKEN.sub("", put).partition("]:")[0]))
