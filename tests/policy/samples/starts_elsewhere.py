"""Samples of what starts in a server by other programs: steps of Tekton, workflows of Argo, hooks of backups."""

from __future__ import annotations

from typing import Any

from tests.policy.samples.models import MODELS
from tests.policy.support.objects import DEPLOYMENT_TYPE, OFFLINE, VLLM, manifest
from tests.policy.support.sample import UNKNOWN_VALUE, Sample, table
from tests.policy.support.served import SERVER

_SERVER = {"name": "serve", "image": VLLM, "env": OFFLINE}
_STEPS = table(
    "kubernetes:tekton.dev/v1:Task",
    manifest("tekton.dev/v1", "Task", {"steps": [_SERVER]}),
    *(
        (f"a step's script, {script!r}", {"spec steps 0 script": script}, f"steps[0].args: starts {says}")
        for script, says in (
            ("#!/usr/bin/env python3\nimport os\n", "a script of Python"),
            ("#!/usr/bin/python3\nimport os\n", "a script of Python"),
            ("python3 /workspace/x.py", "a script of Python"),
            ("#!/bin/bash\nread 'a[$(x)]'\nvllm serve /mnt/models\n", "read into what is no plain name"),
            ("#!/opt/own/run\nx", "the program '/opt/own/run'"),
        )
    ),
    ("a step's script that is understood", {"spec steps 0 script": "#!/bin/sh\nset -e\nvllm serve /mnt/models\n"}),
    world=MODELS,
)
_TEMPLATE = {"name": "a", "container": {**_SERVER, "args": ["--model=/mnt/models"]}}
_SOURCES = table(
    "kubernetes:argoproj.io/v1alpha1:Workflow",
    manifest("argoproj.io/v1alpha1", "Workflow", {"templates": [{"name": "a", "script": _SERVER}]}),
    *(
        (
            f"a source for {command}",
            {"spec templates 0 script command": command, "spec templates 0 script source": source},
            f"script.args: starts {says}",
        )
        for command, source, says in (
            (["python3"], "import os", "a script of Python"),
            (["sh"], "python3 /x.py", "a script of Python"),
            ([], "vllm serve /mnt/models", "the program '-c'"),
        )
    ),
    (
        "a source that is understood",
        {"spec templates 0 script command": ["bash"], "spec templates 0 script source": "vllm serve /mnt/models"},
    ),
    world=MODELS,
)
_ARTIFACTS = table(
    "kubernetes:argoproj.io/v1alpha1:Workflow",
    manifest("argoproj.io/v1alpha1", "Workflow", {"templates": [_TEMPLATE]}),
    *(
        (
            f"an artifact at {path}",
            {"spec templates 0 inputs": {"artifacts": [{"name": "a", "path": path, "raw": {"data": "x"}}]}},
            "inputs.artifacts[0]: puts files into the server's container",
        )
        for path in ("/mnt/models", "/usr/local/lib/python3.12/site-packages/x.py", "/tmp/x")  # noqa: S108 (in a pod)
    ),
    ("parameters alone", {"spec templates 0 inputs": {"parameters": [{"name": "a"}]}}),
    world=MODELS,
)
_NOTES = "spec template metadata annotations"


def _note(name: str, value: Any) -> dict[str, Any]:
    return {_NOTES: {f"{name}.velero.io/command": value, f"{name}.velero.io/container": "main"}}


_BACKUPS = table(
    DEPLOYMENT_TYPE,
    SERVER,
    *(
        (f"a hook of a backup, {when} {value}", _note(when, value), f"{when}.velero.io/command: starts {says}")
        for when, value, says in (
            ("pre.hook.backup", '["python3", "-c", "x"]', "a script of Python"),
            ("post.hook.backup", "/data/x", "the program '/data/x'"),
            ("hook.backup", '["sh", "-c", "curl http://a -o /x"]', "the program 'curl'"),
            ("post.hook.restore", '["vllm", "serve", "/x"]', "a server of its own"),
            ("pre.hook.backup", "[python3", "a program whose name is not known"),
        )
    ),
    (
        "a container of a restore",
        {_NOTES: {"init.hook.restore.velero.io/container-image": "x"}},
        "container-image: is given: what it brings",
    ),
    ("a hook of a backup that does nothing", _note("pre.hook.backup", '["sync"]')),
    (
        "a hook of a backup that is not known",
        _note("pre.hook.backup", UNKNOWN_VALUE),
        "starts a program whose name is not known",
    ),
    world=MODELS,
)
_TEMPLATES = table(
    "kubernetes:tekton.dev/v1:TaskRun",
    manifest("tekton.dev/v1", "TaskRun", {"podTemplate": {"schedulerName": "default-scheduler"}}),
    *(
        (
            f"a variable of every step, {name}",
            {"spec podTemplate env": [{"name": name, "value": "/w/x"}]},
            f"spec.podTemplate.env[0]: is {name!r}, which brings code",
        )
        for name in ("LD_PRELOAD", "PYTHONPATH")
    ),
    ("a harmless variable of every step", {"spec podTemplate env": [{"name": "TZ", "value": "UTC"}]}),
    world=MODELS,
)
SAMPLES: dict[str, tuple[Sample, ...]] = {
    "adapters-approved": (*_STEPS, *_SOURCES),
    "runtime-lora-updating": (*_ARTIFACTS, *_BACKUPS, *_TEMPLATES),
}
