"""Names by which the cluster finds what is called: of servers' Services and pods, and of domains."""

from __future__ import annotations

from collections.abc import Iterator

from policies.judging.rule import Case
from policies.judging.subject import Subject
from policies.judging.values import JsonValue
from policies.manifests.endpoints import OF_SERVERS
from policies.manifests.fields import Fault, at, shown
from policies.manifests.insides import domains, is_of_a_tenant, platform_hosts
from policies.manifests.marked import marks
from policies.manifests.ownership import DOMAIN

_PUBLIC = frozenset({"com", "org", "net", "edu", "gov", "mil", "int", "io"})
"""Last parts of public domains that are no usual name of a namespace."""

_OF_KSERVE = ("serving.kserve.io/inferenceservice", "serving.kserve.io/llminferenceservice")
_LET_IN = ("network.openshift.io/policy-group", f"{DOMAIN}/access")
"""Labels of namespaces whose pods reach the servers of every tenant, where the network rules say so."""


def namespace_names(case: Case, name: JsonValue, path: str) -> Iterator[Fault]:
    """Faults of a namespace's name: pods look `host.name` up in the cluster first, where it is `name`'s Service."""
    if not isinstance(name, str):
        return
    hosts = {*domains(case), *platform_hosts(case)}
    if name in _PUBLIC or any("." in host and host.rpartition(".")[2] == name for host in hosts):
        text = f"{shown(name)}: its Services answer for hosts of the domain {name!r}, which pods look up in the cluster"
        yield Fault(path=path, text=text)
    for label in _LET_IN if path == "metadata.name" and is_of_a_tenant(case, name) else ():
        value = at(case.subject.metadata.get("labels"), label)
        if value not in (None, ""):
            text = f"{shown(value)}: its pods would be let in as the platform's own are"
            yield Fault(path=f"metadata.labels.{label}", text=text)


def server_names(case: Case) -> Iterator[Fault]:
    """A fault where a Service of a tenant has the name of one that KServe makes: callers of the model reach it."""
    name = case.subject.object_name
    if isinstance(name, str) and name.endswith(OF_SERVERS) and is_of_a_tenant(case, case.subject.namespace):
        yield Fault(path="metadata.name", text=f"{shown(name)}: KServe makes such Services, others take their calls")


def behind_servers(subject: Subject) -> Iterator[Fault]:
    """Faults of pods with the labels of servers of KServe: a Service of a model would lead to them too."""
    if subject.group == "serving.kserve.io":
        return
    for mark in marks(subject):
        if mark.on_pods and (mark.name in _OF_KSERVE or (mark.name == "app" and str(mark.value).startswith("isvc."))):
            yield Fault(path=mark.path, text=f"{shown(mark.value)}: KServe's Services lead to pods with this label")
