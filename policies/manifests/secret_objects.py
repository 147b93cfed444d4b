"""Secrets by their types, names and marks, also where another program makes them: what such a Secret leads to."""

from __future__ import annotations

from collections.abc import Iterator

from policies.judging.rule import Case
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, shown
from policies.manifests.namespace_places import Place, is_own, place_of
from policies.manifests.object_marks import secret_marks
from policies.manifests.understood_beside import is_stated

TOKEN_SECRET = "kubernetes.io/service-account-token"  # noqa: S105 - a type of Secrets

TLS = "kubernetes.io/tls"
_LEADS = {
    TOKEN_SECRET: "whoever reads it has the rights of its account, without an end",
    "bootstrap.kubernetes.io/token": "whoever has it makes a node of the cluster",
    "helm.sh/release.v1": "Helm takes manifests out of it that nobody has judged",
    "cluster.x-k8s.io/secret": "it holds the keys of a cluster",
}
_TYPES = frozenset(
    {
        *("", "Opaque", "kubernetes.io/tls", "kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg"),
        *("kubernetes.io/basic-auth", "kubernetes.io/ssh-auth", "kubernetes.io/rbd", "kubernetes.io/cephfs"),
        *("kubernetes.io/iscsi-chap", "kubernetes.io/glusterfs", "kubernetes.io/scaleio", "kubernetes.io/storageos"),
    }
)
_KEYS_OF_PEOPLE = ("kubernetes.io/tls", "kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg")
_FOR_ALL = frozenset(
    {
        *("openshift-monitoring/alertmanager-main", "openshift-user-workload-monitoring/alertmanager-user-workload"),
        *("openshift-config/pull-secret", "kube-system/vsphere-creds"),
    }
)
"""Secrets of the cluster's own namespaces that administrators are meant to write."""

OF_PROGRAMS = frozenset(
    {
        *(
            "cacerts",
            "istio-ca-secret",
            "istio-remote-secret",
            "argocd-secret",
            "argocd-initial-admin-secret",
            "kubeadmin",
        ),
        *(
            "htpass-secret",
            "kyverno-svc.kyverno.svc.kyverno-tls-pair",
            "cert-manager-webhook-ca",
        ),
    }
)
"""Names of Secrets from which a program with many rights takes its keys and passwords, in whatever namespace of its."""


_RELEASES = "sh.helm.release."
_SIGNERS = ("cert-manager",)
"""Namespaces out of which issuers for all namespaces take the keys they sign with."""


def secret(case: Case) -> Iterator[Fault]:
    """Faults of a Secret by its type and name; its marks are judged with those of other objects."""
    yield from secret_type(case, case.subject.inputs.get("type"), "type")
    yield from secret_name(case, case.subject.object_name, case.subject.inputs.get("type"), "metadata.name")


def sealed_secret(case: Case) -> Iterator[Fault]:
    """The same of a SealedSecret, from whose template its Secret is made."""
    spec = case.subject.inputs.get("spec")
    template = at(spec, "template")
    yield from secret_type(case, at(template, "type"), "spec.template.type")
    yield from secret_marks(case, at(template, "metadata"), "spec.template.metadata")
    yield from secret_name(case, case.subject.object_name, at(template, "type"), "metadata.name")


def external_secret(case: Case) -> Iterator[Fault]:
    """The same of an ExternalSecret, which chooses by itself what it takes out of a store."""
    spec = case.subject.inputs.get("spec")
    target = at(spec, "target")
    yield from secret_type(case, at(target, "template", "type"), "spec.target.template.type")
    yield from secret_marks(case, at(target, "template", "metadata"), "spec.target.template.metadata")
    name = at(target, "name")
    yield from secret_name(case, name if name is not None else case.subject.object_name, None, "spec.target.name")
    for path, source in listed(at(spec, "dataFrom"), "spec.dataFrom"):
        find = at(source, "find")
        if source is UNKNOWN or (find is not None and not _chooses(find)):
            text = (
                NOT_KNOWN if source is UNKNOWN else "takes every secret that has some name: write name.regexp as ^name"
            )
            yield Fault(path=f"{path}.find", text=text)


def _chooses(find: JsonValue) -> bool:
    """Whether secrets are chosen by how their names or paths begin, or by a tag."""
    pattern, path, tags = at(find, "name", "regexp"), at(find, "path"), at(find, "tags")
    named = isinstance(pattern, str) and pattern.startswith("^") and pattern[1:4].replace("-", "a").isalnum()
    named = named and "|" not in pattern
    return named or (isinstance(path, str) and len(path.strip("/")) > 2) or (isinstance(tags, dict) and bool(tags))


def secret_type(case: Case, kind: JsonValue, path: str) -> Iterator[Fault]:
    """Faults of the type of a Secret that an object is or makes."""
    if kind is None or kind is UNKNOWN or str(kind) in _TYPES:
        # A type that is not known is told by `service-account-tokens`.
        return
    if leads := _LEADS.get(str(kind)):
        yield Fault(path=path, text=f"{shown(kind)}: {leads}")
    elif not is_own(str(kind).partition("/")[0], case.world) and not is_stated(case.config, "type", str(kind)):
        yield Fault(path=path, text=f"{shown(kind)}: what reads Secrets of this type is not understood")


def secret_name(case: Case, name: JsonValue, kind: JsonValue, path: str) -> Iterator[Fault]:
    """Faults of the name of a Secret that an object is or makes in its namespace."""
    namespace = case.subject.namespace or ""
    place = place_of(namespace, case.world)
    if str(name).startswith(_RELEASES):
        yield Fault(path=path, text=f"{shown(name)}: {_LEADS['helm.sh/release.v1']}")
    elif namespace in _SIGNERS and not is_stated(case.config, "settings", f"{namespace}/{name}"):
        yield Fault(
            path=path, text=f"{shown(name)}: issuers sign with what lies in {namespace}, and everybody trusts it"
        )
    elif str(name) in OF_PROGRAMS and place != Place.TENANT:
        yield Fault(path=path, text=f"{shown(name)}: a program with many rights takes its keys from it")
    elif place == Place.SYSTEM and f"{namespace}/{name}" not in _FOR_ALL and kind not in _KEYS_OF_PEOPLE:
        yield Fault(path=path, text=f"{shown(name)}: a part of the cluster itself may take its keys from it")
