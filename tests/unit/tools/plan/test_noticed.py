"""Who is asked for what a caller would notice, and for what stands beside the settings."""

from __future__ import annotations

import shutil
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from infra.keys import camel
from infra.runtime_settings import Runtime
from infra.settings import Autoscaling
from tests.unit.tools.plan.sides import Edit, asked, kitchen, parts, runtime, side
from tools.local.workspace import REPOSITORY
from tools.plan import approvals, noticed
from tools.plan.compare import digest
from tools.plan.facts import Facts, facts, flat, of_catalog, of_environment, unseen


@pytest.mark.parametrize(
    ("edit", "stack", "whom"),
    [
        (runtime("support", maxModelLen=4096), "dev", {"support-team"}),
        (runtime("support", maxModelLen=16384), "dev", set()),
        (runtime("support", quantization="fp8"), "dev", {"support-team"}),
        (runtime("support", kvCacheDtype="fp8"), "dev", {"support-team"}),
        (runtime("support", toolCallParser="hermes"), "dev", {"support-team"}),
        (runtime("support", extraArgs=["--async-scheduling"]), "dev", {"support-team"}),
        (runtime("support", drainSeconds=5), "dev", {"support-team"}),
        (runtime("support", gpuMemoryUtilization=0.8, maxLoraRank=32), "dev", set()),
        (kitchen("support", {"loraMode": "hot"}), "dev", {"support-team"}),
        (kitchen("search", {"task": "rerank"}), "dev", {"support-team"}),
        (kitchen("contracts", {"inputs": {"maxTokens": 512}}), "prod", {"legal-office"}),
        (
            kitchen("contracts", {"inputs": {"imageHosts": ["img.example.com"]}}),
            "prod",
            {"legal-office", "security-office"},
        ),
    ],
)
def test_the_owner_is_asked_for_what_callers_notice(edit: Edit, stack: str, whom: set[str]) -> None:
    assert set(asked(edit, stack)) == whom


def test_each_setting_of_a_kitchen_is_noticed_or_in_the_table() -> None:
    """A name that the settings do not have any more would let nothing through, and say that somebody has thought."""
    other = replace(side().settings.kitchens["support"], autoscaling=_scaled(1))
    every = {*flat(other), *(f"runtime.{camel(one.name)}" for one in fields(Runtime))}
    assert {name for name in noticed._UNNOTICED | noticed._TOLD if name not in every} == set()
    assert "runtime.quantization" not in noticed._UNNOTICED


def _beside(text: str, folder: Path) -> Facts:
    said = (REPOSITORY / "Pulumi.dev.yaml").read_text().replace("config:\n", f"config:\n{text}", 1)
    (folder / "Pulumi.dev.yaml").write_text(said)
    (folder / "infra").mkdir(exist_ok=True)
    if not (folder / "infra" / "catalog").exists():
        (folder / "infra" / "catalog").symlink_to(REPOSITORY / "infra" / "catalog")
    return facts(folder, "dev")


@pytest.mark.parametrize(
    ("text", "line", "whom"),
    [
        ("  kubernetes:context: other\n", "other configuration: kubernetes:context: new", "ai-platform"),
        (
            "  pulumi:disable-default-providers: ['*']\n",
            "other configuration: pulumi:disable-default-providers: new",
            "ai-platform",
        ),
        ("prices.x: 1\nconfig:\n", "other configuration: prices.x: new", "ai-platform"),
        ("environment: [a/b]\nconfig:\n", "other configuration: environment: new", "ai-platform"),
        ("secretsprovider: awskms://alias/a\nconfig:\n", "secretsprovider: new", "security-office"),
        ("encryptionsalt: v1:AAAA\nconfig:\n", "encryptionsalt: new", "security-office"),
        ("encryptedkey: AAAA\nconfig:\n", "encryptedkey: new", "security-office"),
    ],
)
def test_what_stands_beside_the_settings_is_told_and_approved(text: str, line: str, whom: str, tmp_path: Path) -> None:
    """It says who can decrypt, or with what the engine works: no object and no setting says so."""
    before = _beside("", tmp_path)
    after = _beside(text.replace("config:\n", ""), tmp_path) if text.startswith(" ") else _top(text, tmp_path)
    assert of_environment(before, after) == [line]
    assert of_environment(after, before) == [line.replace("new", "gone")]
    assert of_environment(after, after) == []
    told = {**parts(before, after), "settings": of_environment(before, after)}
    assert approvals.asked(before, after, (), told).approvals == [whom]
    sums = [unseen(*sides) for sides in ((before, after), (after, before), (before, before), (None, after))]
    assert digest((), sums[0]) != digest((), sums[1]) != digest((), sums[2]) == digest((), {})
    assert sums[0].items() <= sums[3].items()


def _top(text: str, folder: Path) -> Facts:
    _beside("", folder)
    file = folder / "Pulumi.dev.yaml"
    file.write_text(file.read_text().replace("config:\n", text, 1))
    return facts(folder, "dev")


