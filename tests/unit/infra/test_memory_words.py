"""Flags whose memory the sum does not have are named in the preview and beside a verdict."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from infra.catalog import load_catalog
from infra.faults import FaultsError
from infra.flag_words import ENTRIES
from infra.load import load_settings, read_stack_file
from infra.memory import memory_table
from infra.memory_words import KNOWN
from tools.local.workspace import REPOSITORY

CATALOG = load_catalog()


def dev(args: list[str], **runtime: Any) -> dict[str, Any]:
    data = copy.deepcopy(read_stack_file(REPOSITORY / "Pulumi.dev.yaml"))
    data["kitchens"]["support"]["runtime"] |= {"extraArgs": args, **runtime}
    return data


def notes(args: list[str]) -> list[str]:
    """The lines of the preview on the kitchen `support` that name what is not counted."""
    table = memory_table(load_settings(dev(args), CATALOG), CATALOG)
    return [line for line in table.splitlines() if line.startswith("not counted for support: ")]


@pytest.mark.parametrize(
    ("arg", "shown"),
    [
        ("--mamba-ssm-cache-dtype=float32", "--mamba-ssm-cache-dtype"),
        ("--mamba_cache_dtype=float32", "--mamba_cache_dtype"),
        ("--mamba-cache-mode=all", "--mamba-cache-mode"),
        ("--skip-mm-profiling", "--skip-mm-profiling"),
        ("--max-cudagraph-capture-size=8192", "--max-cudagraph-capture-size"),
        (
            "--compilation-config.max_cudagraph_capture_size=8192",
            "--compilation-config.max_cudagraph_capture_size",
        ),
        ("--kv-cache-dtype-skip-layers=1", "--kv-cache-dtype-skip-layers"),
        ("--block-size=64", "--block-size"),
        ("--specialize-active-lora", "--specialize-active-lora"),
    ],
)
def test_a_flag_that_changes_memory_is_named_without_its_value(arg: str, shown: str) -> None:
    assert notes(["--async-scheduling", arg]) == [f"not counted for support: {shown}"]


@pytest.mark.parametrize(
    "arg",
    ["--seed=3", "--enforce-eager", "--uvicorn-log-level=warning", "--no-async-scheduling", "--no-trust-remote-code"],
)
def test_a_flag_whose_memory_is_known_is_not_named(arg: str) -> None:
    assert notes([arg]) == []


def test_every_flag_on_the_list_may_be_given_and_has_no_setting() -> None:
    assert set(ENTRIES) >= KNOWN
    assert [name for name in KNOWN if ENTRIES[name].keys() & {"setting", "closed"}] == []


def test_a_kitchen_that_does_not_fit_names_them_too() -> None:
    with pytest.raises(FaultsError, match="not counted: --block-size"):
        load_settings(dev(["--block-size=64"], tokensPerRequest=8192, concurrency=1024), CATALOG)
