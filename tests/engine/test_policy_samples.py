"""The pack in the real engine answers the samples as it does in the policy tests: proxies, unknown values and all."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.engine.conftest import Run, run
from tests.policy.samples.rights import LABELS
from tests.policy.support.objects import DEPLOYMENT, DEPLOYMENT_TYPE
from tests.policy.support.registry import samples
from tests.policy.support.sample import MISSING, UNKNOWN_VALUE, WORLD, Sample, changed
from tests.support.programs import program as written
from tests.support.stacks import prepare
from tools.local.workspace import POLICY_PACK

PROGRAM = """
import json
from pathlib import Path

import pulumi
import pulumi_random as random

from infra.pace import all_registered, without_debug_messages, without_stack_traces

without_debug_messages()
without_stack_traces()


async def main():
    not_known = random.RandomString("not-known", length=8).result

    def with_unknown(value):
        if isinstance(value, dict):
            return {key: with_unknown(entry) for key, entry in value.items()}
        if isinstance(value, list):
            return [with_unknown(entry) for entry in value]
        return not_known if value == UNKNOWN else value

    for name, token, inputs in json.loads(Path("objects.json").read_text()):
        pulumi.CustomResource(token, name, with_unknown(inputs))
    await all_registered()


pulumi.run(main)
"""
"""At the program's own pace: of thousands of samples in one preview the SDK's bookkeeping would be the most part."""

HEADER = re.compile(r"\s*- \[(?P<level>\w+)\].*\]\s+(?P<rule>\S+)\s+\(\S+: (?P<name>\S+)\)")
OTHER_CATALOG = "images-from-the-registry"
"""Its samples have a catalog of their own, which the engine's pack does not read."""


def preview(folder: Path, objects: list[tuple[str, str, Any]], config: dict[str, Any], *options: str) -> Run:
    workspace = written(folder, PROGRAM.replace("UNKNOWN", repr(UNKNOWN_VALUE)), config)
    (workspace.project / "objects.json").write_text(json.dumps(objects))
    return run(prepare(workspace, {}), "preview", "--policy-pack", str(POLICY_PACK), *options)


def answers(result: Run) -> dict[tuple[str, str], list[str]]:
    """Messages of each rule about each resource."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    header = None
    for line in result.text.splitlines():
        header = HEADER.match(line) or header
        if header and "; rule: " in line:
            found[header["rule"], header["name"]].append(line)
    return found


def levels(result: Run) -> dict[str, str]:
    matches = filter(None, map(HEADER.match, result.text.splitlines()))
    return {match["rule"]: match["level"] for match in matches}


def test_every_sample_is_answered_in_a_preview_as_it_says(tmp_path: Path) -> None:
    chosen: list[tuple[str, str, Sample]] = []
    for rule, entries in samples().items():
        for entry in entries:
            if (
                entry.world is WORLD
                and not entry.config
                and rule != OTHER_CATALOG
                and "List" not in entry.resource_type
            ):
                chosen.append((f"s{len(chosen)}", rule, entry))
    objects = [(name, entry.resource_type, entry.inputs) for name, _, entry in chosen]
    config = {f"kitchen:{key}": value for key, value in WORLD.settings.items()}
    result = preview(tmp_path / "project", objects, config)
    found = answers(result)
    wrong = []
    for name, rule, entry in chosen:
        said = sorted(found[rule, name])
        missed = [fragment for fragment in entry.says if not any(fragment in text for text in said)]
        if len(said) != len(entry.says) or missed:
            wrong.append((rule, entry.name, said, missed))
    assert wrong == [], wrong
    assert len(chosen) > 200
    assert result.status != 0
    assert "Traceback" not in result.text


PROBELESS = changed(DEPLOYMENT, {"spec template spec containers 0 readinessProbe": MISSING})
EXEMPTION = {
    **{"rule": "pods-have-probes", "object": "Deployment team/sample", "reason": "a test", "approver": "nobody"},
    "expires": "2999-12-31",
}


def approved(inputs: dict[str, Any], environment: str = "prod") -> dict[str, Any]:
    """The object with an image of the real catalog that is no server's, and the labels of an environment."""
    entry = yaml.safe_load((POLICY_PACK.parent / "infra" / "catalog" / "images.yaml").read_text())["images"][
        "storage-initializer"
    ]
    image = f"registry.kitchen.example/{entry['repository']}@{entry['digest']}"
    images = {f"spec template spec {key} 0 image": image for key in ("containers", "initContainers")}
    labels = {**LABELS, "kitchen.example.com/environment": environment}
    return changed(inputs, {**images, "metadata labels": labels})


@pytest.mark.parametrize(
    ("config", "level", "passes"),
    [
        ({}, "mandatory", False),
        ({"kitchen:environment": "prod"}, "mandatory", False),
        ({"kitchen:environment": "dev"}, "advisory", True),
        ({"kitchen:environment": "prod", "kitchen:exemptions": [EXEMPTION]}, None, True),
    ],
    ids=["nothing said", "prod", "dev", "exempt"],
)
def test_the_stack_s_settings_reach_the_rules(
    config: dict[str, Any], level: str | None, passes: bool, tmp_path: Path
) -> None:
    environment = config.get("kitchen:environment", "prod")
    inputs = changed(approved(PROBELESS, environment), {"spec template spec containers 0 command": ["app"]})
    settings = {"kitchen:registry": "registry.kitchen.example"}
    result = preview(tmp_path / "project", [("one", DEPLOYMENT_TYPE, inputs)], settings | config)
    expected = {"exemptions-in-use": "advisory"} if level is None else {"pods-have-probes": level}
    assert {rule: found for rule, found in levels(result).items() if found != "disabled"} == expected, result.text
    assert (result.status == 0) is passes, result.text


def test_malformed_exemptions_fail_the_run_with_one_message(tmp_path: Path) -> None:
    result = preview(tmp_path / "project", [], {"kitchen:exemptions": [{**EXEMPTION, "expires": "soon"}]})
    assert result.status != 0
    assert "kitchen:exemptions[0].expires: 'soon' is no date" in result.text


def test_a_rule_takes_its_configuration_from_the_file(tmp_path: Path) -> None:
    token = {"spec template spec automountServiceAccountToken": True}
    inputs = changed(approved(DEPLOYMENT), {"spec template spec containers 0 command": ["app"], **token})
    settings = {"kitchen:registry": "registry.kitchen.example"}
    objects = [("one", DEPLOYMENT_TYPE, inputs)]
    denied = preview(tmp_path / "without", objects, settings)
    assert levels(denied) == {"service-account-tokens": "mandatory"}, denied.text
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"service-account-tokens": {"needToken": ["Deployment team/sample"]}}))
    passed = preview(tmp_path / "with", objects, settings, "--policy-pack-config", str(file))
    assert passed.status == 0, passed.text


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_the_stacks_of_this_repository_pass_the_whole_pack(name: str, judged: Callable[..., Run]) -> None:
    result = judged(name)
    assert result.status == 0, result.text
    assert levels(result) == {}
