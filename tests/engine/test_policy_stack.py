"""Rules about stacks, secrets, exemptions and remediations in the real engine."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.engine.conftest import Run, run
from tests.engine.test_policy_samples import answers, levels, preview
from tests.policy.samples.rights import LABELS
from tests.policy.samples.secrets import ACCESS_KEY, DOCKER, PEM, RANDOM_KEY, WEB_TOKEN
from tests.policy.samples.secrets import SAMPLES as SECRETS
from tests.policy.samples.stacks import STACK, STACK_SAMPLES, StackSample
from tests.policy.support.sample import WORLD, Sample, changed
from tools.local.workspace import POLICY_PACK, Workspace

SETTINGS = {f"kitchen:{key}": value for key, value in WORLD.settings.items()} | {"kitchen:phase": 4}
ACCOUNT = "kubernetes:core/v1:ServiceAccount"
CANARY = "canary-7f3a-not-to-be-seen"


def objects(entries: list[dict[str, Any]]) -> list[tuple[str, str, Any]]:
    core = {"v1": "core/v1"}
    return [
        (f"o{index}", f"kubernetes:{core.get(version, version)}:{entry['kind']}", entry)
        for index, entry in enumerate(entries)
        for version in (entry["apiVersion"],)
    ]


@pytest.mark.parametrize("rule", STACK_SAMPLES)
def test_a_rule_about_stacks_denies_in_a_preview(rule: str, tmp_path: Path) -> None:
    sample: StackSample = next(sample for sample in STACK_SAMPLES[rule] if len(sample.says) == 1)
    result = preview(tmp_path / "project", objects(sample.objects()), SETTINGS)
    assert result.status != 0
    found = [text for (name, _), texts in answers(result).items() if name == rule for text in texts]
    assert len(found) == 1, result.text
    assert sample.says[0] in found[0]
    assert levels(result)[rule] == "mandatory"


def test_a_whole_stack_breaks_no_rule_about_stacks(tmp_path: Path) -> None:
    result = preview(tmp_path / "project", objects(list(STACK.values())), SETTINGS)
    assert not set(levels(result)) & set(STACK_SAMPLES), result.text
    assert not set(levels(result)) & {"exemptions-readable", "exemptions-in-use", "stack-exemptions-in-use"}


MARKS = f"""
import pulumi
import pulumi_random as random
from components.kubernetes_object import KubernetesObject

hidden = pulumi.Output.secret("{CANARY}")


def declare(name, kind, **fields):
    metadata = {{"name": name, "namespace": "team"}}
    KubernetesObject(name, api_version="v1", kind=kind, metadata=metadata, opts=None, **fields)