def _scaled(least: int, most: int = 4) -> Autoscaling:
    return Autoscaling(max_replicas=most, metric="waiting", target=4, min_replicas=least, scale_to_zero=least == 0)


ONE, NONE = "contracts: one replica: away at each restart", "contracts: no replica while nobody calls"
REPLACED = "contracts: the old pod ends first: away at each change"


@pytest.mark.parametrize(
    ("had", "has", "why"),
    [
        ({"replicas": 2}, {"replicas": 1}, ONE),
        ({"replicas": 3}, {"replicas": 1}, ONE),
        ({"replicas": 2}, {"autoscaling": _scaled(1)}, ONE),
        ({"autoscaling": _scaled(2)}, {"autoscaling": _scaled(1)}, ONE),
        ({"autoscaling": _scaled(2)}, {"replicas": 1}, ONE),
        ({"replicas": 2}, {"autoscaling": _scaled(0)}, NONE),
        ({"replicas": 1}, {"autoscaling": _scaled(0)}, NONE),
        ({"autoscaling": _scaled(1)}, {"autoscaling": _scaled(0)}, NONE),
        ({"rollout": "surge"}, {"rollout": "replace"}, REPLACED),
        ({"replicas": 2, "rollout": "surge"}, {"rollout": "replace"}, ONE),
        ({"replicas": 3}, {"replicas": 2}, ""),
        ({"replicas": 1}, {"replicas": 2}, ""),
        ({"replicas": 1}, {"autoscaling": _scaled(1)}, ""),
        ({"autoscaling": _scaled(0)}, {"replicas": 1}, ""),
        ({"autoscaling": _scaled(0)}, {"autoscaling": _scaled(0, 2)}, ""),
        ({"replicas": 2, "rollout": "surge"}, {"replicas": 2, "rollout": "replace"}, ""),
        ({"rollout": "replace"}, {"rollout": "surge"}, ""),
    ],
)
def test_whoever_loses_redundancy_is_asked(had: dict[str, Any], has: dict[str, Any], why: str) -> None:
    def with_contracts(said: dict[str, Any]) -> Facts:
        found = side(stack="prod")
        one = replace(found.settings.kitchens["contracts"], **{"replicas": 1, "autoscaling": None, **said})
        return replace(found, settings=replace(found.settings, kitchens={**found.settings.kitchens, "contracts": one}))

    before, after = with_contracts(had), with_contracts(has)
    whom = approvals.asked(before, after, (), parts(before, after))
    assert whom.approvals == (["legal-office"] if why else [])
    assert why in "".join(whom.reasons)


def test_a_tenants_own_caller_that_gains_a_model_asks_its_owner() -> None:
    """The base model alone is another thing than an adapter of it."""
    access = {"access": [{"groups": ["helpdesk-callers"], "models": ["base", "helpdesk-faq", "helpdesk-classifier"]}]}
    found = asked(kitchen("support", access), "prod")
    assert found == {"support-team": "helpdesk-callers may call support"}


@pytest.mark.parametrize(
    ("file", "old", "new", "line", "whom"),
    [
        ("adapters.yaml", "models.example.com/helpdesk-faq", "evil.example.com/helpdesk-faq",
         "catalog.adapters: helpdesk-faq/v2026-02-01 is another entry", "ai-platform"),
        ("base-models.yaml", "origin: https://models.example.com/tsuzumi", "origin: https://evil.example.com/tsuzumi",
         "catalog.baseModels: tsuzumi-7b-instruct/v1 is another entry", "ai-platform"),
        ("images.yaml", "upstream: docker.io/vllm", "upstream: evil.example.com/vllm",
         "catalog.images: vllm is another entry", "ai-platform"),
        ("licences.yaml", "- MIT", "- MIT\n- GPL-3.0-only", "catalog.licences: GPL-3.0-only comes", "security-office"),
        ("adapters.yaml", "# LoRA adapters that", "# LoRA adapters which", None, None),
    ],
)  # fmt: skip
def test_all_of_a_catalog_entry_is_compared(  # noqa: PLR0917 - a row of a table
    file: str, old: str, new: str, line: str | None, whom: str | None, tmp_path: Path
) -> None:
    """Where an artifact comes from is read by no program of a stack, and by those that bring it in."""
    shutil.copy(REPOSITORY / "Pulumi.dev.yaml", tmp_path)
    shutil.copytree(REPOSITORY / "infra" / "catalog", tmp_path / "infra" / "catalog")
    before = facts(tmp_path, "dev")
    path = tmp_path / "infra" / "catalog" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    after = facts(tmp_path, "dev")
    lines = of_catalog(before, after)
    assert lines == ([line] if line else [])
    told = {**parts(before, after), "settings": lines}
    assert approvals.asked(before, after, (), told).approvals == ([whom] if whom else [])
    assert (unseen(before, after) != {}) == (line is not None)
