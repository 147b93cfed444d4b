"""The lists that the program makes pass the rule on signatures, and each of them without its signers does not."""

from __future__ import annotations

import datetime
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from infra.catalog import FileSum, load_catalog
from infra.declared import declared
from infra.load import load_settings, read_stack_file
from policies.judging.world import World
from policies.rules.models_signed import RULE
from tests.policy.support.sample import violations
from tests.support.signing import new_key
from tests.support.signing_authority import SUBJECT, authority
from tools.local.workspace import REPOSITORY

SIGNED = FileSum(path="model.sig", sha256="a" * 64, size_bytes=2000)


def test_what_the_program_makes_is_what_the_rule_asks(tmp_path: Path) -> None:
    signers: list[dict[str, Any]] = [
        new_key(tmp_path / "key.pem").signer(),
        {"name": "vendor", "authority": authority(tmp_path / "root").pem, "subject": SUBJECT, "signs": ["baseModels"]},
        {**new_key(tmp_path / "team.pem", "P-384").signer("team"), "signs": ["adapters"], "expires": "2027-12-31"},
    ]
    data = {**read_stack_file(REPOSITORY / "Pulumi.dev.yaml"), "signers": signers}
    found = load_catalog()
    known = replace(
        found,
        base_models={ref: replace(one, files=(*one.files, SIGNED)) for ref, one in found.base_models.items()},
        adapters={ref: replace(one, files=(*one.files, SIGNED)) for ref, one in found.adapters.items()},
    )
    said = declared(load_settings(data, known), known)
    signed = {ref: {"state": "approved", "files": {"model.sig": {}}} for ref in known.base_models}
    world = World(settings=data, base_models=signed, today=datetime.date(2026, 1, 31))
    lists = [
        entry for one in said.kitchens for entry in one.objects() if "manifest.json" in entry.content.get("data", {})
    ]
    assert {len(json.loads(entry.content["data"]["manifest.json"])["signers"]) for entry in lists} == {2}
    assert len(lists) >= 5
    for entry in lists:
        inputs = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": entry.name, "namespace": entry.namespace},
            **entry.content,
        }
        assert violations(RULE, "kubernetes:core/v1:ConfigMap", inputs, world=world) == []
        content = json.loads(inputs["data"]["manifest.json"])
        for signers_of_list in (None, content["signers"][:1], content["signers"][::-1]):
            other = {**content, "signers": signers_of_list}
            wrong = {**inputs, "data": {"manifest.json": json.dumps(other)}}
            assert len(violations(RULE, "kubernetes:core/v1:ConfigMap", wrong, world=world)) == 1
