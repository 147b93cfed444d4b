"""Samples of pods whose containers stand in no list of Kubernetes'."""

from __future__ import annotations

from typing import Any

from tests.policy.support.objects import container, manifest
from tests.policy.support.sample import UNKNOWN_VALUE, Sample, table

_NODE = {"name": "n", "hostPath": {"path": "/"}}
_PRIVILEGED = {"privileged": True}
_NOT_KNOWN = "not known before the update"


def _part(**more: Any) -> dict[str, Any]:
    return {"image": container()["image"], "command": ["id"], **more}


WORKFLOW = manifest("argoproj.io/v1alpha1", "Workflow", {"templates": [{"name": "m", "container": _part()}]})
_CRON = manifest("argoproj.io/v1alpha1", "CronWorkflow", {"workflowSpec": WORKFLOW["spec"]})
_FIRST = "spec templates 0"
_WORKFLOWS = (
    *table(
        "kubernetes:argoproj.io/v1alpha1:Workflow",
        WORKFLOW,
        ("a template", {}),
        (
            "a template with privileges",
            {f"{_FIRST} container securityContext": _PRIVILEGED},
            "container.securityContext.privileged: is True",
        ),
        (
            "a script with privileges",
            {f"{_FIRST} script": _part(securityContext=_PRIVILEGED)},
            "script.securityContext.privileged",
        ),
        (
            "a sidecar with privileges",
            {f"{_FIRST} sidecars": [_part(securityContext=_PRIVILEGED)]},
            "sidecars[0].securityContext",
        ),
        (
            "one of a set",
            {f"{_FIRST} containerSet": {"containers": [_part(securityContext=_PRIVILEGED)]}},
            "containerSet.containers[0].sec",
        ),
        (
            "the first of a template",
            {f"{_FIRST} initContainers": [_part(securityContext=_PRIVILEGED)]},
            "initContainers[0].securityContext",
        ),
        ("a volume of all", {"spec volumes": [_NODE]}, "spec.volumes[0].hostPath: is a path of the node"),
        ("a volume of one", {f"{_FIRST} volumes": [_NODE]}, "templates[0].volumes[0].hostPath: is a path of the node"),
        ("the node's network", {"spec hostNetwork": True}, "spec.hostNetwork: is True"),
        ("a port of the node", {f"{_FIRST} container ports": [{"hostPort": 80}]}, "ports[0].hostPort: is 80"),
        ("a patch of all pods", {"spec podSpecPatch": "hostPID: true"}, "spec.podSpecPatch: patches pods in a way"),
        ("a patch of one", {f"{_FIRST} podSpecPatch": "{}"}, "templates[0].podSpecPatch: patches pods in a way"),
        ("a template not known", {f"{_FIRST} container": UNKNOWN_VALUE, f"{_FIRST} script": _part()}, _NOT_KNOWN),
        ("steps of a workflow", {f"{_FIRST} steps": [[{"name": "a", "template": "m"}]]}),
    ),
    *table(
        "kubernetes:argoproj.io/v1alpha1:CronWorkflow",
        _CRON,
        ("at times", {}),
        ("at times, a volume", {"spec workflowSpec volumes": [_NODE]}, "spec.workflowSpec.volumes[0].hostPath"),
    ),
    *table(
        "kubernetes:argoproj.io/v1alpha1:ClusterWorkflowTemplate",
        {**WORKFLOW, "kind": "ClusterWorkflowTemplate"},
        ("for all namespaces", {"spec volumes": [_NODE]}, "spec.volumes[0].hostPath: is a path of the node"),
    ),
)

