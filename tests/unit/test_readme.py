"""The README in both languages and the Japanese quick start: they say the same, and what they name exists."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from infra.catalog import FOLDER as CATALOG
from infra.catalog import load_catalog
from infra.faults import FaultsError
from infra.load import settings_from_file
from ops.__main__ import main
from tests.support.documents import fences
from tools.cluster.layout import Layout
from tools.local.workspace import FOLDER, REPOSITORY

ENGLISH, JAPANESE = (REPOSITORY / name for name in ("README.md", "README.ja.md"))
QUICK_START = REPOSITORY / "docs" / "quickstart.ja.md"
SECTIONS = {
    "Private AI Kitchen": "Private AI Kitchen (自給自足型 AI 基盤)",
    "Two commands": "二つのコマンド",
    "How it fits together": "全体の仕組み",
    "A tour in five minutes": "五分間ツアー",
    "On your cluster": "自分のクラスタで使う",
    "Layout": "構成",
    "State of the project": "プロジェクトの状態",
    "Documents": "ドキュメント",
}
GROUPS = ("adapter", "model", "image", "bundle", "policy")
"""Commands of `kitchen` whose second word is a command too."""

SETTINGS = "Pulumi.dev.yaml"


def prose(path: Path) -> str:
    """The text without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)


def headings(path: Path) -> list[tuple[str, str]]:
    return re.findall(r"^(#+) (.*)$", prose(path), re.MULTILINE)


