"""The commands on the catalog, on a copy of it: what they change, what they leave, what they refuse."""

from __future__ import annotations

import difflib
import json
import os
import shutil
from pathlib import Path

import pytest
import yaml

from infra.catalog import load_catalog
from infra.faults import FaultsError
from infra.load import settings_from_file
from ops.__main__ import main
from ops.catalog.edit import Edit, change_entry, write
from ops.catalog.kinds import KINDS
from tests.support.artifacts import ADAPTER, CONFIG, MODEL, catalog_folder, change_config, write_adapter
from tools.local.workspace import REPOSITORY

TRIAGE = "log-triage/v2026-06-10"
EVALUATED = ("--evaluation", "evaluations/log-triage/2026-06-12", "--approver", "model-board", "--date", "2026-06-12")


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    return catalog_folder(tmp_path / "catalog")


@pytest.fixture
def stacks(tmp_path: Path) -> Path:
    folder = tmp_path / "stacks"
    folder.mkdir()
    for name in ("Pulumi.dev.yaml", "Pulumi.prod.yaml"):
        shutil.copy(REPOSITORY / name, folder / name)
    return folder


def diff(before: str, after: str) -> list[str]:
    lines = list(difflib.unified_diff(before.splitlines(True), after.splitlines(True), n=0))
    return [line.rstrip("\n") for line in lines[2:] if not line.startswith("@@")]


def kitchen(catalog: Path, *words: str) -> int:
    return main([*words, "--catalog", str(catalog)])


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_promotion_is_a_diff_of_six_lines(catalog: Path) -> None:
    path = catalog / "adapters.yaml"
    before = path.read_text()
    assert kitchen(catalog, "adapter", "promote", TRIAGE, *EVALUATED) == 0
    assert diff(before, path.read_text()) == [
        "-    state: candidate",
        "+    state: approved",
        "+    approvals:",
        "+    - by: model-board",
        "+      'on': '2026-06-12'",
        "+      evaluation: evaluations/log-triage/2026-06-12",
    ]
    entry = load_catalog(catalog).adapters[TRIAGE]
    assert (entry.state, entry.approvals[-1].by) == ("approved", "model-board")


def test_comments_stay_where_they_are(catalog: Path) -> None:
    """A remark above an entry belongs to it, and the end of the entry before is above the remark."""
    path = catalog / "adapters.yaml"
    text = path.read_text().replace("    state: candidate\n", "    state: candidate   # until June\n")
    later = "  # made by the sales team\n  sales-summary/v2026-03-15:  # short answers\n"
    text = text.replace("  sales-summary/v2026-03-15:\n", f"\n{later}")
    path.write_text(text)
    assert kitchen(catalog, "adapter", "promote", TRIAGE, *EVALUATED) == 0
    assert "    state: approved   # until June\n" in path.read_text()
    retire = ("adapter", "retire", "helpdesk-classifier/v2026-02-01", "--reason", "worse", "--date", "2026-06-12")
    (catalog / "Pulumi.new.yaml").write_text("config: {}\n")
    assert kitchen(catalog, *retire, "--stacks", str(catalog)) == 0
    block = "    retirement:\n      'on': '2026-06-12'\n      reason: worse\n\n" + later
    assert block in path.read_text()


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_entry_can_be_edited_alone(catalog: Path, kind: object) -> None:
    assert kind in KINDS.values()
    chosen = next(known for known in KINDS.values() if known is kind)
    for ref in chosen.entries(load_catalog(catalog)):
        value = {"on": "2026-06-12", "reason": "a test: with a colon, 'quotes' and ü"}
        edit = change_entry(Edit(folder=catalog), chosen, ref, state="retired", key="retirement", value=value)
        assert len(diff(edit.before[chosen.file], edit.after[chosen.file])) == 5
        assert chosen.entries(edit.catalog)[ref].state == "retired"


@pytest.mark.parametrize(("ending", "last"), [("\r\n", True), ("\n", False)])
def test_line_ends_stay(catalog: Path, ending: str, last: bool) -> None:
    path = catalog / "adapters.yaml"
    lines = path.read_text().splitlines()
    path.write_bytes((ending.join(lines) + (ending if last else "")).encode())
    assert kitchen(catalog, "adapter", "promote", TRIAGE, *EVALUATED) == 0
    after = path.read_bytes().decode()
    assert after.count("\r\n") == (len(after.splitlines()) if ending == "\r\n" else 0)
    assert after.endswith(ending)


