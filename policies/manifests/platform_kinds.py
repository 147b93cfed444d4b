"""Kinds of add-ons that most platforms have: drivers, bundles of CAs, backups, labels of nodes."""

from __future__ import annotations

from collections.abc import Iterator

from policies.judging.rule import Case
from policies.judging.subject import mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, shown
from policies.manifests.hosts import outside
from policies.manifests.namespace_places import is_own
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
    target = at(case.subject.inputs.get("spec"), "target")
    if target is UNKNOWN or at(target, "secret") is not None:
        yield Fault(path="spec.target.secret", text="it writes a Secret in every namespace that it chooses")
    yield from secret_marks(case, at(target, "configMap", "metadata"), "spec.target.configMap.metadata")


def provider_class(case: Case) -> Iterator[Fault]:
    """A SecretProviderClass: a provider that is understood, at an address inside, and what Secrets it makes."""
    spec = case.subject.inputs.get("spec")
    provider = at(spec, "provider")
    if provider == "vault":
        if text := outside(case, at(spec, "parameters", "vaultAddress")):
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
        if text := outside(case, at(config, field)):
            yield Fault(path=f"spec.config.{field}", text=text)


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
