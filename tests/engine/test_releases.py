"""States that earlier commits recorded, previewed by today's program: no data goes, each resource keeps its provider.

A cluster is not asked here; tests/cluster/test_releases.py brings such a state up and updates it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.engine.support.releases import PASSPHRASE, RELEASES, Release
from tests.support.stacks import prepare
from tools.local.workspace import REPOSITORY
from tools.upgrade.check import rows
from tools.upgrade.settled import SideWorkspace, Steps, planned, workspace_of
from tools.upgrade.sides import Side

TODAY = Side(
    name="work tree", venv=Path(sys.prefix), tools={}, modules={}, packages={}, environment={}, crds=Path("/nowhere")
)
_PREVIEWS: dict[str, Steps] = {}


def workspace(release: Release, folder: Path) -> SideWorkspace:
    """A stack of today's program with the settings and the state of that time."""
    made = workspace_of(TODAY, "dev", folder, REPOSITORY)
    made.passphrase.write_text(PASSPHRASE)
    made.prepare({})
    today = {key.removeprefix("kitchen:") for key in yaml.safe_load(made.config_file.read_text())["config"]}
    prepare(made, release.changes(), without=today - set(release.changes()))
    made.imported(release.deployment())
    return made


@pytest.fixture(params=RELEASES, ids=lambda release: release.name)
def release(request: pytest.FixtureRequest) -> Release:
    found: Release = request.param
    return found


@pytest.fixture
def steps(release: Release, tmp_path: Path) -> Steps:
    """The preview over that state, made once a release."""
    if release.name not in _PREVIEWS:
        _PREVIEWS[release.name] = planned(workspace(release, tmp_path / "dev"))
    return _PREVIEWS[release.name]


def by_urn(release: Release) -> dict[str, dict[str, Any]]:
    return {entry["urn"]: entry for entry in release.deployment()["deployment"]["resources"]}


def test_nothing_that_holds_data_is_replaced_or_deleted(steps: Steps, release: Release) -> None:
    held = {row.name for row in rows([{**step, "op": "seen"} for step in steps]) if row.holds_data}
    assert len(held) >= 9, "namespaces, claims and buckets of dev"
    found = list(rows(steps))
    assert [row for row in found if row.loses_data] == []
    made_anew = {row.kind for row in found if row.operation not in ("create", "update")}
    assert made_anew <= {"ConfigMap", "Job"}, "they are named by the sum of what they hold"


def test_every_resource_keeps_its_provider(steps: Steps, release: Release) -> None:
    before = by_urn(release)
    dynamic = 0
    for step in steps:
        old, new = before.get(step["urn"]), step.get("newState")
        if old is None or new is None:
            continue
        assert new.get("provider") == old.get("provider"), step["urn"]
        if "__provider" in old.get("inputs", {}):
            dynamic += 1
            assert new["inputs"]["__provider"] == old["inputs"]["__provider"], step["urn"]
    assert dynamic >= 9, "buckets and users of dev"
