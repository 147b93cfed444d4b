"""Samples of the two Pod Security rules beyond Kubernetes' own: other kinds, KServe's halves, what is unknown."""

from __future__ import annotations

from tests.policy.support.objects import (
    CRON_JOB,
    DEPLOYMENT,
    DEPLOYMENT_TYPE,
    GADGET,
    JOB,
    JOB_TYPE,
    LLM,
    LLM_TYPE,
    POD,
    POD_TYPE,
    RUNTIME,
    RUNTIME_TYPE,
    SERVICE,
    SERVICE_TYPE,
    container,
    pod_context,
)
from tests.policy.support.sample import MISSING, UNKNOWN_VALUE, changed, table

_CONTEXT = "spec containers 0 securityContext"
_POD = "spec template spec"
_PREDICTOR = "spec predictor"
_NOT_KNOWN = "not known before the update"
_FIRST = f"{_POD} initContainers 0"

BASELINE = (
    *table(
        POD_TYPE,
        POD,
        ("a pod", {}),
        ("host network", {"spec hostNetwork": True}, "spec.hostNetwork: is True"),
        ("node's IPC as text", {"spec hostIPC": "false"}, "spec.hostIPC: is 'false'"),
        ("privileged", {f"{_CONTEXT} privileged": True}, "spec.containers[0].securityContext.privileged: is True"),
        ("Windows host process alone", {"spec securityContext windowsOptions": {"hostProcess": True}}, "hostProcess"),
        ("AppArmor field", {f"{_CONTEXT} appArmorProfile": {"type": "Unconfined"}}, "appArmorProfile.type: is 'Unc"),
        ("AppArmor without type", {"spec securityContext appArmorProfile": {}}, "appArmorProfile.type: is None"),
        (
            "AppArmor annotation",
            {"metadata annotations": {"container.apparmor.security.beta.kubernetes.io/app": "unconfined"}},
            "annotation container.apparmor",
        ),
        ("annotations not known", {"metadata annotations": UNKNOWN_VALUE}, _NOT_KNOWN),
        (
            "two at once",
            {f"{_CONTEXT} privileged": True, f"{_CONTEXT} capabilities add": ["NET_ADMIN"]},
            "privileged: is True",
            "capabilities.add[0]: is 'NET_ADMIN'",
        ),
        ("capability in lower case", {f"{_CONTEXT} capabilities add": ["chown"]}, "is 'chown'"),
        ("ephemeral", {"spec ephemeralContainers": [{"name": "x", "securityContext": {"privileged": True}}]}, "privil"),
        ("probe of another host", {"spec containers 0 livenessProbe httpGet host": "10.0.0.1"}, "host: is '10.0.0.1'"),
        ("host path", {"spec volumes": [{"name": "x", "hostPath": {"path": "/"}}]}, "volumes[0].hostPath: is a path"),
        ("host path of nothing", {"spec volumes": [{"name": "x", "hostPath": {}}]}, "hostPath: is a path"),
        ("spec not known", {"spec": UNKNOWN_VALUE}, f"spec: is {_NOT_KNOWN}"),
        ("containers not known", {"spec containers": UNKNOWN_VALUE}, f"spec.containers: is {_NOT_KNOWN}"),
        ("a container not known", {"spec initContainers": [UNKNOWN_VALUE]}, f"initContainers[0]: is {_NOT_KNOWN}"),
        ("volumes not known", {"spec volumes": UNKNOWN_VALUE}, f"spec.volumes: is {_NOT_KNOWN}"),
        ("privileged not known", {f"{_CONTEXT} privileged": UNKNOWN_VALUE}, f"privileged: is {_NOT_KNOWN}"),
        ("a port not known", {"spec containers 0 ports 0 hostPort": UNKNOWN_VALUE}, f"hostPort: is {_NOT_KNOWN}"),
        ("capabilities not known", {f"{_CONTEXT} capabilities add": UNKNOWN_VALUE}, f"add: is {_NOT_KNOWN}"),
        ("sysctls not known", {"spec securityContext sysctls": UNKNOWN_VALUE}, f"sysctls: is {_NOT_KNOWN}"),
    ),
    *table(
        DEPLOYMENT_TYPE,
        DEPLOYMENT,
        ("a deployment", {}),
        ("init container", {f"{_FIRST} securityContext privileged": True}, "initContainers[0].securityContext.priv"),
        ("template not known", {"spec template": UNKNOWN_VALUE}, f"spec.template: is {_NOT_KNOWN}"),
        (
            "annotation of the template",
            {"spec template metadata annotations": {"container.apparmor.security.beta.kubernetes.io/app": "x"}},
            "is 'x'",
        ),
    ),
    *table(
        "kubernetes:apps/v1:DeploymentPatch",
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "sample"}, "spec": {}},
        ("a patch", {"spec replicas": 2}),
        (
            "a patch that names no container",
            {"spec template spec volumes": [{"name": "x", "hostPath": {"path": "/"}}]},
            "sample: spec.template.spec.volumes[0].hostPath",
        ),
        ("a patch's template not known", {"spec template": UNKNOWN_VALUE}, f"spec.template: is {_NOT_KNOWN}"),
    ),
    *table(
        "kubernetes:example.com/v1:Gadget",
        {**GADGET, "spec": {"hostNetwork": False}},
        ("any kind", {}),
        ("any kind, a pod by its keys", {"spec hostNetwork": True}, "spec.hostNetwork: is True"),
        (
            "below a model that is not KServe's",
            {"spec model template spec": {"containers": [{"name": "x", "securityContext": {"privileged": True}}]}},
            "spec.model.template.spec.containers[0].securityContext.privileged",
        ),
    ),
    *table(
        "kubernetes:example.com/v1:Secret",
        {**GADGET, "kind": "Secret"},
        (
            "a kind of a familiar name",
            {"spec deep 0 podTemplate spec hostPID": True},
            "spec.deep[0].podTemplate.spec.hostPID: is True",
        ),
    ),
    *table(
        RUNTIME_TYPE,
        RUNTIME,
        ("a runtime", {}),
        ("runtime on the node's IPC", {"spec hostIPC": True}, "spec.hostIPC: is True"),
        ("runtime's host port", {"spec containers 0 ports 0 hostPort": 80}, "hostPort: is 80"),
    ),
    *table(
        SERVICE_TYPE,
        SERVICE,
        ("a service", {}),
        ("service on the host network", {f"{_PREDICTOR} hostNetwork": True}, "spec.predictor.hostNetwork: is True"),
        ("privileged model", {f"{_PREDICTOR} model securityContext": {"privileged": True}}, "model.securityContext"),
        ("model not known", {f"{_PREDICTOR} model": UNKNOWN_VALUE}, f"spec.predictor.model: is {_NOT_KNOWN}"),
        ("workers", {f"{_PREDICTOR} workerSpec": {"hostPID": True}}, "spec.predictor.workerSpec.hostPID: is True"),
    ),
)

