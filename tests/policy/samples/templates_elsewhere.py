"""Samples of what workflows, tasks and rollouts take from where nobody judges it."""

from __future__ import annotations

import dataclasses
from typing import Any

from tests.policy.support.objects import manifest
from tests.policy.support.sample import UNKNOWN_VALUE, WORLD, Sample, table

_GIT = "https://git.kitchen.example/platform/kitchen.git"
_OTHER = "https://git.example.com/a.git"
_WORKFLOW_TYPE = "kubernetes:argoproj.io/v1alpha1:Workflow"
_WORKFLOW = manifest("argoproj.io/v1alpha1", "Workflow", {"templates": [{"name": "a"}]})
_FIRST = "spec templates 0"
_MANIFEST = {"action": "apply", "manifest": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"}
_CONFIG: dict[str, Any] = {
    "gitRepositories": [_GIT],
    "addresses": ["https://files.kitchen.example/a", "gcs"],
    "templates": ["judged-*"],
}
_OUTSIDE = "which can bring another object than the manifest"
_NO_PLACE = "is no place that is named"


def _artifact(**place: Any) -> dict[str, Any]:
    return {f"{_FIRST} inputs": {"artifacts": [{"name": "code", "path": "/work/a", **place}]}}


_WORKFLOWS = table(
    _WORKFLOW_TYPE,
    _WORKFLOW,
    ("a manifest with harmless flags", {f"{_FIRST} resource": {**_MANIFEST, "flags": ["--force", "--timeout=1m"]}}),
    *(
        (
            f"a manifest with {flag}",
            {f"{_FIRST} resource": {**_MANIFEST, "flags": [flag]}},
            f"flags[0]: is {flag!r}, {_OUTSIDE}",
        )
        for flag in (
            "-f",
            "https://a.example/b.yaml",
            "-k=a",
            "--filename=/work/a",
            "--kustomize",
            "--as=admin",
            "--kubeconfig=a",
            "{{b}}",
        )
    ),
    ("flags not known", {f"{_FIRST} resource": {**_MANIFEST, "flags": UNKNOWN_VALUE}}, "flags: is not known"),
    ("a template of the namespace", {"spec workflowTemplateRef": {"name": "a"}}),
    (
        "a template of the cluster",
        {"spec workflowTemplateRef": {"name": "a", "clusterScope": True}},
        "workflowTemplateRef: is a template of the whole cluster, 'a'",
    ),
    ("a judged template of the cluster", {"spec workflowTemplateRef": {"name": "judged-a", "clusterScope": True}}),
    ("a template not known", {"spec workflowTemplateRef": UNKNOWN_VALUE}, "workflowTemplateRef: is not known"),
    (
        "a step of the cluster",
        {f"{_FIRST} steps": [[{"name": "b", "templateRef": {"name": "a", "template": "c", "clusterScope": True}}]]},
        "templates[0].steps[0][0].templateRef: is a template of the whole cluster",
    ),
    (
        "a step in a graph, of the cluster",
        {f"{_FIRST} dag": {"tasks": [{"name": "b", "templateRef": {"name": "a", "clusterScope": UNKNOWN_VALUE}}]}},
        "templates[0].dag.tasks[0].templateRef: is a template of the whole",
    ),
    (
        "the controller's list of stores",
        {"spec artifactRepositoryRef": {"configMap": "artifact-repositories", "key": "a"}},
    ),
    (
        "a store that a ConfigMap names",
        {"spec artifactRepositoryRef": {"configMap": "mine"}},
        "spec.artifactRepositoryRef: is a store of files, 'mine', which nothing shows here",
    ),
    ("text beside it", _artifact(raw={"data": "a"})),
    ("what another step made", _artifact(**{"from": "{{steps.a.outputs.artifacts.b}}"})),
    ("the controller's own store", _artifact(s3={"key": "a"})),
    ("a store inside", _artifact(s3={"endpoint": "minio.storage.svc:9000", "key": "a"})),
    ("code of a named repository", _artifact(git={"repo": _GIT, "revision": "main"})),
    ("a named file", _artifact(http={"url": "https://files.kitchen.example/a"})),
    ("a file inside", _artifact(http={"url": "http://files.team.svc.cluster.local/a"})),
    ("another named store", _artifact(gcs={"bucket": "a"})),
    (
        "a file outside",
        _artifact(http={"url": "https://a.example/run"}),
        f"artifacts[0].http: 'https://a.example/run' {_NO_PLACE}",
    ),
    ("a repository outside", _artifact(git={"repo": _OTHER}), f"artifacts[0].git: {_OTHER!r} {_NO_PLACE}"),
    (
        "a file with a key in its address",
        _artifact(git={"repo": "https://u:canary-in-secret@a.example/b"}),
        "'https://...@a.example/b' is no",
    ),
    (
        "a store outside",
        _artifact(s3={"endpoint": "s3.amazonaws.com", "key": "a"}),
        f"s3: 's3.amazonaws.com' {_NO_PLACE}",
    ),
    *(
        (f"an artifact of {field}", _artifact(**{field: {"key": "a"}}), f"{field}: {field!r} {_NO_PLACE}")
        for field in ("azure", "oss", "hdfs")
    ),
    ("an artifact not known", _artifact(http=UNKNOWN_VALUE), "artifacts[0].http: is not known"),
    (
        "what goes out",
        {f"{_FIRST} outputs": {"artifacts": [{"name": "a", "path": "/work/a", "http": {"url": "https://a.example"}}]}},
        "outputs.artifacts[0].http: 'https://a.example' is no place",
    ),
    (
        "logs that go out",
        {f"{_FIRST} archiveLocation": {"s3": {"endpoint": "a.example"}}},
        "archiveLocation.s3: 'a.example' is no place",
    ),
    config=_CONFIG,
)
_STATED = dataclasses.replace(
    WORLD,
    settings={
        **WORLD.settings,
        "policy": {
            "kinds": [
                {"group": "argoproj.io", "kind": "AnalysisTemplate", "reason": "asks Prometheus alone"},
                {"group": "scan.example.com", "kind": "Scan", "reason": "reads images alone"},
            ]
        },
    },
)
_ROLLOUT = manifest(
    "argoproj.io/v1alpha1", "Rollout", {"workloadRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "a"}}
)
_ANALYSIS = "spec strategy canary"
_ROLLOUTS = (
    *table(
        "kubernetes:argoproj.io/v1alpha1:Rollout",
        _ROLLOUT,
        ("pods of a Deployment, which is judged itself", {}),
        (
            "an analysis",
            {_ANALYSIS: {"analysis": {"templates": [{"templateName": "a"}]}}},
            "canary.analysis.templates[0]: is an analysis template, 'a'",
        ),
        ("a judged analysis", {_ANALYSIS: {"analysis": {"templates": [{"templateName": "judged-a"}]}}}),
        (
            "an analysis of the cluster",
            {_ANALYSIS: {"steps": [{"analysis": {"templates": [{"templateName": "a", "clusterScope": True}]}}]}},
            "steps[0].analysis.templates[0]: is a cluster analysis template, 'a'",
        ),
        (
            "an analysis of an experiment",
            {_ANALYSIS: {"steps": [{"experiment": {"analyses": [{"name": "b", "templateName": "a"}]}}]}},
            "experiment.analyses[0]: is an analysis template",
        ),
        (
            "a header for the new version",
            {_ANALYSIS: {"trafficRouting": {"nginx": {"additionalIngressAnnotations": {"canary-by-header": "a"}}}}},
        ),
        (
            "annotations of the entry of a new version",
            {_ANALYSIS: {"trafficRouting": {"nginx": {"additionalIngressAnnotations": {"auth-url": "http://a"}}}}},
            "nginx.additionalIngressAnnotations.auth-url: is written on an Ingress that was judged without it",
        ),
        (
            "annotations of an entry, not known",
            {_ANALYSIS: {"trafficRouting": {"nginx": {"additionalIngressAnnotations": UNKNOWN_VALUE}}}},
            "additionalIngressAnnotations: is not known",
        ),
        (
            "an analysis before the switch",
            {"spec strategy": {"blueGreen": {"prePromotionAnalysis": {"templates": [{"templateName": "a"}]}}}},
            "prePromotionAnalysis.templates[0]: is an analysis template",
        ),
        config=_CONFIG,
    ),
    *table(
        "kubernetes:argoproj.io/v1alpha1:Rollout",
        _ROLLOUT,
        ("an analysis of a kind that is stated", {_ANALYSIS: {"analysis": {"templates": [{"templateName": "a"}]}}}),
        world=_STATED,
    ),
)
_TASKS = (
    *table(
        "kubernetes:tekton.dev/v1:Task",
        manifest("tekton.dev/v1", "Task", {"steps": [{"name": "a"}]}),
        ("steps of its own", {}),
        ("a step said elsewhere", {"spec steps 0 ref": {"name": "a"}}, "spec.steps[0].ref: is a step action, 'a'"),
        ("a judged step", {"spec steps 0 ref": {"name": "judged-a"}}),
        ("a step not known", {"spec steps 0 ref": {"name": UNKNOWN_VALUE}}, "spec.steps[0].ref: is not known"),
        config=_CONFIG,
    ),
    *table(
        "kubernetes:tekton.dev/v1:Pipeline",
        manifest("tekton.dev/v1", "Pipeline", {"tasks": [{"name": "a", "taskRef": {"name": "a"}}]}),
        ("a task of the namespace", {}),
        (
            "a task, with its kind",
            {"spec tasks 0 taskRef": {"apiVersion": "tekton.dev/v1", "kind": "Task", "name": "a"}},
        ),
        (
            "a pipeline with a task of the cluster",
            {"spec tasks 0 taskRef kind": "ClusterTask"},
            "taskRef: is a task of the whole cluster, 'a'",
        ),
        (
            "a task of a stranger",
            {"spec tasks 0 taskRef": {"apiVersion": "run.example.com/v1", "kind": "Run"}},
            "tasks[0].taskRef: is a Run of run.example.com, which the pack does not understand",
        ),
        ("a kind of task not known", {"spec tasks 0 taskRef kind": UNKNOWN_VALUE}, "tasks[0].taskRef: is not known"),
        config=_CONFIG,
    ),
    *table(
        "kubernetes:tekton.dev/v1:Pipeline",
        manifest(
            "tekton.dev/v1", "Pipeline", {"tasks": [{"taskRef": {"apiVersion": "scan.example.com/v1", "kind": "Scan"}}]}
        ),
        ("a task of a kind that is stated", {}),
        world=_STATED,
    ),
)
_CALLS = (
    *table(
        _WORKFLOW_TYPE,
        _WORKFLOW,
        ("a call inside", {f"{_FIRST} http": {"url": "http://api.team.svc:8080/a"}}),
        ("a call to a private network", {f"{_FIRST} http": {"url": "https://10.1.2.3/a"}}),
        *(
            (
                f"a call to {url}",
                {f"{_FIRST} http": {"url": url}},
                f"templates[0].http.url: is {url!r}, which is no address",
            )
            for url in (
                "https://a.example",
                "http://8.8.8.8/a",
                "http://134744072/",
                "{{inputs.parameters.a}}",
                "http://a@b.example",
            )
        ),
        ("a call not known", {f"{_FIRST} http": {"url": UNKNOWN_VALUE}}, "http.url: is not known"),
        (
            "a call of a step",
            {f"{_FIRST} steps": [[{"name": "b", "inline": {"http": {"url": "https://a.example"}}}]]},
            "steps[0][0].inline.http.url: is 'https://a.example'",
        ),
    ),
    *table(
        "kubernetes:argoproj.io/v1alpha1:CronWorkflow",
        manifest("argoproj.io/v1alpha1", "CronWorkflow", {"workflowSpec": _WORKFLOW["spec"]}),
        (
            "a call at times",
            {"spec workflowSpec templates 0 http": {"url": "https://a.example"}},
            "workflowSpec.templates[0].http.url",
        ),
    ),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {
    "rendered-elsewhere": (*_WORKFLOWS, *_ROLLOUTS, *_TASKS),
    "network-closed": _CALLS,
}
