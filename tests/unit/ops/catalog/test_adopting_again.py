"""`kitchen adapter adopt` where the index says what its files do not, and where a folder has been adopted before."""

from __future__ import annotations

import json
import os
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors.numpy import load_file, save_file

from ops.__main__ import main
from tests.support.artifacts import MODEL, WEIGHTS, catalog_folder, change_config, write_adapter

INDEX = f"{WEIGHTS}.index.json"
SHARD = "adapter_model-00001-of-00001.safetensors"


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return catalog_folder(tmp_path_factory.mktemp("catalog") / "catalog")


def adopt(catalog: Path, origin: Path, target: str, *words: str) -> int:
    return main(
        ["adapter", "adopt", str(origin), "--to", str(origin.parent / target), "--catalog", str(catalog), *words]
    )


def sharded(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """An adapter in one shard, whose index `change` spoils or replaces."""
    write_adapter(folder)
    tensors = load_file(folder / WEIGHTS)
    (folder / WEIGHTS).unlink()
    save_file(tensors, folder / SHARD)
    index: dict[str, Any] = {"weight_map": dict.fromkeys(tensors, SHARD)}
    (folder / INDEX).write_text(json.dumps(change(index) or index))


INDEXES: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "a tensor more": (lambda index: index["weight_map"].update(gone=SHARD), "1 tensors are not where the index says"),
    "a tensor less": (lambda index: index["weight_map"].popitem() and None, "1 tensors are not where the index says"),
    "a list": (lambda _: [1], "must have a weight_map from each tensor's name to its file"),
    "no names": (lambda _: {"weight_map": {"a": ["x"]}}, "must have a weight_map from each tensor's name to its file"),
    "empty": (lambda _: {"weight_map": {}}, "must have a weight_map from each tensor's name to its file"),
    "a way out": (lambda _: {"weight_map": {"a": "../x"}}, '"../x"; rule: names a file that is not there'),
}


@pytest.mark.parametrize("name", INDEXES)
def test_an_index_says_what_its_files_have(
    tmp_path: Path, catalog: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    change, message = INDEXES[name]
    sharded(tmp_path / "out", change)
    assert adopt(catalog, tmp_path / "out", "menu", "--base-model", MODEL) == 2
    said = capsys.readouterr().err
    assert message in said
    assert "Error" not in said
    assert "example: ../x" not in said
    assert not (tmp_path / "menu").exists()


def test_a_right_index_is_taken(tmp_path: Path, catalog: Path) -> None:
    sharded(tmp_path / "out", lambda index: index)
    assert adopt(catalog, tmp_path / "out", "menu", "--base-model", MODEL) == 0


@pytest.mark.parametrize("ref", [["a"], {"a": 1}, 3, None])
def test_a_base_model_that_is_no_name_is_refused(
    tmp_path: Path, catalog: Path, capsys: pytest.CaptureFixture[str], ref: object
) -> None:
    write_adapter(tmp_path / "out")
    change_config(tmp_path / "out", base_model_name_or_path=ref)
    assert adopt(catalog, tmp_path / "out", "menu") == 2
    assert "says on which base model of the catalog it was trained" in capsys.readouterr().err


def test_what_was_adopted_keeps_the_sums_of_its_first_origin(
    tmp_path: Path, catalog: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_adapter(tmp_path / "out")
    change_config(tmp_path / "out", base_model_name_or_path="/home/someone/models/tiny")
    assert adopt(catalog, tmp_path / "out", "menu", "--base-model", MODEL) == 0
    capsys.readouterr()
    assert adopt(catalog, tmp_path / "menu", "again") == 0
    assert "adopted.json: the origin's sums, as they were" in capsys.readouterr().out
    assert (tmp_path / "again/adopted.json").read_bytes() == (tmp_path / "menu/adopted.json").read_bytes()


def test_sums_of_an_origin_that_are_none_are_refused(
    tmp_path: Path, catalog: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_adapter(tmp_path / "out")
    (tmp_path / "out/adopted.json").write_text('{"x": 1}')
    assert adopt(catalog, tmp_path / "out", "menu", "--base-model", MODEL) == 2
    assert "must map names of the origin's files to their sha256 sums" in capsys.readouterr().err


def test_an_empty_file_is_left_out(tmp_path: Path, catalog: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_adapter(tmp_path / "out")
    (tmp_path / "out/README.md").write_text("")
    assert adopt(catalog, tmp_path / "out", "menu", "--base-model", MODEL) == 0
    assert "left out: README.md" in capsys.readouterr().out
    assert not (tmp_path / "menu/README.md").exists()


@pytest.mark.parametrize("shards", [True, False])
def test_a_full_disk_is_told_by_its_place(
    tmp_path: Path, catalog: Path, capsys: pytest.CaptureFixture[str], shards: bool
) -> None:
    """What is full is the place of the new folder; the file that is copied is fine."""
    origin = tmp_path / "origin"
    if shards:
        sharded(origin, lambda _: None)
    else:
        write_adapter(origin)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2048, limits[1]))
    try:
        code = adopt(catalog, origin, "menu")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    out, told = capsys.readouterr()
    assert (code, out, told) == (2, "", f"adapter adopt: {tmp_path}: File too large\n")
    assert [path.name for path in tmp_path.iterdir()] == ["origin"]


@pytest.mark.parametrize("name", ["adapter_config.json", INDEX])
def test_a_pipe_is_no_file(tmp_path: Path, catalog: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """Reading one waits for a writer that never comes."""
    origin = tmp_path / "origin"
    sharded(origin, lambda _: None)
    (origin / name).unlink()
    os.mkfifo(origin / name)
    assert adopt(catalog, origin, "menu") == 2
    assert "it is no regular file" in capsys.readouterr().err


def test_files_of_a_hub_s_cache_are_links(tmp_path: Path, catalog: Path) -> None:
    kept = write_adapter(tmp_path / "kept")
    origin = tmp_path / "origin"
    origin.mkdir()
    for path in kept.iterdir():
        (origin / path.name).symlink_to(path)
    assert adopt(catalog, origin, "menu") == 0
    assert all(path.is_file() and not path.is_symlink() for path in (tmp_path / "menu").iterdir())
