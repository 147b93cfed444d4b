"""Tekton's own controller runs the pipelines: which tasks get pods, in which order, with which words and variables.

Nodes are stand-ins: a step ends with the exit code that a test gives it. What steps do is tested where it lives. The
namespace enforces the standard `restricted`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import yaml

from tests.delivery.support.tekton import TektonWebhook
from tests.delivery.support.tekton_runs import Ran, TektonController
from tests.delivery.test_tekton import OURS, named, of_tekton
from tools.cluster import Cluster

GIVEN = {"repository": "https://git.kitchen.example/platform/kitchen.git", "revision": "a" * 40, "pull": "12"}
ACCOUNTS = ("kitchen-pull-request", "kitchen-ci-dev", "kitchen-ci-prod", "kitchen-drift-dev")


@pytest.fixture(scope="module")
def tekton(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TektonController]:
    folder = tmp_path_factory.mktemp("tekton")
    with Cluster(folder / "cluster") as cluster, ExitStack() as stack:
        stack.callback(cluster.destroy)
        TektonWebhook(folder / "webhook", cluster).start(stack)
        made = TektonController(folder / "controller", cluster)
        made.start(stack)
        made.kubectl("create", "namespace", OURS)
        made.kubectl("label", "namespace", OURS, "pod-security.kubernetes.io/enforce=restricted")
        for account in ACCOUNTS:
            made.kubectl("--namespace", OURS, "create", "serviceaccount", account)
        for one in of_tekton():
            if one["kind"] != "PipelineRun":
                made.kubectl("create", "-f", "-", manifest=yaml.safe_dump(one))
        yield made


def of(name: str, **given: str) -> dict[str, Any]:
    """A run of deploy/tekton by the beginning of its name, with the values that a trigger or a person gives."""
    (found,) = (one for one in of_tekton() if named(one) == f"PipelineRun/{name}-")
    text = json.dumps(found)
    for key, value in (GIVEN | given).items():
        text = text.replace(f"$(tt.params.{key})", value)
    assert "$(tt." not in text
    run: dict[str, Any] = json.loads(text)
    return run


def words(ran: Ran, task: str) -> list[str]:
    """What the one step of a task runs, as the entrypoint is given it."""
    (step,) = ran.pods[task]["spec"]["containers"]
    args: list[str] = step["args"]
    return [args[args.index("-entrypoint") + 1], *args[args.index("--") + 1 :]]


def variables(ran: Ran) -> dict[str, set[str]]:
    """Secrets of each pod: variables and files."""
    found = {}
    for task, pod in ran.pods.items():
        names = {one["secretRef"]["name"] for step in pod["spec"]["containers"] for one in step.get("envFrom", [])}
        found[task] = names | {one["secret"]["secretName"] for one in pod["spec"]["volumes"] if "secret" in one}
    return found


NOTHING = {"kitchen-nothing", "kitchen-nothing-kubeconfig"}
FORGE = {"kitchen-forge", "kitchen-forge-kubeconfig"}
CHANGE = ["source", "settings", "plan", "policies", "tell"]


def test_a_change_is_planned_and_the_last_task_alone_has_the_token(tekton: TektonController) -> None:
    ran = tekton.run(of("kitchen-pull-request", fork="false"))
    assert (ran.succeeded, list(ran.pods), dict(ran.skipped)) == (True, CHANGE, {})
    targets = {task: words(ran, task) for task in CHANGE[1:]}
    assert targets == {
        "settings": ["/usr/local/bin/kitchen-task", "settings"],
        "plan": ["/usr/local/bin/kitchen-task", "plan-report"],
        "policies": ["/usr/local/bin/kitchen-task", "policy-report"],
        "tell": ["/usr/local/bin/kitchen-task", "plan-tell"],
    }
    assert variables(ran) == {"source": set()} | dict.fromkeys(CHANGE[1:4], NOTHING) | {"tell": FORGE}
    for pod in ran.pods.values():
        assert pod["spec"]["serviceAccountName"] == "kitchen-pull-request"
        assert pod["spec"]["automountServiceAccountToken"] is False
    (step,) = ran.pods["tell"]["spec"]["containers"]
    given = {one["name"]: one.get("value") for one in step["env"]}
    assert (given["KITCHEN_FORGE_PULL"], given["KITCHEN_FORGE_COMMIT"]) == ("12", "a" * 40)
    assert given["GIT_CONFIG_VALUE_0"] == step["workingDir"] == "/workspace/source"


@pytest.mark.parametrize(
    ("ends", "fork", "pods"),
    [
        ({"plan": 1}, "false", ["source", "settings", "plan", "tell"]),
        ({"policies": 1}, "false", CHANGE),
        ({"settings": 2}, "false", ["source", "settings"]),
        ({"source": 2}, "false", ["source"]),
        ({}, "true", CHANGE[:4]),
        ({"plan": 1}, "true", ["source", "settings", "plan"]),
    ],
)
def test_what_failed_is_told_where_there_is_a_plan_and_it_is_no_fork(
    ends: dict[str, int], fork: str, pods: list[str], tekton: TektonController
) -> None:
    ran = tekton.run(of("kitchen-pull-request", fork=fork), ends)
    assert (ran.succeeded, list(ran.pods)) == (not ends, pods)
    assert ("tell" in ran.skipped) == ("tell" not in pods)


@pytest.mark.parametrize(
    ("name", "account", "secret", "said"),
    [
        ("kitchen-deliver-dev", "kitchen-ci-dev", "kitchen-deployer-dev", ["deliver", "STACK=dev", "AFTER=none"]),
        ("kitchen-deliver-prod", "kitchen-ci-prod", "kitchen-deployer-prod", ["deliver", "STACK=prod", "AFTER=dev"]),
        (
            "kitchen-drift-dev",
            "kitchen-drift-dev",
            "kitchen-drift-dev",
            ["drift", "STACK=dev", "SKIP=Secret", "TELL=yes"],
        ),
    ],
)
def test_deliveries_and_drift_have_what_is_theirs(
    name: str, account: str, secret: str, said: list[str], tekton: TektonController
) -> None:
    ran = tekton.run(of(name))
    last = said[0]
    assert (ran.succeeded, list(ran.pods)) == (True, ["source", last])
    assert words(ran, last) == ["/usr/local/bin/kitchen-task", *said]
    assert variables(ran) == {"source": set(), last: {secret, f"{secret}-kubeconfig"}}
    spec = ran.pods[last]["spec"]
    assert (spec["serviceAccountName"], spec["automountServiceAccountToken"]) == (account, True)
    assert spec["securityContext"]["fsGroup"] == 65532
    if last == "deliver":
        assert spec["activeDeadlineSeconds"] >= 4 * 3600


def test_a_delivery_that_fails_is_a_run_that_fails(tekton: TektonController) -> None:
    ran = tekton.run(of("kitchen-deliver-dev"), {"deliver": 1})
    assert (ran.succeeded, list(ran.pods)) == (False, ["source", "deliver"])
