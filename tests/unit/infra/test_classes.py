"""Data classes of catalog entries: no other name and no newer version goes without them."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.catalog import FILES, FOLDER, load_catalog
from infra.catalog.classes import Classed, lacking
from infra.faults import FaultsError

FAQ = "helpdesk-faq/v2026-02-01"
TOLD = "must have the classes of helpdesk-faq/v2026-02-01, {}; what is declassified has other files and a new name"
SAME, BEFORE = "which has the same weights", "the version before it"


def told(folder: Path, change: Callable[[dict[str, Any]], None]) -> list[tuple[str, str, str]]:
    """Path, rule and example of the faults of a catalog whose first adapter is confidential."""
    for file in FILES:
        shutil.copy(FOLDER / file, folder / file)
    data = yaml.safe_load((folder / "adapters.yaml").read_text())
    data["adapters"][FAQ]["access"] = {"dataClasses": ["confidential", "personal"]}
    change(data["adapters"])
    (folder / "adapters.yaml").write_text(yaml.safe_dump(data))
    try:
        load_catalog(folder)
    except FaultsError as error:
        return [(fault.path, fault.rule, fault.example) for fault in error.faults]
    return []


def added(ref: str, *classes: str, other: bool = False) -> Callable[[dict[str, Any]], None]:
    """A copy of the adapter under another reference, with `other` weights."""

    def change(adapters: dict[str, Any]) -> None:
        entry = copy.deepcopy(adapters[FAQ])
        del entry["access"]
        if other:
            entry["files"]["adapter_model.safetensors"]["sha256"] = "a" * 64
        adapters[ref] = entry | ({"access": {"dataClasses": list(classes)}} if classes else {})

    return change


@pytest.mark.parametrize(
    ("ref", "other", "why"),
    [
        ("helpdesk-faq/v2026-02-02", True, BEFORE),
        ("helpdesk-faq/v2026-02-01.1", True, BEFORE),
        ("helpdesk-faq/v2026-10-01", False, BEFORE),
        ("helpdesk-faq/v2026-01-31", False, SAME),
        ("faq-copy/v2026-02-01", False, SAME),
    ],
)
def test_a_class_is_not_lost_on_the_way(ref: str, other: bool, why: str, tmp_path: Path) -> None:
    path, example = f"adapters.{ref}.access.dataClasses", "access: {dataClasses: [confidential, personal]}"
    assert told(tmp_path, added(ref, other=other)) == [(path, TOLD.format(why), example)]
    assert told(tmp_path, added(ref, "personal", other=other)) == [(path, TOLD.format(why), example)]
    assert told(tmp_path, added(ref, "personal", "confidential", other=other)) == []
    # More than the other one has: of the same weights that one lacks it.
    lacks = [path for path, _, _ in told(tmp_path, added(ref, "personal", "confidential", "more", other=other))]
    assert lacks == ([] if other else [f"adapters.{FAQ}.access.dataClasses"])


@pytest.mark.parametrize("ref", ["helpdesk-faq/v2026-01-31", "faq-copy/v2026-02-02"])
def test_older_versions_and_other_files_under_a_new_name_are_free(ref: str, tmp_path: Path) -> None:
    assert told(tmp_path, added(ref, other=True)) == []


def test_versions_are_in_the_order_of_their_numbers() -> None:
    def model(number: int, *classes: str) -> Classed:
        return Classed(ref=f"tsuzumi/v{number}", weights=frozenset({str(number)}), classes=frozenset(classes))

    every = [model(9, "old"), model(10, "old", "new"), model(11)]
    assert list(lacking(every[2], every)) == [("tsuzumi/v10, the version before it", ["new", "old"])]
    assert list(lacking(every[0], every)) == []


def test_a_model_may_share_some_files_with_what_was_made_from_it() -> None:
    """A public model and a confidential one that was trained from it, with one file unchanged."""
    public = Classed(ref="public/v1", weights=frozenset("ab"), classes=frozenset())
    tuned = Classed(ref="tuned/v1", weights=frozenset("ac"), classes=frozenset({"confidential"}))
    assert list(lacking(public, [tuned])) == []
    whole = Classed(ref="whole/v1", weights=frozenset("acd"), classes=frozenset())
    assert list(lacking(whole, [tuned])) == [("tuned/v1, which has the same weights", ["confidential"])]
    empty = Classed(ref="empty/v1", weights=frozenset(), classes=frozenset({"confidential"}))
    assert list(lacking(public, [empty])) == []