REFUSED = [
    ((TRIAGE, "--approver", "model-board"), "--evaluation: missing"),
    ((TRIAGE, "--evaluation", "evaluations/x"), "--approver: missing"),
    ((TRIAGE, "--evaluation", " ", "--approver", "model-board"), '--evaluation: " "'),
    ((TRIAGE, *EVALUATED[:-1], "2999-01-01"), "must be today at the latest: this machine's clock says"),
    ((TRIAGE, *EVALUATED[:-1], "12.6.2026"), "must be a day of the calendar, as YYYY-MM-DD"),
    (("code-review/v2026-05-01", *EVALUATED), "is approved: a candidate is promoted, once"),
    (("unknown/v2026-05-01", *EVALUATED), "must be in adapters.yaml"),
]


@pytest.mark.parametrize(("words", "told"), REFUSED)
def test_a_promotion_is_refused(
    words: tuple[str, ...], told: str, catalog: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(catalog)
    assert kitchen(catalog, "adapter", "promote", *words) == 2
    said = capsys.readouterr().err
    assert told in said
    assert "nothing was changed" in said
    assert contents(catalog) == before


def test_who_brought_it_in_does_not_approve_it(catalog: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = catalog / "adapters.yaml"
    path.write_text(path.read_text().replace("owner: operations-team", "owner: Model-Board"))
    before = contents(catalog)
    assert kitchen(catalog, "adapter", "promote", TRIAGE, *EVALUATED) == 2
    assert "Model-Board brought it in and does not approve it" in capsys.readouterr().err
    assert contents(catalog) == before


@pytest.mark.parametrize(
    ("owner", "approver", "told"),
    [
        ("Jane Doe", "jane.doe@example.com", "Jane Doe brought it in and does not approve it"),
        ("Jane Doe", "Doe, Jane", "Jane Doe brought it in and does not approve it"),
        ("Alice", "AIice", "Alice brought it in and does not approve it"),
        ("support", "m\u043edel-board", "names of other scripts can look the same"),
        ("support", "model-board ", "names of other scripts can look the same"),
        ("support", "mode1-board", "looks like 'model-board', which stands in the catalog too"),
        ("support", "modél-board", "looks like 'model-board', which stands in the catalog too"),
    ],
)
def test_who_cannot_be_told_apart_does_not_approve(
    owner: str, approver: str, told: str, catalog: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = catalog / "adapters.yaml"
    path.write_text(path.read_text().replace("owner: operations-team", f"owner: {owner}"))
    before = contents(catalog)
    words = ("--evaluation", "evaluations/x", "--approver", approver, "--date", "2026-06-12")
    assert kitchen(catalog, "adapter", "promote", TRIAGE, *words) == 2
    assert told in capsys.readouterr().err
    assert contents(catalog) == before


def test_what_nobody_brought_in_is_not_approved(catalog: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without an owner nobody knows who may not approve it."""
    path = catalog / "adapters.yaml"
    path.write_text(path.read_text().replace("    owner: operations-team\n", ""))
    before = contents(catalog)
    assert kitchen(catalog, "adapter", "promote", TRIAGE, *EVALUATED) == 2
    assert f"owner: missing; rule: must say who brought {TRIAGE} in" in capsys.readouterr().err
    assert contents(catalog) == before


def test_an_adapter_follows_its_base_model(catalog: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = catalog / "base-models.yaml"
    head, tail = path.read_text().split("  llama-3-8b-instruct/v1:\n    state: approved\n")
    path.write_text(f"{head}  llama-3-8b-instruct/v1:\n    state: candidate\n{tail}")
    assert kitchen(catalog, "adapter", "promote", TRIAGE, *EVALUATED) == 2
    assert "its base model llama-3-8b-instruct/v1 is candidate" in capsys.readouterr().err


def test_what_is_served_is_not_retired(catalog: Path, stacks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(catalog)
    words = ("adapter", "retire", "helpdesk-faq/v2026-02-01", "--reason", "old", "--stacks", str(stacks))
    assert kitchen(catalog, *words) == 2
    assert "is still in use: dev: kitchen support, prod: kitchen support" in capsys.readouterr().err
    assert contents(catalog) == before
    for path in stacks.iterdir():
        path.write_text(path.read_text().replace("[helpdesk-faq/v2026-02-01, ", "["))
    assert kitchen(catalog, *words) == 0
    assert load_catalog(catalog).adapters["helpdesk-faq/v2026-02-01"].state == "retired"
    assert kitchen(catalog, *words) == 2
    assert "is retired already" in capsys.readouterr().err
    assert kitchen(catalog, "adapter", "promote", "helpdesk-faq/v2026-02-01", *EVALUATED) == 2
    assert "is retired: a candidate is promoted, once" in capsys.readouterr().err


def test_a_folder_without_environments_lets_nothing_retire(
    catalog: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(catalog)
    for folder in (tmp_path / "nowhere", catalog):
        words = ("adapter", "retire", "helpdesk-faq/v2026-02-01", "--reason", "old", "--stacks", str(folder))
        assert kitchen(catalog, *words) == 2
        assert "--stacks: " in capsys.readouterr().err
    assert contents(catalog) == before


def test_what_a_canary_or_a_tenant_names_is_in_use(
    catalog: Path, stacks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dev = stacks / "Pulumi.dev.yaml"
    data = yaml.safe_load(dev.read_text())
    data["config"]["kitchen:kitchens"]["summary"]["canary"] = {"weight": 10, "adapters": [TRIAGE]}
    data["config"]["kitchen:tenants"]["sales"]["baseModels"] = [MODEL]
    dev.write_text(yaml.safe_dump(data))
    assert kitchen(catalog, "adapter", "retire", TRIAGE, "--reason", "old", "--stacks", str(stacks)) == 2
    assert "dev: canary of kitchen summary" in capsys.readouterr().err
    assert kitchen(catalog, "model", "retire", MODEL, "--reason", "old", "--stacks", str(stacks)) == 2
    assert "dev: tenant sales" in capsys.readouterr().err
    assert kitchen(catalog, "image", "retire", "vllm", "--reason", "old", "--stacks", str(stacks)) == 2
    assert "prod: kitchen developer" in capsys.readouterr().err


def test_a_version_that_is_tried_beside_another_one_is_in_use(
    catalog: Path, stacks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dev, name = stacks / "Pulumi.dev.yaml", TRIAGE.split("/", maxsplit=1)[0]
    data = yaml.safe_load(dev.read_text())
    tried = {"name": name, "version": "v2026-01-01", "canary": {"version": TRIAGE.split("/")[1], "weight": 10}}
    data["config"]["kitchen:kitchens"]["summary"]["adapters"] = [tried]
    dev.write_text(yaml.safe_dump(data))
    assert kitchen(catalog, "adapter", "retire", TRIAGE, "--reason", "old", "--stacks", str(stacks)) == 2
    assert "is still in use: dev: kitchen summary" in capsys.readouterr().err


def test_a_file_that_is_laid_out_otherwise_is_left_alone(catalog: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = catalog / "adapters.yaml"
    path.write_text(json.dumps(yaml.safe_load(path.read_text())))
    before = contents(catalog)
    assert kitchen(catalog, "adapter", "promote", TRIAGE, *EVALUATED) == 2
    assert "edit it by hand" in capsys.readouterr().err
    assert contents(catalog) == before


def test_a_file_that_changes_meanwhile_is_not_overwritten(catalog: Path) -> None:
    value = {"on": "2026-06-12", "reason": "old"}
    edit = change_entry(Edit(folder=catalog), KINDS["adapter"], TRIAGE, state="retired", key="retirement", value=value)
    with (catalog / "adapters.yaml").open("a") as file:
        file.write("# somebody else\n")
    before = contents(catalog)
    with pytest.raises(FaultsError, match="has changed meanwhile"):
        write(edit)
    assert contents(catalog) == before


def test_a_write_that_fails_leaves_nothing_behind(catalog: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    value = {"on": "2026-06-12", "reason": "old"}
    edit = change_entry(Edit(folder=catalog), KINDS["adapter"], TRIAGE, state="retired", key="retirement", value=value)
    before = contents(catalog)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FaultsError, match="No space left on device"):
        write(edit)
    assert contents(catalog) == before


def test_images(catalog: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = catalog / "images.yaml"
    before = path.read_text()
    digest = "sha256:" + "0123456789abcdef" * 4
    add = ("--repository", "vllm/vllm-openai", "--upstream", "docker.io/vllm/vllm-openai", "--version", "0.28.0")
    assert kitchen(catalog, "image", "add", "vllm-next", *add, "--digest", "0.28.0", "--owner", "platform") == 2
    assert "images.vllm-next.digest" in capsys.readouterr().err
    assert kitchen(catalog, "image", "add", "vllm-next", *add, "--digest", digest, "--owner", "platform") == 0
    assert len(diff(before, path.read_text())) == 8
    assert kitchen(catalog, "image", "add", "vllm-next", *add, "--digest", digest, "--owner", "platform") == 2
    assert "is in images.yaml already" in capsys.readouterr().err
    assert kitchen(catalog, "image", "promote", "vllm-next", *EVALUATED) == 0
    assert load_catalog(catalog).images["vllm-next"].state == "approved"


def test_the_list(catalog: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert kitchen(catalog, "adapter", "list", "--state", "candidate") == 0
    table = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in table] == ["name", "log-triage"]
    assert kitchen(catalog, "adapter", "list", "--json") == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    faq = rows["helpdesk-faq"]
    assert (faq["state"], faq["rank"], faq["approver"]) == ("approved", 8, "model-board")
    assert faq["used by"] == ["dev: kitchen support", "prod: kitchen support"]


def newer_base_model(catalog: Path) -> None:
    path = catalog / "base-models.yaml"
    data = yaml.safe_load(path.read_text())["baseModels"]["llama-3-8b-instruct/v1"]
    text = yaml.safe_dump(
        {"llama-3-8b-instruct/v2": data | {"state": "candidate", "approvals": [], "owner": "platform-team"}}
    )
    with path.open("a") as file:
        file.write("".join(f"  {line}\n" for line in text.splitlines()))


def test_a_new_base_model_shows_what_must_be_evaluated_again(catalog: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert kitchen(catalog, "adapter", "list", "--check") == 0
    assert capsys.readouterr().out == "(none)\n"
    newer_base_model(catalog)
    assert kitchen(catalog, "adapter", "list", "--check", "--json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["name"]: row["validate again"] for row in rows} == {
        "code-review": "on llama-3-8b-instruct/v2",
        "sql-assistant": "on llama-3-8b-instruct/v2",
    }
    assert kitchen(catalog, "model", "list", "--check", "--json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["name"], row["version"]) for row in rows] == [("llama-3-8b-instruct", "v1")]


def test_a_kitchen_with_an_adapter_of_another_version_is_refused(catalog: Path, stacks: Path) -> None:
    newer_base_model(catalog)
    assert kitchen(catalog, "model", "promote", "llama-3-8b-instruct/v2", *EVALUATED) == 0
    prod = stacks / "Pulumi.prod.yaml"
    prod.write_text(prod.read_text().replace("llama-3-8b-instruct/v1", "llama-3-8b-instruct/v2"))
    with pytest.raises(FaultsError) as caught:
        settings_from_file(prod, load_catalog(catalog))
    told = str(caught.value)
    assert "was evaluated on llama-3-8b-instruct/v1, the kitchen serves llama-3-8b-instruct/v2" in told
    assert "evaluate it on that one and publish it as a new version" in told


def test_lint(catalog: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    right, wrong = write_adapter(tmp_path / "right"), write_adapter(tmp_path / "wrong")
    change_config(wrong, r="8", use_dora=True)
    assert kitchen(catalog, "adapter", "lint", str(right)) == 0
    assert capsys.readouterr().out == f"{right}: fine\n"
    assert kitchen(catalog, "adapter", "lint", str(right), str(wrong), "--json") == 1
    told = {Path(entry["folder"]).name: entry for entry in json.loads(capsys.readouterr().out)}
    assert told["right"]["fine"]
    assert {f"{CONFIG}: r", f"{CONFIG}: use_dora"} <= {fault["path"] for fault in told["wrong"]["faults"]}
    assert kitchen(catalog, "adapter", "lint", str(tmp_path / "absent"), str(right), "--name", ADAPTER) == 2
    said = capsys.readouterr().err
    assert "must be a folder" in said
    assert "names one artifact" in said
    assert "leave it out for what has no entry yet" in said