_ALL_MISSING = (
    "containers[0].securityContext.allowPrivilegeEscalation: is missing",
    "containers[0].securityContext.capabilities.drop: is missing",
    "containers[0].securityContext.runAsNonRoot: is missing",
    "containers[0].securityContext.seccompProfile: is missing",
)
_NO_CONTEXT = {f"{_CONTEXT}": MISSING, "spec securityContext": MISSING}

RESTRICTED = (
    *table(
        POD_TYPE,
        POD,
        ("a pod", {}),
        ("nothing said", _NO_CONTEXT, *_ALL_MISSING),
        (
            "said by the container alone",
            {
                "spec securityContext": MISSING,
                f"{_CONTEXT} seccompProfile": {"type": "Localhost"},
            },
        ),
        ("escalation as text", {f"{_CONTEXT} allowPrivilegeEscalation": "false"}, "is 'false'"),
        ("drop in lower case", {f"{_CONTEXT} capabilities drop": ["all"]}, "capabilities.drop: is ['all']"),
        ("adds a default one", {f"{_CONTEXT} capabilities add": ["CHOWN"]}, "add[0]: is 'CHOWN'"),
        ("binds low ports", {f"{_CONTEXT} capabilities add": ["NET_BIND_SERVICE"]}),
        ("root by number", {"spec securityContext runAsUser": 0}, "spec.securityContext.runAsUser: is 0"),
        ("root by text", {"spec securityContext runAsUser": "0"}, "runAsUser: is '0'"),
        ("another user", {"spec securityContext runAsUser": 1000}),
        ("NFS", {"spec volumes": [{"name": "x", "nfs": {"path": "/"}}]}, "volumes[0]: is of the type nfs"),
        ("an ephemeral debugger", {"spec ephemeralContainers": [{"name": "debug"}]}, "allowPriv", "capabilities.drop"),
        ("Windows", {**_NO_CONTEXT, "spec os": {"name": "windows"}}, "runAsNonRoot: is missing"),
        ("system not known", {**_NO_CONTEXT, "spec os": UNKNOWN_VALUE}, *_ALL_MISSING),
        (
            "context not known",
            {f"{_CONTEXT}": UNKNOWN_VALUE},
            f"allowPrivilegeEscalation: is {_NOT_KNOWN}",
            f"capabilities.drop: is {_NOT_KNOWN}",
            f"runAsNonRoot: is {_NOT_KNOWN}",
            f"runAsUser: is {_NOT_KNOWN}",
        ),
        (
            "root or not not known",
            {"spec securityContext runAsNonRoot": UNKNOWN_VALUE},
            f"runAsNonRoot: is {_NOT_KNOWN}",
        ),
    ),
    *table(DEPLOYMENT_TYPE, DEPLOYMENT, ("init", {f"{_FIRST} securityContext": MISSING}, "allow", "initContainers[0]")),
    *table(
        JOB_TYPE, JOB, ("a job", {}), ("a job as root", {f"{_POD} securityContext runAsUser": 0}, "runAsUser: is 0")
    ),
    *table(
        "kubernetes:batch/v1:CronJob",
        CRON_JOB,
        (
            "cron job",
            {"spec jobTemplate spec template spec containers 0 securityContext": MISSING},
            "allowP",
            "jobTempl",
        ),
    ),
    *table(
        "kubernetes:example.com/v1:Gadget",
        GADGET,
        ("any kind", {"spec deep 0 podTemplate spec containers 0 securityContext": MISSING}, "spec.deep[0]", "capab"),
    ),
    *table(
        "kubernetes:core/v1:List",
        {"apiVersion": "v1", "kind": "List", "items": [changed(POD, _NO_CONTEXT)]},
        ("list", {}, *_ALL_MISSING),
    ),
    *table(
        RUNTIME_TYPE,
        RUNTIME,
        ("a runtime leaves seccomp to the service", {}),
        (
            "a runtime brings all of its container's",
            {_CONTEXT: MISSING, "spec securityContext": pod_context()},
            *_ALL_MISSING[:3],
        ),
        ("runtime's second container", {"spec containers 1": {"name": "x"}}, "containers[1]", "drop", "runAsNonRoot"),
        (
            "runtime's workers",
            {"spec workerSpec": {"containers": [{"name": "w"}]}},
            "workerSpec",
            "drop",
            "runAsNonRoot",
        ),
    ),
    *table(
        SERVICE_TYPE,
        SERVICE,
        ("a service leaves the container's to its runtime", {}),
        (
            "without context of the pod",
            {f"{_PREDICTOR} securityContext": MISSING},
            "spec.predictor.securityContext.runAsNonRoot: is missing",
            "spec.predictor.securityContext.seccompProfile: is missing",
        ),
        (
            "said by the model is not said for the runtime's other containers",
            {
                f"{_PREDICTOR} securityContext": MISSING,
                f"{_PREDICTOR} model securityContext": {
                    "seccompProfile": {"type": "RuntimeDefault"},
                    "runAsNonRoot": True,
                },
            },
            "spec.predictor.securityContext.runAsNonRoot: is missing",
            "spec.predictor.securityContext.seccompProfile: is missing",
        ),
        (
            "KServe chooses a runtime that nobody judges",
            {f"{_PREDICTOR} model runtime": MISSING},
            "spec.predictor.model.securityContext.allowPrivilegeEscalation: is missing",
            "spec.predictor.model.securityContext.capabilities.drop: is missing",
        ),
        (
            "runtime not known",
            {f"{_PREDICTOR} model runtime": UNKNOWN_VALUE},
            "model.securityContext.allowPrivilegeEscalation",
            "model.securityContext.capabilities.drop",
        ),
        (
            "model undoes its runtime",
            {
                f"{_PREDICTOR} model securityContext": {
                    "allowPrivilegeEscalation": True,
                    "capabilities": {"drop": ["CHOWN"]},
                    "runAsNonRoot": False,
                }
            },
            "allowPrivilegeEscalation: is True",
            "drop: is ['CHOWN']",
            "runAsNonRoot: is False",
        ),
        (
            "container beside",
            {f"{_PREDICTOR} containers": [{"name": "x"}]},
            "containers[0].securityContext.allow",
            "drop",
        ),
        (
            "workers without containers",
            {f"{_PREDICTOR} workerSpec": {"pipelineParallelSize": 2}},
            "workerSpec.securityContext.runAsNonRoot: is missing",
            "workerSpec.securityContext.seccompProfile: is missing",
        ),
        (
            "old form of a model, whose runtime KServe chooses",
            {f"{_PREDICTOR} model": MISSING, f"{_PREDICTOR} huggingface": {"storageUri": "pvc://x"}},
            "huggingface.securityContext.allowPrivilegeEscalation",
            "huggingface.securityContext.capabilities.drop",
        ),
        (
            "transformer",
            {"spec transformer": {"containers": [container("t")]}},
            "spec.transformer.containers[0].securityContext.seccompProfile: is missing",
        ),
    ),
    *table(
        LLM_TYPE,
        LLM,
        ("LLM", {}),
        (
            "LLM prefill",
            {"spec prefill template containers": [{"name": "main"}]},
            "prefill",
            "drop",
            "runAsNonRoot",
            "seccomp",
        ),
    ),
)

SAMPLES = {"pod-security-baseline": BASELINE, "pod-security-restricted": RESTRICTED}
