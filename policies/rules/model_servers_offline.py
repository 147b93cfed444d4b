"""Rule: model servers call nobody outside."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from pulumi_policy import Severity

from policies.judging.rule import Case, Rule
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import (
    NOT_KNOWN,
    Fault,
    at,
    command_line,
    judged_pods,
    listed,
    shown,
    unseen_environment,
    without_key,
)
from policies.manifests.pods import KSERVE, Pod
from policies.manifests.server_variables import closed_variables, given
from policies.manifests.servers import Server, containers_of

_ID = "model-servers-offline"
DEMANDED = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "VLLM_NO_USAGE_STATS")
_HUB = ("hf://", "hf+", "huggingface://")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy", "ws_proxy", "wss_proxy", "grpc_proxy")
_HOST = re.compile(r"[a-z][a-z0-9+.-]*://(?:[^/@\s]*@)?(\[[0-9a-fA-F:.]+\]|[^/:\s?#]+)", re.IGNORECASE)
_INSIDE = (".svc", ".cluster.local", ".internal", ".local", ".localdomain")
_URI_KEYS = ("storageUri", "uri", "sourceModelUri", "storage_uri")
_URI_HOLDERS = ("storageUris", "lora", "adapters")
_EXAMPLE = "env: [{name: HF_HUB_OFFLINE, value: '1'}, ...], storageUri: pvc://<claim>/base/<name>/v1"


def judge(case: Case) -> Iterator[str]:
    """Yield one message for each variable that is missing, open or forbidden, and each address of a public hub."""
    rule = "model servers are offline: " + ", ".join(f"{name}=1" for name in DEMANDED) + ", nothing from a public hub"
    yield from judged_pods(case, rule, _EXAMPLE, lambda pod: _faults(case, pod))
    if case.subject.is_kubernetes and case.subject.group == KSERVE:
        for path, text in _hub_addresses(case.subject.inputs, "", ""):
            yield f"{case.subject.title}: {path}: {text}; rule: {rule}; example: {_EXAMPLE}"


def _faults(case: Case, pod: Pod) -> Iterator[Fault]:
    containers = containers_of(case, pod)
    servers = [entry for entry in containers if entry.is_server]
    if any(entry.is_vllm for entry in servers):
        yield from _names(pod)
    for entry in servers:
        yield from _open(pod, entry)
        yield from _ways_out(entry)
    for entry in containers if servers else ():
        for path in unseen_environment(entry.container):
            if entry.is_server or ".envFrom" not in path:
                yield Fault(path=path, text=_unseen(path))
        closed = closed_variables(_ID)
        for found in given(entry):
            if found.name.upper() in closed and found.value not in ("", "0"):
                yield Fault(path=found.path, text=f"sets {found.name}")
        if entry.is_server:
            yield from _words(entry)


def _words(entry: Server) -> Iterator[Fault]:
    given = {flag.name for flag in entry.refused(_ID)}
    for name in sorted(given | ({"hf-token"} & set(entry.flags.given))):
        yield Fault(path=entry.path, text=f"has --{name}")
    for word in command_line(entry.container):
        if word is UNKNOWN:
            yield Fault(path=entry.path, text=NOT_KNOWN)
        elif isinstance(word, str):
            # The marks, never the word: a token may follow.
            found = [mark for mark in _HUB if mark in word.lower()]
            yield from (Fault(path=entry.path, text=f"has {mark}") for mark in found)


def _names(pod: Pod) -> Iterator[Fault]:
    """Names that a pod gives to addresses by itself, or has others give: what is asked for by a name would go there."""
    policy, servers = at(pod.spec, "dnsPolicy"), at(pod.spec, "dnsConfig", "nameservers")
    if policy not in (None, "ClusterFirst", "ClusterFirstWithHostNet"):
        yield Fault(path=f"{pod.path}.dnsPolicy", text=f"{shown(policy)}: a server asks the cluster's own DNS")
    if servers not in (None, []):
        yield Fault(
            path=f"{pod.path}.dnsConfig.nameservers", text=f"{shown(servers)}: a server asks the cluster's own DNS"
        )
    for path, entry in listed(at(pod.spec, "hostAliases"), f"{pod.path}.hostAliases"):
        address = at(entry, "ip")
        if address not in ("127.0.0.1", "::1"):
            yield Fault(path=path, text=f"{shown(address)}: a server that is offline needs no names of its own")


def _ways_out(entry: Server) -> Iterator[Fault]:
    """Variables by which a server's libraries find a way out: proxies, and addresses that are not of the cluster."""
    for found in given(entry):
        if found.name.lower() in _PROXIES:
            if found.value != "":
                yield Fault(path=found.path, text=f"sets {found.name}: a server that is offline needs no proxy")
        elif (
            found.name.upper() not in closed_variables(_ID)
            and isinstance(found.value, str)
            and (host := _HOST.match(found.value))
            and not _is_inside(host[1])
        ):
            yield Fault(path=found.path, text=f"{found.name} names the host {host[1]!r}, which is not of the cluster")


def _is_inside(host: str) -> bool:
    """Whether a host is of the cluster or of a private network: by its address, or by its name."""
    name = host.lower().rstrip(".")
    try:
        return not ipaddress.ip_address(name.strip("[]")).is_global
    except ValueError:
        return "." not in name or name.endswith(_INSIDE) or "$" in name


def _unseen(path: str) -> str:
    return "brings variables that cannot be seen here: name each one" if ".envFrom" in path else NOT_KNOWN


def _open(pod: Pod, entry: Server) -> Iterator[Fault]:
    for name in DEMANDED:
        values = [found.value for found in given(entry) if found.name == name]
        if not values and pod.leaves_to_runtime(entry.container):
            continue
        wrong = [value for value in values if value != "1"]
        if wrong or not values:
            text = f"{name} {shown(wrong[0])}" if values else f"{name} is missing"
            yield Fault(path=f"{entry.container.path}.env", text=text)


def _hub_addresses(value: JsonValue, path: str, key: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for child, entry in value.items():
            yield from _hub_addresses(entry, f"{path}.{child}" if path else child, child)
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _hub_addresses(entry, f"{path}[{index}]", key)
    elif value is UNKNOWN:
        if key in (*_URI_KEYS, *_URI_HOLDERS) or path == "spec.model":
            yield path, NOT_KNOWN
    elif key in _URI_KEYS and str(value).lower().startswith(_HUB):
        yield path, f"is {without_key(value)!r}"


RULE = Rule(
    id=_ID,
    title="Model servers are told to stay offline, and nothing is taken from a public hub.",
    severity=Severity.HIGH,
    reason="A server that may call out loads what nobody has approved, sends statistics, or hangs.",
    remedy='Set the three variables to "1", take out tokens and endpoints of hubs, bring models in by the catalog.',
    reference="https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables#hfhuboffline",
    judge=judge,
)
