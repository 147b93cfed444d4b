"""Stack rule: what a service names is declared with it."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity

from policies.judging.stack_rule import StackCase, StackRule
from policies.judging.subject import Subject
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests import endpoints
from policies.manifests.fields import NOT_KNOWN, at
from policies.manifests.models import SERVING
from policies.manifests.pod_finder import pods

_RULE = "the runtime, the account and the Service that an object names are declared in its namespace"
_EXAMPLE = "a ServingRuntime support-vllm and a ServiceAccount support-server beside the InferenceService support"
_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod")


def judge(case: StackCase) -> Iterator[tuple[str, str]]:
    """Yield one message for each thing that is named and not there."""
    runtimes = {(entry.namespace, entry.object_name) for entry in case.kinds(SERVING, "ServingRuntime")}
    runtimes |= {(None, entry.object_name) for entry in case.kinds(SERVING, "ClusterServingRuntime")}
    accounts = {(entry.namespace, entry.object_name) for entry in case.kinds("", "ServiceAccount")}
    services: dict[tuple[str | None, str | None], JsonValue] = {}
    for subject in case.subjects:
        if subject.group == SERVING and subject.kind in ("InferenceService", "LLMInferenceService"):
            found = [*_runtime(subject, runtimes), *_accounts(subject, accounts, required=True)]
        elif subject.is_kubernetes and subject.kind in _WORKLOADS:
            found = list(_accounts(subject, accounts, required=False))
        elif (subject.group, subject.kind) in endpoints.KINDS:
            services = services or _selectors(case)
            found = list(_addresses(subject, services))
        else:
            continue
        for text in found:
            yield subject.title, f"{subject.title}: {text}; rule: {_RULE}; example: {_EXAMPLE}"


def _selectors(case: StackCase) -> dict[tuple[str | None, str | None], JsonValue]:
    found = case.kinds("", "Service")
    return {(entry.namespace, entry.object_name): at(entry.inputs.get("spec"), "selector") for entry in found}


def _addresses(subject: Subject, services: dict[tuple[str | None, str | None], JsonValue]) -> Iterator[str]:
    """Addresses written by hand take the calls of their Service, which is therefore one without pods of its own."""
    name = endpoints.service_of(subject)
    if name is None:
        return
    if services.get((subject.namespace, str(name)), UNKNOWN) not in (None, {}):
        yield f"no Service {name!r} without a selector is declared in {subject.namespace}, so it takes another's calls"


def _runtime(subject: Subject, runtimes: set[tuple[str | None, str | None]]) -> Iterator[str]:
    if subject.kind != "InferenceService":
        return
    model = at(subject.inputs.get("spec"), "predictor", "model")
    name = at(model, "runtime")
    path = "spec.predictor.model.runtime"
    if name is UNKNOWN:
        yield f"{path}: {NOT_KNOWN}"
    elif model is not None and not name:
        yield f"{path}: is missing, so that KServe takes any runtime of the cluster"
    elif name and not (isinstance(name, str) and {(subject.namespace, name), (None, name)} & runtimes):
        yield f"{path}: no ServingRuntime {name!r} is declared in {subject.namespace}"


def _accounts(subject: Subject, accounts: set[tuple[str | None, str | None]], *, required: bool) -> Iterator[str]:
    for pod in pods(subject):
        # Workers run by the account of their component.
        if pod.spec is UNKNOWN or pod.path.endswith(".workerSpec"):
            continue
        name = at(pod.spec, "serviceAccountName")
        path = f"{pod.path}.serviceAccountName"
        if name is UNKNOWN:
            yield f"{path}: {NOT_KNOWN}"
        elif not name and required:
            yield f"{path}: is missing, so that the namespace's default account is taken"
        elif name and name != "default" and not (isinstance(name, str) and (subject.namespace, name) in accounts):
            yield f"{path}: no ServiceAccount {name!r} is declared in {subject.namespace}"


RULE = StackRule(
    id="services-complete",
    title="The runtime and the account that a service names, and the Service of addresses, are declared with them.",
    severity=Severity.HIGH,
    reason="A service without its runtime stays unready for ever, or is served by one that nobody has judged.",
    remedy="Declare ServingRuntime and ServiceAccount in the namespace of the InferenceService.",
    reference="https://kserve.github.io/website/docs/concepts/resources/servingruntime",
    judge=judge,
)