_TASK = manifest("tekton.dev/v1", "Task", {"steps": [{"name": "s", **_part()}]})
_RUN = manifest("tekton.dev/v1", "TaskRun", {"podTemplate": {"securityContext": {"runAsNonRoot": True}}})
_PIPELINE = manifest("tekton.dev/v1", "PipelineRun", {"pipelineSpec": {"tasks": [{"taskSpec": _TASK["spec"]}]}})
_TEKTON = (
    *table(
        "kubernetes:tekton.dev/v1:Task",
        _TASK,
        ("steps", {}),
        (
            "a step with privileges",
            {"spec steps 0 securityContext": _PRIVILEGED},
            "spec.steps[0].securityContext.privileged",
        ),
        (
            "privileges for all steps",
            {"spec stepTemplate": {"securityContext": _PRIVILEGED}},
            "steps[0].securityContext.privileged",
            "spec.stepTemplate.securityContext.privileged: is True",
        ),
        (
            "a sidecar of steps",
            {"spec sidecars": [_part(securityContext=_PRIVILEGED)]},
            "sidecars[0].securityContext.privileged",
        ),
        ("a volume of steps", {"spec volumes": [_NODE]}, "spec.volumes[0].hostPath: is a path of the node"),
        ("steps not known", {"spec steps": UNKNOWN_VALUE, "spec sidecars": [_part()]}, _NOT_KNOWN),
    ),
    *table(
        "kubernetes:tekton.dev/v1:TaskRun",
        _RUN,
        ("a run", {}),
        ("a run's volume", {"spec podTemplate volumes": [_NODE]}, "spec.podTemplate.volumes[0].hostPath"),
        (
            "a run in the node's network",
            {"spec podTemplate hostNetwork": True},
            "spec.podTemplate.hostNetwork: is True",
        ),
    ),
    *table(
        "kubernetes:tekton.dev/v1:PipelineRun",
        _PIPELINE,
        ("a pipeline", {}),
        (
            "a pipeline's step with privileges",
            {"spec pipelineSpec tasks 0 taskSpec steps 0 securityContext": _PRIVILEGED},
            "tasks[0].taskSpec.steps[0].securityContext.privileged",
        ),
        (
            "a pipeline's pods",
            {"spec taskRunTemplate": {"podTemplate": {"volumes": [_NODE]}}},
            "taskRunTemplate.podTemplate.volumes[0]",
        ),
    ),
)

_GADGET = manifest("example.com/v1", "Gadget", {"a": 1})
_STRANGERS = table(
    "kubernetes:example.com/v1:Gadget",
    _GADGET,
    ("nothing of a node", {"spec hostNetwork": False, "spec b": {"privileged": "false"}}),
    (
        "its container",
        {"spec container": _part(securityContext=_PRIVILEGED)},
        "spec.container.securityContext.privileged",
    ),
    ("its fragment", {"spec podTemplate": {"volumes": [_NODE]}}, "spec.podTemplate.volumes[0].hostPath"),
    ("its volumes", {"spec more": {"volumes": [_NODE]}}, "spec.more.volumes[0].hostPath"),
    ("its path", {"spec dataDir": {"hostPath": "/var"}}, "spec.dataDir.hostPath: is a path of the node"),
    ("its disk", {"spec disks": [{"hostDisk": {"path": "/a", "type": "Disk"}}]}, "spec.disks[0].hostDisk: is a path"),
    ("its privileges", {"spec agent": {"privileged": True}}, "spec.agent.privileged: is True"),
    ("privileges not known", {"spec agent": {"privileged": UNKNOWN_VALUE}}, "spec.agent.privileged: is not known"),
    (
        "its capabilities",
        {"spec pod": {"securityContext": {"capabilities": {"add": ["SYS_ADMIN"]}}}},
        "spec.pod.securityContext.capabilities: adds SYS_ADMIN",
    ),
    (
        "capabilities of everybody",
        {"spec pod": {"securityContext": {"capabilities": {"add": ["CHOWN"], "drop": ["ALL"]}}}},
    ),
    (
        "its profile",
        {"spec pod": {"seccompProfile": {"type": "Unconfined"}}},
        "spec.pod.seccompProfile: is 'Unconfined'",
    ),
    ("its view of the node", {"spec pod": {"procMount": "Unmasked"}}, "spec.pod.procMount: is 'Unmasked'"),
    ("its port", {"spec agent": {"hostPort": 80}}, "spec.agent.hostPort: is 80"),
    (
        "a pod within a container",
        {"spec container": _part(podTemplate={"spec": {"containers": [_part(securityContext=_PRIVILEGED)]}})},
        "spec.container.podTemplate.spec.containers[0].securityContext.privileged",
    ),
    (
        "privileges within a container of a list",
        {"spec": {"containers": [_part(more={"privileged": True})]}},
        "spec.containers[0].more.privileged: is True",
    ),
    (
        "a decoy beside its containers",
        {"spec": {"containers": [_part(securityContext=_PRIVILEGED)], "script": _part()}},
        "containers[0].sec",
    ),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {"pod-security-baseline": (*_WORKFLOWS, *_TEKTON, *_STRANGERS)}
