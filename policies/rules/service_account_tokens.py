"""Rule: pods carry no token of the Kubernetes API unless they are known to need one."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from pulumi_policy import Severity

from policies.judging.rule import Case, Rule
from policies.judging.subject import mapping
from policies.judging.values import UNKNOWN
from policies.manifests.fields import NOT_KNOWN, Fault, at, judged_pods, listed, missing, shown, titles, titles_schema
from policies.manifests.objects import each_object, told
from policies.manifests.pods import Pod
from policies.manifests.secret_objects import TOKEN_SECRET

_TOKEN = "serviceAccountToken"  # noqa: S105 - the name of a field


_ROLES = ("iam.amazonaws.com/", "aadpodidbinding", "iam.cloud.ibm.com/", "vault.security.banzaicloud.io/vault-role")
"""Marks by which programs of clouds give a role to a pod itself, not to its account."""

_TOKENS_PLACE = "/run/secrets/kubernetes.io/serviceaccount"
_PROJECTED = ("secret", "configMap", "downwardAPI", "clusterTrustBundle")
"""Sources of projected volumes that give a pod nothing of its own account."""

_TYPES = {
    ("", "Secret"): ("type",),
    ("external-secrets.io", "ExternalSecret"): ("spec", "target", "template", "type"),
    ("bitnami.com", "SealedSecret"): ("spec", "template", "type"),
}
"""Where the type of a Secret stands, in itself and in what Secrets are made of."""

_DEMAND = "pods carry no service account token unless the configuration of this rule names them"
_EXAMPLE = "automountServiceAccountToken: false"


def judge(case: Case) -> Iterator[str]:
    """Yield one message for each pod that would get a token, and for each volume or Secret that is one."""
    if titles(case.config, "needToken", case.subject.title):
        return
    yield from judged_pods(case, _DEMAND, _EXAMPLE, _faults)
    yield from _secrets(case)


@each_object
def _secrets(case: Case) -> Iterator[str]:
    path = _TYPES.get((case.subject.group, case.subject.kind))
    if path is None:
        return
    kind = at(case.subject.inputs, *path)
    if kind is UNKNOWN or kind == TOKEN_SECRET:
        text = NOT_KNOWN if kind is UNKNOWN else f"{shown(kind)}: the cluster fills it with a token that never ends"
        yield from told(case, [Fault(path=".".join(path), text=text)], _DEMAND, _EXAMPLE)


def _faults(pod: Pod) -> Iterator[Fault]:
    if pod.is_runtime:
        return
    for what, marks in (("label", pod.labels), ("annotation", pod.annotations)):
        for name, mark in marks.items():
            if name.startswith(_ROLES):
                yield Fault(path=f"{pod.path} ({what} {name})", text=f"{shown(mark)}: gives the pod a role of a cloud")
    value = at(pod.spec, "automountServiceAccountToken")
    if value is not False:
        yield Fault(path=f"{pod.path}.automountServiceAccountToken", text=missing(value))
    else:
        yield from _mounted(pod)
    for path, volume in listed(at(pod.spec, "volumes"), f"{pod.path}.volumes"):
        for where, source in listed(at(volume, "projected", "sources"), f"{path}.projected.sources"):
            token = at(source, _TOKEN)
            if token is not None:
                yield Fault(path=where, text=NOT_KNOWN if token is UNKNOWN else "is a token of the service account")
            for name in mapping(source):
                if name != _TOKEN and name not in _PROJECTED:
                    yield Fault(path=f"{where}.{name}", text="gives the pod an identity that is not understood")


def _mounted(pod: Pod) -> Iterator[Fault]:
    """What is mounted where clients of the API look for a token is one."""
    for container in pod.containers():
        for path, mount in listed(container.spec.get("volumeMounts"), f"{container.path}.volumeMounts"):
            place = at(mount, "mountPath")
            if place is UNKNOWN:
                yield Fault(path=f"{path}.mountPath", text=NOT_KNOWN)
            elif isinstance(place, str) and posixpath.normpath(place).endswith(_TOKENS_PLACE):
                yield Fault(
                    path=f"{path}.mountPath", text=f"{shown(place)}: clients of the API take a token from there"
                )


RULE = Rule(
    id="service-account-tokens",
    title="Pods carry no token of the Kubernetes API unless they are named as needing one.",
    severity=Severity.MEDIUM,
    reason="Servers and loads never call the API; a token in them is a way into it for whoever takes one over.",
    remedy="Set automountServiceAccountToken: false on the pod, or name the object in the rule's configuration.",
    reference="https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/",
    judge=judge,
    config_schema={
        "needToken": titles_schema(
            "Objects whose pods call the Kubernetes API, as `<kind> <namespace>/<name>`; `*` is any text."
        )
    },
)
