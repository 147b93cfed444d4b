"""Objects that give somebody the API, or a part of it, though they are no roles: each kind and who judges it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from policies.judging.rule import Case
from policies.judging.values import UNKNOWN
from policies.manifests import (
    asked_addresses,
    issued,
    issuers_asked,
    platform_kinds,
    secret_objects,
    secret_stores,
    webhook_doors,
)
from policies.manifests.bound_names import not_bound, not_joined
from policies.manifests.controller_settings import argo_policy, config_map
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, shown
from policies.manifests.kind_table import refusals
from policies.manifests.namespace_places import is_platforms_group, is_tenants
from policies.manifests.object_marks import object_marks

_CONSTRAINTS = "constraints.gatekeeper.sh"


def api_doors(case: Case, rule: str) -> Iterator[Fault]:
    """Faults of an object that leads to rights; those of the kinds that `rule` refuses among them."""
    subject = case.subject
    for text in refusals(subject, rule):
        yield Fault(path="kind", text=text)
    judge = _KINDS.get((subject.group, subject.kind))
    if judge is not None:
        yield from judge(case)
    elif subject.group == _CONSTRAINTS:
        yield from asked_addresses.constraint(case)
    yield from object_marks(case)


def _group(case: Case) -> Iterator[Fault]:
    name = case.subject.object_name
    why = NOT_KNOWN if name is None else not_joined(name)
    if name is not None and why is None and is_platforms_group(name, case.world):
        why = "which runs the platform: the sign-in says who is in it"
    if why:
        yield Fault(path="metadata.name", text=why if name is None else f"{shown(name)}, {why}")
    for path, user in listed(case.subject.inputs.get("users"), "users"):
        if user is UNKNOWN:
            yield Fault(path=path, text=NOT_KNOWN)


def _operator_group(case: Case) -> Iterator[Fault]:
    spec = case.subject.inputs.get("spec")
    if at(spec, "serviceAccountName") is not None:
        return
    if at(spec, "targetNamespaces") in (None, [], UNKNOWN) and not webhook_doors.bounds(at(spec, "selector")):
        yield Fault(path="spec.targetNamespaces", text="is missing, so its operators get rights in every namespace")


def _project(case: Case) -> Iterator[Fault]:
    """Roles of an AppProject: rights of Argo CD, tokens for them that have no end, and accounts that it acts as."""
    spec = case.subject.inputs.get("spec")
    for path, entry in listed(at(spec, "destinationServiceAccounts"), "spec.destinationServiceAccounts"):
        place, _, _ = str(at(entry, "defaultServiceAccount")).rpartition(":")
        namespace = place or str(at(entry, "namespace"))
        if not is_tenants(namespace, case.world) or "*" in namespace:
            yield Fault(
                path=f"{path}.defaultServiceAccount", text="acts as an account of a namespace that is no tenant's"
            )
    for path, role in listed(at(case.subject.inputs.get("spec"), "roles"), "spec.roles"):
        if role is UNKNOWN:
            yield Fault(path=path, text=NOT_KNOWN)
        for where, line in listed(at(role, "policies"), f"{path}.policies"):
            if text := NOT_KNOWN if line is UNKNOWN else argo_policy(str(line)):
                yield Fault(path=where, text=f"{shown(line)}: {text}" if line is not UNKNOWN else text)
        for where, group in listed(at(role, "groups"), f"{path}.groups"):
            if text := NOT_KNOWN if group is UNKNOWN else not_bound(str(group)):
                yield Fault(path=where, text=f"{shown(group)}, {text}" if group is not UNKNOWN else text)
        if at(role, "jwtTokens") not in (None, []):
            yield Fault(path=f"{path}.jwtTokens", text="is a token that never ends: sign in through a group")


_KINDS: dict[tuple[str, str], Callable[[Case], Iterator[Fault]]] = {
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): webhook_doors.webhooks,
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): webhook_doors.webhooks,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): webhook_doors.definition,
    ("apiregistration.k8s.io", "APIService"): webhook_doors.api_service,
    ("user.openshift.io", "Group"): _group,
    ("", "Secret"): secret_objects.secret,
    ("external-secrets.io", "ExternalSecret"): secret_objects.external_secret,
    ("bitnami.com", "SealedSecret"): secret_objects.sealed_secret,
    ("", "ConfigMap"): config_map,
    ("operators.coreos.com", "OperatorGroup"): _operator_group,
    ("argoproj.io", "AppProject"): _project,
    ("cert-manager.io", "Certificate"): issued.certificate,
    ("cert-manager.io", "CertificateRequest"): issued.certificate_request,
    ("cert-manager.io", "Issuer"): issuers_asked.issuer,
    ("cert-manager.io", "ClusterIssuer"): issuers_asked.issuer,
    ("networking.k8s.io", "Ingress"): issued.ingress,
    ("external-secrets.io", "SecretStore"): secret_stores.secret_store,
    ("external-secrets.io", "ClusterSecretStore"): secret_stores.secret_store,
    ("coordination.k8s.io", "Lease"): platform_kinds.lease,
    ("kueue.x-k8s.io", "ResourceFlavor"): platform_kinds.flavor,
    ("scheduling.k8s.io", "PriorityClass"): platform_kinds.priority,
    ("monitoring.coreos.com", "AlertmanagerConfig"): asked_addresses.receivers,
    ("monitoring.coreos.com", "Probe"): asked_addresses.addresses,
    ("monitoring.coreos.com", "ScrapeConfig"): asked_addresses.addresses,
    ("grafana.integreatly.org", "GrafanaDashboard"): asked_addresses.addresses,
    ("grafana.integreatly.org", "GrafanaDatasource"): asked_addresses.addresses,
    ("node.k8s.io", "RuntimeClass"): asked_addresses.runtime_class,
    ("storage.k8s.io", "CSIDriver"): platform_kinds.driver,
    ("trust.cert-manager.io", "Bundle"): platform_kinds.bundle,
    ("secrets-store.csi.x-k8s.io", "SecretProviderClass"): platform_kinds.provider_class,
    ("velero.io", "Backup"): platform_kinds.backup,
    ("velero.io", "Schedule"): platform_kinds.backup,
    ("velero.io", "BackupStorageLocation"): platform_kinds.backup_location,
    ("nfd.k8s-sigs.io", "NodeFeatureRule"): platform_kinds.node_features,
    ("console.openshift.io", "ConsoleLink"): asked_addresses.addresses,
    ("console.openshift.io", "ConsoleNotification"): asked_addresses.addresses,
    ("storage.k8s.io", "StorageClass"): asked_addresses.storage_class,
    ("snapshot.storage.k8s.io", "VolumeSnapshotClass"): asked_addresses.storage_class,
}
