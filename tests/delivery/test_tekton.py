"""Tekton's own webhook admits the pipelines on a real API server, and refuses siblings with one fault each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import yaml

from tests.delivery.support.tekton import TektonWebhook
from tests.unit.pipelines.files import tekton
from tools.cluster import Cluster

OURS = "kitchen-delivery"


@pytest.fixture(scope="module")
def webhook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TektonWebhook]:
    folder = tmp_path_factory.mktemp("tekton")
    with Cluster(folder / "cluster") as cluster, ExitStack() as stack:
        stack.callback(cluster.destroy)
        made = TektonWebhook(folder / "webhook", cluster)
        made.start(stack)
        made.kubectl("create", "namespace", OURS)
        yield made


def of_tekton() -> list[dict[str, Any]]:
    """Our objects of Tekton's core, those in the templates of Triggers too."""
    found = []
    for one in tekton():
        inner = one["spec"]["resourcetemplates"] if one["kind"] == "TriggerTemplate" else [one]
        found += [each for each in inner if each["apiVersion"] == "tekton.dev/v1"]
    return found


def named(one: dict[str, Any]) -> str:
    return f"{one['kind']}/{one['metadata'].get('name') or one['metadata']['generateName']}"


def test_each_object_is_admitted(webhook: TektonWebhook) -> None:
    objects = of_tekton()
    assert len(objects) == 9
    for one in objects:
        done = webhook.kubectl.run("create", "--validate=strict", "-f", "-", manifest=yaml.safe_dump(one))
        assert done.returncode == 0, f"{named(one)}: {done.stderr}"
    task = webhook.kubectl.get("--namespace", OURS, "task.v1.tekton.dev", "kitchen-make")
    assert task["spec"]["params"][0]["type"] == "string"


def without_a_task(pipeline: dict[str, Any]) -> None:
    pipeline["spec"]["tasks"][1]["runAfter"] = ["sources"]


def with_a_parameter_that_is_not_there(pipeline: dict[str, Any]) -> None:
    pipeline["spec"]["tasks"][0]["params"][0]["value"] = "$(params.repo)"


def with_a_workspace_that_is_not_there(pipeline: dict[str, Any]) -> None:
    pipeline["spec"]["tasks"][0]["workspaces"][0]["workspace"] = "nowhere"


def with_two_tasks_of_one_name(pipeline: dict[str, Any]) -> None:
    pipeline["spec"]["tasks"][1]["name"] = "source"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (without_a_task, "sources"),
        (with_a_parameter_that_is_not_there, "params.repo"),
        (with_a_workspace_that_is_not_there, "nowhere"),
        (with_two_tasks_of_one_name, "source"),
    ],
)
def test_a_pipeline_with_one_fault_is_refused_by_the_webhook(
    spoil: Callable[[dict[str, Any]], None], said: str, webhook: TektonWebhook
) -> None:
    (pipeline,) = (one for one in tekton() if named(one) == "Pipeline/kitchen-pull-request")
    pipeline["metadata"]["name"] = "spoilt"
    assert webhook.kubectl.run("create", "--dry-run=server", "-f", "-", manifest=yaml.safe_dump(pipeline)).stderr == ""
    spoil(pipeline)
    done = webhook.kubectl.run("create", "-f", "-", manifest=yaml.safe_dump(pipeline))
    assert done.returncode != 0
    assert 'admission webhook "loopback.webhook.pipeline.tekton.dev" denied the request' in done.stderr
    assert said in done.stderr


def test_a_task_with_a_variable_that_is_not_there_is_refused(webhook: TektonWebhook) -> None:
    (task,) = (one for one in tekton() if named(one) == "Task/kitchen-make")
    task["metadata"]["name"] = "spoilt"
    task["spec"]["steps"][0]["args"] = ["$(params.targets)"]
    done = webhook.kubectl.run("create", "-f", "-", manifest=yaml.safe_dump(task))
    assert done.returncode != 0
    assert "params.targets" in done.stderr
