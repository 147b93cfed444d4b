"""What people see of the real engine: one screen, everything dangerous on it, the rest in a file, secrets nowhere."""

from __future__ import annotations

import base64
import json
import re
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra.load import read_stack_file
from tests.engine.support.recordings import DENIED
from tools.engine.words import WIDTH
from tools.local.offline import policy
from tools.local.previews import preview
from tools.local.workspace import REPOSITORY, Workspace

CANARY = base64.b64encode(b"reader:not-to-be-seen-51c2").decode()
CREDENTIALS = json.dumps({"auths": {"registry.kitchen.example": {"auth": CANARY}}})
AGAINST = "compared with nothing"


def log_of(folder: Path) -> str:
    """The one log below a folder; nobody else can read it."""
    (path,) = (folder / "logs").glob("*.log")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    return path.read_text()


def test_a_preview_of_prod_is_one_screen_and_its_log_has_every_object(
    stack: Callable[..., Workspace], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert preview(stack("prod"), tmp_path, AGAINST).status == 0
    lines = capfd.readouterr().out.splitlines()
    assert len(lines) < 24, "\n".join(lines)
    wide = [line for line in lines if len(line) > WIDTH and not line.startswith("warning: ")]
    assert all(line.strip().startswith(str(tmp_path)) for line in wide), "but for one long word"
    told = " ".join(line.strip() for line in lines)
    assert lines[1].endswith(" objects to make: 4 tenants, 4 kitchens, 5 buckets, 4 base models")
    assert "30 NetworkPolicy, 24 Role, 24 RoleBinding" in told
    assert "make preview STACK=prod VERBOSE=1" in told
    assert "policies: passed, 39 of them (kitchen " in told
    content = log_of(tmp_path)
    assert preview(stack("prod"), tmp_path / "again", AGAINST, machine=True).status == 0
    changes = json.loads(capfd.readouterr().out)["changes"]
    assert f"{len(changes)} objects to make" in lines[1]
    assert [change["urn"] for change in changes if change["urn"] not in content] == []


def test_verbose_shows_what_the_log_has(
    stack: Callable[..., Workspace],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("VERBOSE", "1")
    assert preview(stack("dev"), tmp_path, AGAINST).status == 0
    said = "".join(capfd.readouterr())
    assert "Previewing update (dev)" in said
    assert "+ kubernetes:core/v1:Namespace: (create)" in said, "with properties"
    assert "Previewing update (dev)" in log_of(tmp_path)


def test_a_change_is_told_by_kitchen_with_its_restart(
    stack: Callable[..., Workspace], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    kitchens = read_stack_file(REPOSITORY / "Pulumi.dev.yaml")["kitchens"]
    rendered = {"renderTo": str(tmp_path / "rendered")}
    workspace = stack("dev", rendered)
    assert workspace.run("up", "--yes", "--skip-preview", log=tmp_path / "log").status == 0
    kitchens["support"]["adapters"].append("legal-contract-review/v2026-04-01")
    workspace.prepare({**rendered, "kitchens": kitchens})
    assert preview(workspace, tmp_path, "compared with what is recorded").status == 0
    told = " ".join(line.strip() for line in capfd.readouterr().out.splitlines())
    assert "kitchen support: adapters + legal-contract-review/v2026-04-01; its pods restart, new pods" in told
    assert "replaces: ConfigMap helpdesk-dev/support-adapters-" in told
    assert "kitchen summary" not in told


def test_a_denied_preview_names_every_object_and_fails(
    program: Callable[[str], Workspace], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    outcome = preview(program(DENIED), tmp_path, AGAINST)
    assert outcome.status != 0
    said = capfd.readouterr()
    for name in ("first", "second"):
        assert f"Deployment team/{name}: spec.template.spec.containers[0].image: 'nginx:latest'" in said.out
    assert f"policies: DENIED: {len(set(outcome.violations))} violations" in said.out
    assert "Traceback" not in said.out + said.err


def test_an_error_of_the_program_is_told_in_full(
    stack: Callable[..., Workspace], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    kitchens: dict[str, Any] = read_stack_file(REPOSITORY / "Pulumi.dev.yaml")["kitchens"]
    kitchens["support"]["pool"] = "b200"
    assert preview(stack("dev", {"kitchens": kitchens}), tmp_path, AGAINST).status != 0
    said = capfd.readouterr().out
    assert said.count("error: ") == 1
    assert 'kitchens.support.pool: "b200"; rule: must be a GPU pool of this file: l40s' in said
    assert "policies: no verdict" in said


def test_policies_over_both_environments_are_a_table(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert policy(tmp_path) == 0
    lines = capfd.readouterr().out.splitlines()
    assert len(lines) < 12, "\n".join(lines)
    rows = {line.split()[0]: line.split()[1:] for line in lines[-2:]}
    assert set(rows) == {"dev", "prod"}
    for verdict, rules, objects, denied, advice, log in rows.values():
        assert (verdict, rules, denied, advice) == ("passed", "39", "0", "0")
        assert int(objects) > 50
        assert Path(log).is_file()


def test_no_secret_is_on_the_screen_or_in_the_log(
    stack: Callable[..., Workspace],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """A secret setting and a key of the store, with everything shown."""
    workspace = stack("dev", {"pullSecret": "registry-pull"})
    words = ["pulumi", "config", "set", "--secret", "--stack", "dev", "--config-file", str(workspace.config_file)]
    hidden = subprocess.run(
        [*words, "kitchen:registryCredentials"],
        cwd=REPOSITORY,
        env=workspace.environment(),
        input=CREDENTIALS,
        capture_output=True,
        text=True,
        check=False,
    )
    assert hidden.returncode == 0, hidden.stderr
    monkeypatch.setenv("KITCHEN_OBJECT_STORE_SECRET_KEY", "canary-key-of-the-store-93")
    monkeypatch.setenv("VERBOSE", "1")
    assert preview(workspace, tmp_path, AGAINST).status == 0
    said, content = "".join(capfd.readouterr()), log_of(tmp_path)
    for text in (said, content):
        assert re.search(r"\bdata +: \[secret\]", text), "the secret is really in use"
        assert "kubernetes.io/dockerconfigjson" in text
    for secret in (CANARY, base64.b64encode(CREDENTIALS.encode()).decode(), "canary-key-of-the-store-93"):
        assert secret not in said
        assert secret not in content
    assert list(tmp_path.rglob("events-*")) == [], "the engine's events are gone"
