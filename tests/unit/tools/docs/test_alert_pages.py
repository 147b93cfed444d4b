"""docs/alerts.md: each alert of the table has a page, each page an alert, and what people are told to type exists."""

from __future__ import annotations

import argparse
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from components.observability.rules import all_alerts
from infra.catalog import load_catalog
from infra.load import settings_from_file
from infra.monitoring import rule_groups
from ops import __main__ as kitchen
from tests.monitoring.rules.worlds import WORLDS
from tests.unit.test_docs import anchors
from tools.docs import DOCS
from tools.docs.alert_pages import FOLDER, PLACES, SHARED, Check, alerts_page, everything, read_pages
from tools.local.workspace import REPOSITORY

PAGES = read_pages(DOCS / FOLDER)
CHECKS = sorted({check.text for page in PAGES.values() for check in page.checks if not check.is_query})
_REFUSED = re.compile(r"refused|was refused - did you specify")


def copied(tmp_path: Path) -> Path:
    shutil.copytree(DOCS / FOLDER, tmp_path / FOLDER)
    return tmp_path


def test_the_page_is_what_the_table_says() -> None:
    assert (DOCS / "alerts.md").read_text() == alerts_page(DOCS), "run `make docs`"


def test_each_alert_has_a_page_and_each_page_an_alert() -> None:
    ids = {alert.id for facts in (*WORLDS.values(), everything()) for alert in all_alerts(facts)}
    assert set(PAGES) == ids == {alert.id for alert in all_alerts(everything())}


@pytest.mark.parametrize("wrong", ["an alert without a page", "a page without an alert"])
def test_both_ways_are_held(tmp_path: Path, wrong: str) -> None:
    docs = copied(tmp_path)
    path = docs / FOLDER / "record.yaml"
    said = yaml.safe_load(path.read_text())
    page = said.pop("KitchenRecordUnseen") if wrong.startswith("an alert") else said["KitchenRecordUnseen"]
    path.write_text(yaml.safe_dump(said if wrong.startswith("an alert") else {**said, "KitchenGone": page}))
    with pytest.raises(ValueError, match=r"KitchenRecordUnseen|KitchenGone"):
        alerts_page(docs)


def test_a_page_that_lacks_a_part_is_refused(tmp_path: Path) -> None:
    docs = copied(tmp_path)
    path = docs / FOLDER / "record.yaml"
    said = yaml.safe_load(path.read_text())
    del said["KitchenRecordUnseen"]["checks"][0]
    path.write_text(yaml.safe_dump(said))
    with pytest.raises(ValueError, match=r"record.yaml: KitchenRecordUnseen: needs"):
        read_pages(docs / FOLDER)


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_every_address_of_a_rendered_alert_is_a_heading(stack: str) -> None:
    headings = anchors(DOCS / "alerts.md")
    settings = settings_from_file(REPOSITORY / f"Pulumi.{stack}.yaml", load_catalog())
    addresses = [
        rule["annotations"]["runbook_url"] for group in rule_groups(settings) for rule in group.rules if "alert" in rule
    ]
    assert addresses
    assert {address for address in addresses if address.partition("#")[2] not in headings} == set()
    assert {address.partition("#")[0].rpartition("/")[2] for address in addresses} == {"alerts.md"}


@pytest.mark.parametrize("command", [text for text in CHECKS if text.startswith("kubectl")])
def test_kubectl_understands_the_command(command: str, tmp_path: Path) -> None:
    """With an address where nobody is: what kubectl does not understand it says before it asks."""
    words = [word.lower() if word in PLACES else word for word in shlex.split(command)]
    words = [re.sub("|".join(PLACES), lambda place: place[0].lower(), word) for word in words]
    done = subprocess.run(
        [*words, "--server=http://127.0.0.1:1", f"--cache-dir={tmp_path}"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/usr/local/bin", "HOME": str(tmp_path), "KUBECONFIG": "/dev/null"},
        timeout=60,
    )
    assert _REFUSED.search(done.stderr), done.stderr


def test_kitchen_takes_its_commands() -> None:
    for command in (text for text in CHECKS if "kitchen " in text and text.startswith(".venv")):
        _, name, *rest = shlex.split(command)
        options, _ = kitchen._COMMANDS[name][1]()
        parser = argparse.ArgumentParser(exit_on_error=True)
        options(parser)
        parser.parse_args(rest)


def test_other_commands_are_those_of_this_repository_and_git() -> None:
    known = ("kubectl ", ".venv/bin/kitchen ", "make ", "git log ", "grep ", "pulumi preview ")
    assert [text for text in CHECKS if not text.startswith(known)] == []


def test_no_check_compares_with_an_empty_state() -> None:
    """`make preview` knows this machine's kitchen alone: of an environment in use it shows all as to be created."""
    assert [text for text in CHECKS if text.startswith("make preview")] == []


def test_a_question_about_one_kitchen_asks_of_it_alone() -> None:
    """Of fifty kitchens nobody wants fifty answers at night. A canary is seen beside its kitchen."""
    of_kitchens = {alert.id for alert in all_alerts(everything()) if "kitchen" in alert.keeps}
    beside = {"KitchenCanaryErrors", "KitchenCanarySlow"}
    wide = {
        (name, check.text)
        for name in of_kitchens - beside
        for check in PAGES[name].checks
        if check.is_query and "ENVIRONMENT" in check.text and 'kitchen="KITCHEN"' not in check.text
    }
    assert wide == set()


def test_no_question_names_a_kitchen_that_its_alert_does_not_know() -> None:
    without = {alert.id for alert in all_alerts(everything()) if "kitchen" not in alert.keeps}
    asks = {name for name in without for check in PAGES[name].checks if check.is_query and "KITCHEN" in check.text}
    assert asks == set()


def test_settings_that_a_page_names_exist() -> None:
    """`runtime.concurrency` and the like: the last part of a dotted name within backticks is a key of the settings."""
    text = "".join(path.read_text() for path in sorted((DOCS / FOLDER).glob("*.yaml")))
    dotted = set(re.findall(r"`((?:runtime|thresholds|monitoring|platform|objectStore|entry)(?:\.[A-Za-z]+)+)", text))
    schema = (REPOSITORY / "infra/schema/settings.schema.json").read_text()
    assert len(dotted) > 5
    assert {name for name in dotted if f'"{name.rpartition(".")[2]}": {{' not in schema} == set()


def test_every_shared_check_is_used() -> None:
    used = {check for page in PAGES.values() for check in page.checks}
    shared = yaml.safe_load((DOCS / FOLDER / SHARED).read_text())
    unused = [
        name
        for name, said in shared.items()
        if Check(text=said.get("run") or said["query"], look=said["look"], is_query="query" in said) not in used
    ]
    assert unused == []
