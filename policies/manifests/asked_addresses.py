"""Kinds of platforms that ask an address or pass over what others are held to: where they lead, and whom they leave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policies.judging.rule import Case
from policies.judging.subject import entries, mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, shown
from policies.manifests.hosts import outside
from policies.manifests.namespace_places import is_own, is_system, is_tenants
from policies.manifests.understood_beside import is_stated

_RECEIVERS: Mapping[str, str] = {"webhookConfigs": "url", "emailConfigs": "smarthost"}
"""Receivers of alerts whose address can be seen; those of services outside have it in a Secret or in the program."""

_HANDLERS = frozenset(
    {
        *(
            "runc",
            "crun",
            "runsc",
            "gvisor",
            "kata",
            "kata-qemu",
            "kata-clh",
            "kata-fc",
            "kata-cc",
            "kata-remote",
            "youki",
        ),
        *("nvidia", "nvidia-cdi", "nvidia-legacy", "kata-qemu-nvidia-gpu", "spin", "wasmtime", "wasmedge"),
    }
)
"""Handlers that keep a container as runc does, or closer."""

_PATHS = ("nodePath", "pathPattern", "basePath", "BasePath", "hostPath")
_ENFORCED = (None, "", "deny", "scoped")


def receivers(case: Case) -> Iterator[Fault]:
    """An AlertmanagerConfig sends alerts to addresses inside."""
    spec = case.subject.inputs.get("spec")
    if spec is UNKNOWN:
        yield Fault(path="spec", text=NOT_KNOWN)
    for path, receiver in listed(at(spec, "receivers"), "spec.receivers"):
        for name, configs in mapping(receiver).items():
            if name == "name" or is_stated(case.config, "address", name):
                continue
            if name not in _RECEIVERS:
                yield Fault(path=f"{path}.{name}", text="alerts leave by it: name it in `understood` of this rule")
            for where, config in listed(configs, f"{path}.{name}") if name in _RECEIVERS else ():
                yield from _receiver(case, config, where, _RECEIVERS[name])


def _receiver(case: Case, config: JsonValue, path: str, field: str) -> Iterator[Fault]:
    if config is UNKNOWN or at(config, "urlSecret") is not None:
        yield Fault(
            path=path, text=NOT_KNOWN if config is UNKNOWN else "its address lies in a Secret and cannot be seen"
        )
    for where, address in ((field, at(config, field)), ("httpConfig.proxyURL", at(config, "httpConfig", "proxyURL"))):
        if text := outside(case, address):
            yield Fault(path=f"{path}.{where}", text=text)


def addresses(case: Case) -> Iterator[Fault]:
    """Every address that stands in an object leads inside."""
    yield from _addresses(case, case.subject.inputs.get("spec"), "spec", "")


def _addresses(case: Case, value: JsonValue, path: str, key: str) -> Iterator[Fault]:
    if isinstance(value, dict):
        for name, entry in value.items():
            yield from _addresses(case, entry, f"{path}.{name}", name)
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _addresses(case, entry, f"{path}[{index}]", key)
    elif isinstance(value, str):
        is_address = key in ("url", "proxyUrl", "static", "targets", "server", "href") or value.startswith(
            ("http:", "https:")
        )
        if is_address and (text := outside(case, value)):
            yield Fault(path=path, text=text)


def runtime_class(case: Case) -> Iterator[Fault]:
    """A RuntimeClass says by which program containers are started, and to which nodes their pods may go."""
    handler = case.subject.inputs.get("handler")
    if str(handler) not in _HANDLERS and not is_stated(case.config, "handler", str(handler)):
        yield Fault(path="handler", text=f"{shown(handler)}: what it starts containers by is not understood")
    if entries(at(case.subject.inputs.get("scheduling"), "tolerations")):
        yield Fault(path="scheduling.tolerations", text="lets every pod of it onto nodes that are kept for others")


def storage_class(case: Case) -> Iterator[Fault]:
    """Parameters by which a driver takes keys out of the system's namespace, or paths of a node."""
    for name, value in mapping(case.subject.inputs.get("parameters")).items():
        path = f"parameters.{name}"
        if name in _PATHS:
            yield Fault(path=path, text=f"{shown(value)}: is a path of the node")
        elif "secret" in name.lower() and name.lower().endswith("namespace") and _is_others(case, value):
            yield Fault(path=path, text=f"{shown(value)}: the driver would take keys of others out of it")


def _is_others(case: Case, namespace: JsonValue) -> bool:
    """Whether a driver's keys would come out of a namespace that is no driver's."""
    return namespace is UNKNOWN or str(namespace).startswith("kube-") or is_tenants(str(namespace), case.world)


def constraint(case: Case) -> Iterator[Fault]:
    """A constraint of Gatekeeper refuses what breaks it, in the namespaces of tenants too."""
    spec = case.subject.inputs.get("spec")
    action = at(spec, "enforcementAction")
    if action not in _ENFORCED:
        yield Fault(path="spec.enforcementAction", text=f"{shown(action)}: it would keep nothing out")
    for field in ("namespaceSelector", "labelSelector"):
        place = f"spec.match.{field}.matchExpressions"
        for path, expression in listed(at(spec, "match", field, "matchExpressions"), place):
            domain = str(at(expression, "key")).partition("/")[0]
            if at(expression, "operator") in ("NotIn", "DoesNotExist") and is_own(domain, case.world):
                yield Fault(path=path, text="takes out of it what the organisation's own labels name")
    for path, name in listed(at(spec, "match", "excludedNamespaces"), "spec.match.excludedNamespaces"):
        text = str(name)
        if name is UNKNOWN or text.strip("*-") == "" or is_tenants(text.strip("*"), case.world):
            yield Fault(path=path, text=f"{shown(name)}: takes a tenant's namespace out of it")
        elif "*" in text and not is_system(text) and not text.endswith("-system"):
            yield Fault(path=path, text=f"{shown(name)}: takes namespaces out of it that nobody has named")