def section(path: Path, title: str) -> str:
    (found,) = re.findall(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", path.read_text(), re.MULTILINE | re.DOTALL)
    return str(found)


def commands(path: Path) -> list[list[str]]:
    """The words of every command line in the `sh` blocks, without comments."""
    lines = [line for block in fences(path, "sh") for line in block.replace("\\\n", " ").splitlines()]
    return [words for line in lines if (words := shlex.split(line, comments=True))]


def tables(path: Path, title: str) -> list[list[list[str]]]:
    """The tables of a section, each a list of rows of cells, without the two lines of its head."""
    found = re.findall(r"(?:^\|.*\n)+", section(path, title), re.MULTILINE)
    return [[[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()[2:]] for text in found]


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def layout(path: Path, title: str) -> list[list[str]]:
    """What the first column of the Layout table names, row by row."""
    return [quoted(row[0]) for row in tables(path, title)[0]]


def kitchen_words(words: list[str]) -> list[str]:
    """The command of a `kitchen` line: one word, or two."""
    return words[1 : 3 if words[1] in GROUPS else 2]


def kitchen_lines(*paths: Path) -> list[list[str]]:
    return [words for path in paths for words in commands(path) if words[0] == ".venv/bin/kitchen"]


def outcomes(path: Path, folder: Path) -> Iterator[str]:
    """What the settings are told at each make target that reads them, with the edits before it; "" where all is right.

    An edit that changes nothing fails.
    """
    settings = folder / SETTINGS
    shutil.copy(REPOSITORY / SETTINGS, settings)
    edited = False
    for words in commands(path):
        if words[0] == "sed":
            before = settings.read_text()
            subprocess.run(words, cwd=folder, check=True)
            assert settings.read_text() != before, words
            edited = True
        elif words == ["git", "restore", SETTINGS]:
            shutil.copy(REPOSITORY / SETTINGS, settings)
        elif words in (["make", "settings"], ["make", "preview"], ["make", "up"]) and edited:
            try:
                settings_from_file(settings, load_catalog())
            except FaultsError as error:
                yield str(error)
            else:
                yield ""


def test_both_languages_have_the_same_sections_in_the_same_order() -> None:
    assert [(level, SECTIONS.get(title)) for level, title in headings(ENGLISH)] == headings(JAPANESE)


def test_both_languages_have_the_same_commands_in_the_same_order() -> None:
    assert commands(ENGLISH) == commands(JAPANESE)
    assert len(commands(ENGLISH)) > 20


def test_both_languages_show_the_same_settings_and_the_same_screen() -> None:
    assert fences(ENGLISH, "yaml") == fences(JAPANESE, "yaml")
    screen, picture = fences(ENGLISH, "text")
    assert screen == fences(JAPANESE, "text")[0]
    assert picture.count("\n") == fences(JAPANESE, "text")[1].count("\n")


def test_both_languages_have_the_same_rows_in_the_same_order() -> None:
    assert layout(ENGLISH, "Layout") == layout(JAPANESE, SECTIONS["Layout"])
    for english, japanese in zip(tables(ENGLISH, "Layout"), tables(JAPANESE, SECTIONS["Layout"]), strict=True):
        assert [quoted(row[0]) + quoted(row[1]) for row in english] == [
            quoted(row[0]) + quoted(row[1]) for row in japanese
        ]


def test_both_languages_lead_to_the_same_places() -> None:
    links = [sorted(re.findall(r"\]\(([^)]+)\)", prose(path))) for path in (ENGLISH, JAPANESE)]
    assert [link for link in links[0] if link != "README.ja.md"] == [link for link in links[1] if link != "README.md"]


def test_what_the_layout_names_is_there() -> None:
    rows = tables(ENGLISH, "Layout")[0]
    named = [name for row in rows for name in quoted(row[0])]
    files = [f"{quoted(row[0])[0]}{name}" for row in rows for name in quoted(row[1]) if name.endswith(".py")]
    assert [name for name in [*named, *files] if not (REPOSITORY / name).exists()] == []
    assert len(files) > 5


def test_the_layout_has_a_row_for_each_folder_of_components_and_policies() -> None:
    named = {name for names in layout(ENGLISH, "Layout") for name in names}
    folders = {
        f"{path.parent.relative_to(REPOSITORY)}/"
        for package in ("components", "policies")
        for path in (REPOSITORY / package).rglob("__init__.py")
    }
    assert folders - named == set()


def test_the_types_of_the_component_table_are_those_that_there_are() -> None:
    rows = tables(ENGLISH, "Layout")[1]
    named = {name for row in rows for name in quoted(row[1])}
    for row in rows:
        module = import_module(f"components.{quoted(row[0])[0]}")
        assert [name for name in quoted(row[1]) if not isinstance(getattr(module, name, None), type)] == [], row[0]
    sources = (path.read_text() for path in (REPOSITORY / "components").rglob("*.py"))
    declared = {name for text in sources for name in re.findall(r'TOKEN = "kitchen:[a-z_]+:([A-Za-z]+)"', text)}
    assert declared - named == set()
    assert "MultiLoraService" in declared


def test_the_settings_shown_are_those_of_dev() -> None:
    (shown,) = (yaml.safe_load(block) for block in fences(ENGLISH, "yaml"))
    real = yaml.safe_load((REPOSITORY / SETTINGS).read_text())["config"]
    assert shown["kitchen:kitchens"]["support"] == real["kitchen:kitchens"]["support"]


@pytest.mark.parametrize("path", [ENGLISH, JAPANESE, QUICK_START], ids=lambda path: path.name)
def test_what_asks_the_cluster_comes_after_the_kubeconfig(path: Path) -> None:
    place = Layout(FOLDER / "cluster").kubeconfig.relative_to(REPOSITORY)
    exported, asked = False, 0
    for words in commands(path):
        if words[0] == "export" and words[1].startswith("KUBECONFIG="):
            exported = words[1] in (f"KUBECONFIG=$PWD/{place}", "KUBECONFIG=...")
        elif words == ["unset", "KUBECONFIG"]:
            exported = False
        elif words[0] == "kubectl" or words[:2] == [".venv/bin/kitchen", "audit"]:
            asked += 1
            assert exported, words
    assert asked > 1


def test_make_targets_of_the_quick_start_exist() -> None:
    (phony,) = re.findall(r"^\.PHONY: (.*)$", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)
    used = {words[1] for words in commands(QUICK_START) if words[0] == "make"}
    assert used - set(phony.split()) == set()
    assert {"up", "preview", "down"} <= used


@pytest.mark.parametrize(
    "command", sorted({" ".join(kitchen_words(words)) for words in kitchen_lines(ENGLISH, QUICK_START)})
)
def test_commands_of_kitchen_exist_with_their_options(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*command.split(), "--help"])
    said = capsys.readouterr()
    assert ended.value.code == 0, said.err
    lines = [words for words in kitchen_lines(ENGLISH, QUICK_START) if kitchen_words(words) == command.split()]
    options = {word for words in lines for word in words if word.startswith("--")}
    assert options - set(re.findall(r"--[a-z-]+", said.out)) == set()


def test_the_tour_s_mistake_is_refused_and_its_changes_are_not(tmp_path: Path) -> None:
    mistake, *changes = outcomes(ENGLISH, tmp_path)
    assert "kitchens.summary.runtime.maxLoraRank: 4; rule: must be one of [" in mistake
    assert changes == ["", ""]


def test_the_quick_start_s_mistake_is_refused_in_the_words_that_it_shows(tmp_path: Path) -> None:
    *changes, mistake = outcomes(QUICK_START, tmp_path)
    assert changes == ["", "", "", ""]
    assert f"{mistake}\n" in fences(QUICK_START, "text")


def test_an_approval_by_the_owner_is_refused_in_the_words_that_are_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (words,) = (
        words for words in kitchen_lines(QUICK_START) if words[1:4] == ["adapter", "promote", "log-triage/v2026-06-10"]
    )
    shutil.copytree(CATALOG, tmp_path / "catalog")
    assert main([*words[1:], "--catalog", str(tmp_path / "catalog")]) == 2
    assert capsys.readouterr().err in fences(QUICK_START, "text")