declare("secret", "Secret", stringData={{"a": hidden, "b": random.RandomPassword("p", length=40).result, "c": "plain"}})
declare("shown", "ConfigMap", data={{"a": hidden, "b": "plain"}})
declare("open", "ConfigMap", data={{"a": "plain"}})
"""


def test_the_engine_s_mark_of_a_secret_reaches_the_rule(program: Callable[[str], Workspace]) -> None:
    result = run(program(MARKS), "preview", "--policy-pack", str(POLICY_PACK))
    told = {name: texts for (rule, name), texts in answers(result).items() if rule == "secrets-stay-secret"}
    assert set(told) == {"shown"}, result.text
    (text,) = told["shown"]
    assert "ConfigMap team/shown: data.a: is secret in the program" in text
    assert CANARY not in result.text


def test_no_message_shows_a_secret(tmp_path: Path) -> None:
    """Every bad sample whose secret is its own text, in one preview."""
    bad: list[Sample] = [sample for sample in SECRETS["secrets-stay-secret"] if sample.says and sample.world is WORLD]
    chosen = [(f"s{index}", sample.resource_type, sample.inputs) for index, sample in enumerate(bad)]
    result = preview(tmp_path / "project", chosen, SETTINGS)
    policies = result.text[result.text.index("Policies:") :]
    assert policies.count("secrets-stay-secret") >= len(bad)
    secrets = (ACCESS_KEY, RANDOM_KEY, PEM.splitlines()[1], WEB_TOKEN, DOCKER, "sample-value")
    for secret in secrets:
        assert secret not in policies
        assert base64.b64encode(secret.encode()).decode() not in policies


def named(name: str, labels: dict[str, str] | None) -> tuple[str, str, Any]:
    metadata: dict[str, Any] = {"name": name, "namespace": "team"} | ({} if labels is None else {"labels": labels})
    return name, ACCOUNT, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}


OWNED = {key: value for key, value in LABELS.items() if key.startswith("kitchen") and "environment" not in key}
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "pod", "namespace": "team", "labels": LABELS},
    "spec": {"containers": [{"name": "app", "image": "app"}]},
}


def configured(folder: Path, config: dict[str, Any], *entries: tuple[str, str, Any]) -> Run:
    file = folder / "config.json"
    file.write_text(json.dumps(config))
    settings = SETTINGS | {"kitchen:environment": "prod"}
    return preview(folder / "project", list(entries), settings, "--policy-pack-config", str(file))


def test_remediations_are_off(tmp_path: Path) -> None:
    result = configured(tmp_path, {}, named("bare", OWNED))
    assert levels(result) == {"ownership-labels": "mandatory"}, result.text


def test_labels_are_added_where_the_configuration_says_so(tmp_path: Path) -> None:
    entries = (named("bare", OWNED), named("other", {**LABELS, "kitchen.example.com/environment": "dev"}))
    result = configured(tmp_path, {"kitchen-labels-added": "remediate"}, *entries)
    told = answers(result)
    assert not told["ownership-labels", "bare"], result.text
    (text,) = told["ownership-labels", "other"]
    assert "is 'dev', this is prod" in text
    assert "kitchen-labels-added" in result.text


def test_a_seccomp_profile_is_added_where_the_configuration_says_so(tmp_path: Path) -> None:
    entry = ("pod", "kubernetes:core/v1:Pod", POD)
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    after.mkdir()
    without = configured(before, {}, entry)
    having = configured(after, {"seccomp-profile-added": "remediate"}, entry)
    assert any(
        "seccompProfile" in text.partition("; rule:")[0] for texts in answers(without).values() for text in texts
    )
    assert not any(
        "seccompProfile" in text.partition("; rule:")[0] for texts in answers(having).values() for text in texts
    )


EXEMPTION = {"rule": "gpu-pools-suffice", "object": "pool l40s", "reason": "a test", "approver": "nobody"}


def test_an_exemption_of_a_rule_about_stacks_holds_and_is_printed(tmp_path: Path) -> None:
    sample = next(sample for sample in STACK_SAMPLES["gpu-pools-suffice"] if sample.name == "one too many")
    config = SETTINGS | {"kitchen:exemptions": [{**EXEMPTION, "expires": "2999-12-31"}]}
    result = preview(tmp_path / "project", objects(sample.objects()), config)
    assert "gpu-pools-suffice" not in levels(result), result.text
    assert levels(result)["stack-exemptions-in-use"] == "advisory"
    assert "pool l40s until 2999-12-31: a test (approved by nobody)" in result.text


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"expires": "2026-02-30"}, "kitchen:exemptions[0].expires: '2026-02-30' is no date"),
        ({"expires": "2999-12-31", "rule": "no-such-rule"}, "no rule is called no-such-rule"),
        ({"expires": "2999-12-31", "object": "*"}, "'*' would cover everything"),
    ],
)
def test_a_mistake_in_an_exemption_fails_the_preview_with_one_message(
    change: dict[str, str], told: str, tmp_path: Path
) -> None:
    result = preview(tmp_path / "project", [], SETTINGS | {"kitchen:exemptions": [{**EXEMPTION, **change}]})
    assert result.status != 0
    assert result.text.count(told) == 1, result.text
    assert "Traceback" not in result.text


def _service(**model: Any) -> dict[str, Any]:
    entry = changed(STACK["service"], {f"spec predictor model {key}": value for key, value in model.items()})
    return {**entry, "metadata": {**entry["metadata"], "labels": LABELS}}


def _many() -> list[str]:
    return ["--enable-lora", "--lora-modules", *(f"helpdesk-faq={index}" for index in range(5))]


_BASE = "pvc://base-tsuzumi-7b-instruct-v1/base/tsuzumi-7b-instruct/v1"
_CLAIM = {
    **{"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "a", "namespace": "team"}},
    "spec": {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}}},
}
OTHERS: dict[str, tuple[dict[str, Any], str]] = {
    "storage-protected": (_CLAIM, "storageClassName: is missing"),
    "lora-limits": (_service(storageUri=_BASE, args=["--enable-lora", "--max-loras=99"]), "--max-loras is '99'"),
    "adapters-few": (_service(storageUri=_BASE, args=_many()), "starts with 5 adapters"),
    "adapters-approved": (
        _service(storageUri=_BASE, args=["--enable-lora", "--lora-modules", "code-review=/a"]),
        "adapter 'code-review' is made for llama-3-8b-instruct/v1, the server has tsuzumi-7b-instruct/v1",
    ),
    "hybrid-storage": (_service(storageUri="hf://org/model"), "is 'hf://org/model'"),
    "phases-not-mixed": (_service(storageUri=_BASE, args=["--enable-lora"]), "which are of phase 3 (multi-LoRA)"),
}
"""Rules that read the catalog, the phase or the storage of the settings: the real ones, in the engine."""


PHASES = {rule: 2 if rule == "phases-not-mixed" else 3 for rule in OTHERS}


@pytest.fixture(scope="module")
def denied(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Run]:
    """A preview of all the objects that rules deny in a phase; each is a resource with its rule's name."""

    @cache
    def made(phase: int) -> Run:
        config = SETTINGS | {"kitchen:phase": phase, "kitchen:storage": {"className": "shared-rwx"}}
        chosen = [rule for rule in OTHERS if PHASES[rule] == phase]
        entries = zip(chosen, objects([OTHERS[rule][0] for rule in chosen]), strict=True)
        resources = [(rule, token, inputs) for rule, (_, token, inputs) in entries]
        return preview(tmp_path_factory.mktemp("denied") / "project", resources, config)

    return made


