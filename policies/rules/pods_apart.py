"""Rule: pods look names up where the cluster does, and keep the processes of their containers apart.

Whoever leads the name of the store, of the API or of another service elsewhere answers for it. And where containers
share their processes, each of them reads the variables of the others and writes into their files: what was said of one
container's volumes then holds for none.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from pulumi_policy import Severity

from policies.judging.rule import Case, Rule
from policies.judging.values import UNKNOWN
from policies.manifests.fields import NOT_KNOWN, Fault, at, judged_pods, listed, shown
from policies.manifests.pods import Pod
from policies.manifests.statements import names, names_schema

_DEMAND = "pods look names up where the cluster does, and keep their containers' processes apart"
_EXAMPLE = '{"pods-apart": {"understood": [{"name": "Deployment team/debugger", "reason": "reads its own processes"}]}}'


def judge(case: Case) -> Iterator[str]:
    """Yield one message for each field by which names lead elsewhere, or containers see each other's processes."""
    stated, remark = names(case.config.get("understood"))
    if not any(fnmatchcase(case.subject.title, pattern) for pattern in stated):
        yield from judged_pods(case, _DEMAND + remark, _EXAMPLE, _faults)


def _faults(pod: Pod) -> Iterator[Fault]:
    for path, alias in listed(at(pod.spec, "hostAliases"), f"{pod.path}.hostAliases"):
        text = NOT_KNOWN if alias is UNKNOWN else f"leads {at(alias, 'hostnames')} to {at(alias, 'ip')!r}"
        yield Fault(path=path, text=text)
    servers = at(pod.spec, "dnsConfig", "nameservers")
    if servers not in (None, []):
        text = (
            NOT_KNOWN if servers is UNKNOWN else f"{shown(servers)}: they answer for every name that the pod asks for"
        )
        yield Fault(path=f"{pod.path}.dnsConfig.nameservers", text=text)
    shared = at(pod.spec, "shareProcessNamespace")
    if shared not in (None, False):
        text = f"{shown(shared)}: each container reads the variables and the files of the others"
        yield Fault(path=f"{pod.path}.shareProcessNamespace", text=text)


RULE = Rule(
    id="pods-apart",
    title="Pods look names up where the cluster does, and keep the processes of their containers apart.",
    severity=Severity.HIGH,
    reason="A name of the store or the API that leads elsewhere, or a container that reaches into the next one, undoes "
    "what was judged of each.",
    remedy="Take the field out, or state in the configuration of this rule why the pod needs it.",
    reference="https://kubernetes.io/docs/tasks/configure-pod-container/share-process-namespace/",
    judge=judge,
    config_schema={
        "understood": names_schema("Objects whose pods need it, as `<kind> <namespace>/<name>`; `*` is any text")
    },
)
