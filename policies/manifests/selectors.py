"""Whether a selector narrows what it selects: one that matches everything counts as everything, however it is spelt."""

from __future__ import annotations

from policies.judging.subject import entries, mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import at
from policies.manifests.ownership import DOMAIN, ENVIRONMENT, PART_OF

_OF_EVERYTHING = frozenset(
    {
        *("kubernetes.io/os", "kubernetes.io/arch", "beta.kubernetes.io/os", "beta.kubernetes.io/arch"),
        *("istio-injection", "istio-discovery", "istio.io/rev", "istio.io/dataplane-mode", "security.istio.io/tlsMode"),
        *("service.istio.io/canonical-revision", "topology.istio.io/network", "linkerd.io/inject"),
        *("linkerd.io/control-plane-ns", "app.kubernetes.io/managed-by", "projectcalico.org/orchestrator"),
        *(PART_OF, ENVIRONMENT, "io.cilium.k8s.policy.cluster", "security.openshift.io/scc.podSecurityLabelSync"),
    }
)
_SECURITY = "pod-security.kubernetes.io"
_OF_NAMESPACES = ("io.cilium.k8s.namespace.labels.", "pcns.")
_SOURCES = ("k8s:", "any:", "k8s.", "any.")


def stands_on_everything(key: str) -> bool:
    """Whether a label says how all pods or namespaces are and not which: whatever its value, it leaves nothing out.

    Labels of namespaces, as Cilium and Calico write them at pods, count as those of the namespaces.
    """
    for start in (*_SOURCES, *_OF_NAMESPACES):
        key = key.removeprefix(start)
    return key in _OF_EVERYTHING or key.partition("/")[0] == _SECURITY


def narrows(selector: JsonValue, *, domains: tuple[str, ...] = (DOMAIN,)) -> bool:
    """Whether a label selector leaves something out, as far as can be told.

    A label with a value, or one of some values, narrows, unless it stands on everything: the level of Pod Security, the
    mesh, the operating system, the environment. That a label is there (`Exists`) narrows only where it is one of this
    project's own, for others may stand on everything. That it is not there, or has none of some values, leaves hardly
    anything out: it never narrows. What is not known does not narrow either. `domains` are those of labels that do not
    stand on everything.
    """
    if selector is None or selector is UNKNOWN:
        return False
    labels = at(selector, "matchLabels")
    named = mapping(labels).items() if labels is not UNKNOWN else ()
    if any(isinstance(value, str) and not stands_on_everything(key) for key, value in named):
        return True
    return any(_is_narrow(entry, domains) for entry in entries(at(selector, "matchExpressions")))


def _is_narrow(expression: JsonValue, domains: tuple[str, ...]) -> bool:
    key, operator = at(expression, "key"), at(expression, "operator")
    if not isinstance(key, str) or stands_on_everything(key):
        return False
    if operator == "In":
        values = entries(at(expression, "values"))
        return bool(values) and all(isinstance(value, str) for value in values)
    return operator == "Exists" and key.partition("/")[0] in domains