@pytest.mark.parametrize("rule", OTHERS)
def test_a_rule_that_reads_settings_denies_in_a_preview(rule: str, denied: Callable[[int], Run]) -> None:
    result = denied(PHASES[rule])
    assert any(OTHERS[rule][1] in found for found in answers(result)[rule, rule]), result.text
    assert levels(result)[rule] == ("advisory" if rule == "adapters-few" else "mandatory")


GADGET = {"apiVersion": "example.com/v1", "kind": "Gadget", "metadata": {"name": "a", "namespace": "team"}}
STATED = {"group": "example.com", "kind": "Gadget", "reason": "a test"}


@pytest.mark.parametrize(
    ("config", "level"),
    [
        ({}, "mandatory"),
        ({"kitchen:environment": "dev"}, "advisory"),
        ({"kitchen:policy": {"kinds": [STATED]}}, None),
        ({"kitchen:policy": {"kinds": [{**STATED, "kind": "Widget"}]}}, "mandatory"),
    ],
    ids=["nothing said", "dev", "stated", "another one stated"],
)
def test_a_kind_is_known_where_the_settings_state_it(config: dict[str, Any], level: str | None, tmp_path: Path) -> None:
    result = preview(tmp_path / "project", objects([GADGET]), SETTINGS | config)
    assert levels(result).get("kinds-known") == level, result.text


BUCKETS = """
from components.object_store import Bucket, BucketArgs

said = {"endpoint": "https://minio.kitchen.example", "region": "us-east-1"}
Bucket("safe", BucketArgs(bucket="prod-lora", object_lock_days=30, protect=True, **said))
Bucket("unsafe", BucketArgs(bucket="prod-models", versioning=False, protect=True, **said))
Bucket("unprotected", BucketArgs(bucket="prod-evaluations", **said))
"""


def test_buckets_are_judged_by_what_the_component_says(program: Callable[[str], Workspace]) -> None:
    result = run(program(BUCKETS), "preview", "--policy-pack", str(POLICY_PACK))
    told = answers(result)
    assert {key for key in told if told[key]} == {("buckets-safe", "unsafe"), ("storage-protected", "unprotected")}
    versions, lock = told["buckets-safe", "unsafe"]
    assert "S3Bucket unsafe: versioning: is False" in versions
    assert "S3Bucket unsafe: objectLockDays: is 0" in lock
