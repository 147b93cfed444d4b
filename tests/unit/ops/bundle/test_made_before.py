"""Making a bundle that is there: nothing to do where it is the very one, and refused where anything differs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ops.__main__ import main
from tests.support import bundle_tools as tools


def words(folder: Path, *more: str) -> list[str]:
    places = ["--from", str(folder / "artifacts"), "--to", str(folder / "bundle"), "--archive", str(folder / "b.tar")]
    return ["bundle", "create", "--list", str(folder / "bring-in.yaml"), *places, *more]


@pytest.fixture
def made(tmp_path: Path) -> tuple[Path, list[str]]:
    tools.artifacts(tmp_path)
    digest = tools.image_layout(tmp_path / "artifacts" / "images" / "tool")
    tools.bring_in(tmp_path, tools.entry("adapter", tools.FAQ), tools.image_entry(digest))
    command = words(tmp_path, *tools.keys(tmp_path).sign())
    assert main(command) == 0
    return tmp_path, command


def test_the_very_same_is_made_once(made: tuple[Path, list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    folder, command = made
    before = tools.tree(folder)
    capsys.readouterr()
    assert main(command) == 0
    assert f"{folder}/bundle: is there, and is what was asked for" in capsys.readouterr().err
    assert tools.tree(folder) == before


def _append(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b" ")


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


DIFFERENT: dict[str, Callable[[Path], object]] = {
    "a file outside has other content": lambda it: _flip(
        it / "artifacts" / "lora" / tools.FAQ / "adapter_model.safetensors"
    ),
    "a file outside is new": lambda it: (it / "artifacts" / "lora" / tools.FAQ / "new.json").write_text("{}"),
    "a file of the bundle has other content": lambda it: _flip(
        it / "bundle" / "lora" / tools.FAQ / "adapter_model.safetensors"
    ),
    "the archive has other content": lambda it: _flip(it / "b.tar"),
    "the archive is gone": lambda it: (it / "b.tar").unlink(),
    "the list says another licence": lambda it: (it / "bring-in.yaml").write_text(
        (it / "bring-in.yaml").read_text().replace("LicenseRef-internal", "MIT")
    ),
    "the signature is another key's": tools.keys,
    "the manifest is another": lambda it: _append(it / "bundle" / "bundle.json"),
    "the signature is gone": lambda it: (it / "bundle" / "bundle.sig").unlink(),
}


@pytest.mark.parametrize("change", DIFFERENT.values(), ids=DIFFERENT)
def test_anything_else_is_refused(
    change: Callable[[Path], object], made: tuple[Path, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, command = made
    change(folder)
    before = tools.tree(folder)
    assert main(command) == 2
    assert "must not be there yet: a bundle is never changed" in capsys.readouterr().err
    assert tools.tree(folder) == before


def test_a_bundle_that_somebody_signed_is_not_the_unsigned_one(made: tuple[Path, list[str]]) -> None:
    assert main(words(made[0], "--unsigned")) == 2
