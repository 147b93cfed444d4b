"""Rule: every pod meets the baseline Pod Security Standard of Kubernetes 1.34."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity

from policies.judging.rule import Case, Rule
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import NOT_KNOWN, Fault, at, judged_pods, listed, shown
from policies.manifests.kind_table import refusals
from policies.manifests.node_doors import node_doors
from policies.manifests.objects import each_object, told
from policies.manifests.pods import Pod
from policies.manifests.security_contexts import CAPABILITIES, Check, contexts

_ID = "pod-security-baseline"
_DEMAND = "pods meet the baseline Pod Security Standard"
_EXAMPLE = "leave the field out"
PROFILES = ("RuntimeDefault", "Localhost")
"""Types of seccomp and AppArmor profiles that confine."""

_SYSCTLS = (
    *("kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies"),
    *("net.ipv4.ping_group_range", "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ip_local_reserved_ports"),
    *("net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl"),
    *("net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"),
)
_SELINUX = {
    "type": (None, "", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"),
    "user": (None, ""),
    "role": (None, ""),
}
_APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/"
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_HOOKS = (("lifecycle", "postStart"), ("lifecycle", "preStop"))


def _in_containers(*keys: str, allowed: tuple[JsonValue, ...]) -> Check:
    def check(pod: Pod) -> Iterator[Fault]:
        for container in pod.containers():
            value = at(container.spec, *keys)
            if value not in allowed:
                yield Fault(path=f"{container.path}.{'.'.join(keys)}", text=shown(value))

    return check


def _host_namespaces(pod: Pod) -> Iterator[Fault]:
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        value = at(pod.spec, key)
        if value not in (None, False):
            yield Fault(path=f"{pod.path}.{key}", text=shown(value))


def _capabilities(pod: Pod) -> Iterator[Fault]:
    for path, context in contexts(pod):
        for where, value in listed(at(context, "capabilities", "add"), f"{path}.capabilities.add"):
            if value not in CAPABILITIES:
                yield Fault(path=where, text=shown(value))


def _host_paths(pod: Pod) -> Iterator[Fault]:
    for path, volume in listed(at(pod.spec, "volumes"), f"{pod.path}.volumes"):
        value = at(volume, "hostPath")
        if value is not None:
            text = NOT_KNOWN if value is UNKNOWN else "is a path of the node"
            yield Fault(path=path if volume is UNKNOWN else f"{path}.hostPath", text=text)


def _host_ports(pod: Pod) -> Iterator[Fault]:
    for container in pod.containers():
        for path, port in listed(at(container.spec, "ports"), f"{container.path}.ports"):
            if at(port, "hostPort") not in (None, 0):
                yield Fault(path=f"{path}.hostPort", text=shown(at(port, "hostPort")))


def _confinement(profile: str) -> Check:
    def check(pod: Pod) -> Iterator[Fault]:
        for path, context in contexts(pod):
            found = at(context, profile)
            if found is not None and at(found, "type") not in PROFILES:
                yield Fault(path=f"{path}.{profile}.type", text=shown(at(found, "type")))

    return check


def _app_armor(pod: Pod) -> Iterator[Fault]:
    yield from _confinement("appArmorProfile")(pod)
    if not pod.annotations_known:
        yield Fault(path=f"{pod.path} (annotations)", text=NOT_KNOWN)
    for key, value in pod.annotations.items():
        if not key.startswith(_APP_ARMOR) or value in ("", "runtime/default"):
            continue
        if not isinstance(value, str) or not value.startswith("localhost/"):
            yield Fault(path=f"{pod.path} (annotation {key})", text=shown(value))


def _selinux(pod: Pod) -> Iterator[Fault]:
    for path, context in contexts(pod):
        for key, allowed in _SELINUX.items():
            value = at(context, "seLinuxOptions", key)
            if value not in allowed:
                yield Fault(path=f"{path}.seLinuxOptions.{key}", text=shown(value))


def _sysctls(pod: Pod) -> Iterator[Fault]:
    where = f"{pod.path}.securityContext.sysctls"
    for path, sysctl in listed(at(pod.spec, "securityContext", "sysctls"), where):
        if at(sysctl, "name") not in _SYSCTLS:
            yield Fault(path=path, text=shown(at(sysctl, "name")))


def _host_process(pod: Pod) -> Iterator[Fault]:
    for path, context in contexts(pod):
        value = at(context, "windowsOptions", "hostProcess")
        if value not in (None, False):
            yield Fault(path=f"{path}.windowsOptions.hostProcess", text=shown(value))


def _hosts(pod: Pod) -> Iterator[Fault]:
    for keys in (*((probe,) for probe in _PROBES), *_HOOKS):
        for handler in ("httpGet", "tcpSocket"):
            yield from _in_containers(*keys, handler, "host", allowed=(None, ""))(pod)


CHECKS: dict[str, Check] = {
    "hostNamespaces": _host_namespaces,
    "privileged": _in_containers("securityContext", "privileged", allowed=(None, False)),
    "capabilities_baseline": _capabilities,
    "hostPathVolumes": _host_paths,
    "hostPorts": _host_ports,
    "appArmorProfile": _app_armor,
    "seLinuxOptions": _selinux,
    "procMount": _in_containers("securityContext", "procMount", allowed=(None, "Default")),
    "seccompProfile_baseline": _confinement("seccompProfile"),
    "sysctls": _sysctls,
    "windowsHostProcess": _host_process,
    "hostProbesAndHostLifecycle": _hosts,
}
"""The checks, by the names of pod-security-admission."""


def _faults(pod: Pod) -> Iterator[Fault]:
    for check in CHECKS.values():
        yield from check(pod)


@each_object
def _doors(case: Case) -> Iterator[str]:
    refused = [Fault(path="kind", text=text) for text in refusals(case.subject, _ID)]
    yield from told(case, [*refused, *node_doors(case.subject)], _DEMAND, _EXAMPLE)


def judge(case: Case) -> Iterator[str]:
    """Yield one message for each field that the baseline standard forbids, in pods and in what gives pods the node."""
    yield from judged_pods(case, _DEMAND, _EXAMPLE, _faults)
    yield from _doors(case)


RULE = Rule(
    id=_ID,
    title="Every pod meets the baseline Pod Security Standard of Kubernetes 1.34, and no other object gives it more.",
    severity=Severity.CRITICAL,
    reason="What it forbids gives a container the node: its namespaces, files, ports, devices or kernel settings.",
    remedy="Take the field out; what a node must do belongs to its operator, not to a pod of a tenant.",
    reference="https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline",
    judge=judge,
)
