"""Kinds of add-ons that most platforms have: drivers, bundles of CAs, backups, labels of nodes."""

from __future__ import annotations

from collections.abc import Iterator

from policies.judging.rule import Case
from policies.judging.subject import mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, shown
from policies.manifests.hosts import in_a_tenants, outside
from policies.manifests.namespace_places import Place, is_own, place_of
from policies.manifests.object_marks import secret_marks
from policies.manifests.secret_objects import secret_type
from policies.manifests.understood_beside import is_stated

_FEATURES = "feature.node.kubernetes.io"


def driver(case: Case) -> Iterator[Fault]:
    """A CSIDriver may ask for tokens of the pods that it mounts for."""
    if at(case.subject.inputs.get("spec"), "tokenRequests") not in (None, []):
        yield Fault(path="spec.tokenRequests", text="the driver gets tokens of every pod that it mounts for")


def bundle(case: Case) -> Iterator[Fault]:
    """A Bundle says which CAs are trusted; into a Secret it would write in every namespace."""
    spec = case.subject.inputs.get("spec")
    target = at(spec, "target")
    for path, source in listed(at(spec, "sources"), "spec.sources"):
        written = source is UNKNOWN or at(source, "inLine") is not None
        if written and not is_stated(case.config, "settings", case.subject.object_name or ""):
            yield Fault(
                path=f"{path}.inLine", text="a CA that is written here is trusted by all: take it from cert-manager's"
            )
    if target is UNKNOWN or at(target, "secret") is not None:
        yield Fault(path="spec.target.secret", text="it writes a Secret in every namespace that it chooses")
    yield from secret_marks(case, at(target, "configMap", "metadata"), "spec.target.configMap.metadata")


def provider_class(case: Case) -> Iterator[Fault]:
    """A SecretProviderClass: a provider that is understood, at an address inside, and what Secrets it makes."""
    spec = case.subject.inputs.get("spec")
    provider = at(spec, "provider")
    if provider == "vault":
        address = at(spec, "parameters", "vaultAddress")
        if text := outside(case, address) or in_a_tenants(case, address):
            yield Fault(path="spec.parameters.vaultAddress", text=text)
    elif not is_stated(case.config, "address", str(provider)):
        text = f"{shown(provider)}: where secrets come from is not understood"
        yield Fault(path="spec.provider", text=text)
    for path, made in listed(at(spec, "secretObjects"), "spec.secretObjects"):
        yield from secret_type(case, at(made, "type"), f"{path}.type")
        yield from secret_marks(case, made, path)


def backup(case: Case) -> Iterator[Fault]:
    """A backup, or the schedule of one, runs no commands in pods."""
    spec = case.subject.inputs.get("spec")
    for holder in ("spec", "spec.template"):
        value = spec if holder == "spec" else at(spec, "template")
        if value is UNKNOWN:
            yield Fault(path=holder, text=NOT_KNOWN)
        elif at(value, "hooks") not in (None, {}):
            yield Fault(path=f"{holder}.hooks", text="runs commands in the pods of others")


def backup_location(case: Case) -> Iterator[Fault]:
    """Where backups go, with every Secret in them: to a store inside."""
    config = at(case.subject.inputs.get("spec"), "config")
    provider, address = at(case.subject.inputs.get("spec"), "provider"), at(config, "s3Url")
    if address in (None, "") and not is_stated(case.config, "address", str(provider)):
        yield Fault(path="spec.config.s3Url", text=f"is missing, so backups leave for {provider!r}")
    for field in ("s3Url", "publicUrl"):
        if text := outside(case, at(config, field)) or in_a_tenants(case, at(config, field)):
            yield Fault(path=f"spec.config.{field}", text=text)


def lease(case: Case) -> Iterator[Fault]:
    """A Lease says who leads: whoever declares one in a namespace of the platform stops or leads its controllers."""
    if place_of(case.subject.namespace, case.world) != Place.TENANT:
        yield Fault(path="metadata.namespace", text=f"{shown(case.subject.namespace)}: its controllers make their own")


def priority(case: Case) -> Iterator[Fault]:
    """A PriorityClass holds for the pods that name it."""
    if case.subject.inputs.get("globalDefault") not in (None, False):
        yield Fault(path="globalDefault", text="it would hold for every pod that names none")


def flavor(case: Case) -> Iterator[Fault]:
    """A ResourceFlavor leads pods to nodes of a pool: by labels of products, past the taints of GPUs alone."""
    spec = case.subject.inputs.get("spec")
    labels = at(spec, "nodeLabels")
    if UNKNOWN in (spec, labels):
        yield Fault(path="spec.nodeLabels", text=NOT_KNOWN)
    for name in mapping(labels):
        if not _is_of_pools(case, name, _POOL_LABELS):
            yield Fault(path=f"spec.nodeLabels.{name}", text="leads pods to nodes by what is no label of a pool")
    for path, toleration in listed(at(spec, "tolerations"), "spec.tolerations"):
        if not _is_of_pools(case, at(toleration, "key"), _POOL_TAINTS):
            text = f"{shown(at(toleration, 'key'))}: lets pods onto nodes that are kept for others"
            yield Fault(path=f"{path}.key", text=text)


_POOL_TAINTS = ("nvidia.com/gpu", "amd.com/gpu", "habana.ai/gaudi", "gpu.intel.com/i915")
_POOL_LABELS = (
    *("nvidia.com/gpu.product", "nvidia.com/gpu.family", "nvidia.com/gpu.memory", "nvidia.com/mig.strategy"),
    *("kubernetes.io/arch", "kubernetes.io/os", "node.kubernetes.io/instance-type", "topology.kubernetes.io/zone"),
    *("topology.kubernetes.io/region", "amd.com/gpu.product-name", "cloud.google.com/gke-accelerator"),
    *("cloud.google.com/gke-nodepool", "eks.amazonaws.com/nodegroup", "karpenter.sh/nodepool"),
)


def _is_of_pools(case: Case, name: JsonValue, known: tuple[str, ...]) -> bool:
    if not isinstance(name, str):
        return False
    domain = name.partition("/")[0]
    return name in known or ("/" in name and is_own(domain, case.world)) or is_stated(case.config, "mark", name)


def node_features(case: Case) -> Iterator[Fault]:
    """A NodeFeatureRule labels nodes with features; other labels, taints and resources lead pods to them."""
    for path, rule in listed(at(case.subject.inputs.get("spec"), "rules"), "spec.rules"):
        if rule is UNKNOWN:
            yield Fault(path=path, text=NOT_KNOWN)
        for field in mapping(rule):
            if field in ("taints", "extendedResources", "labelsTemplate", "varsTemplate"):
                yield Fault(path=f"{path}.{field}", text="which pods come to a node by it is not understood")
        labels = at(rule, "labels")
        if labels is UNKNOWN:
            yield Fault(path=f"{path}.labels", text=NOT_KNOWN)
        for name in mapping(labels):
            if not _is_feature(case, name):
                yield Fault(path=f"{path}.labels.{name}", text="pods may be led by this label, which others give")


def _is_feature(case: Case, name: JsonValue) -> bool:
    domain, slash, _ = str(name).partition("/")
    return not slash or domain == _FEATURES or domain.endswith(f".{_FEATURES}") or is_own(domain, case.world)
