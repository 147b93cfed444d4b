"""Tools are used only as they were installed: empty, cut, replaced and missing files, and the way out."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.toolchain import ToolchainError, binary, cache, ensure, environment, look_up, sums
from tools.toolchain.__main__ import main
from tools.toolchain.families import FAMILIES


@pytest.fixture
def installed(tiny_modules: Path) -> Path:
    """MinIO, really built from a few lines of Go; its executable."""
    ensure(["minio"])
    return binary("minio")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:1000])


def replace(path: Path) -> None:
    fresh = path.with_suffix(".fresh")
    fresh.write_bytes(path.read_bytes()[::-1])
    fresh.chmod(0o755)
    fresh.replace(path)


def remove(path: Path) -> None:
    path.unlink()


def lock_up(path: Path) -> None:
    path.chmod(0o644)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (empty, "is empty"),
        (cut, "has 1000 bytes, and had"),
        (replace, "is not the file that was installed: its sha256 is not"),
        (remove, "cannot be read (No such file or directory)"),
        (lock_up, "is not executable"),
    ],
)
def test_a_spoilt_tool_is_one_line_with_the_way_out_and_make_toolchain_mends_it(
    installed: Path, spoil: Callable[[Path], None], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(installed)
    for use in (lambda: ensure(["minio"]), lambda: binary("minio"), lambda: environment(["minio"])):
        with pytest.raises(ToolchainError) as raised:
            use()
        assert str(raised.value).startswith(f"minio: {installed} {said}")
        assert str(raised.value).endswith("run: make toolchain, which installs minio anew")
        assert "\n" not in str(raised.value)
    capsys.readouterr()
    assert main(["check", "minio"]) == 1
    output = capsys.readouterr()
    assert "damaged" in output.out
    assert said in output.err
    assert main(["build", "minio"]) == 0
    assert f"minio: {installed} {said}" in capsys.readouterr().err
    assert main(["check", "minio"]) == 0
    assert binary("minio") == installed


def test_a_copy_with_another_time_is_the_same_tool(installed: Path) -> None:
    os.utime(installed, ns=(1, 1))
    assert binary("minio") == installed


def test_a_change_that_keeps_size_and_time_is_found_by_the_whole_check(
    installed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = installed.stat()
    replace(installed)
    os.utime(installed, ns=(before.st_atime_ns, before.st_mtime_ns))
    found = look_up("minio")
    assert found is not None
    assert found.damage == "", "the quick check reads no content"
    assert main(["check", "minio"]) == 1
    assert "is not the file that was installed" in capsys.readouterr().err


def test_data_files_are_held_too(installed: Path) -> None:
    folder = installed.parent
    (folder / "data").mkdir()
    (folder / "data" / "one.yaml").write_text("one")
    content = json.loads((folder / "receipt.json").read_text())
    cache.write_receipt(folder, content | {"files": sums.taken(folder)})
    (folder / "data" / "one.yaml").write_text("two")
    with pytest.raises(ToolchainError, match=r"data/one.yaml is not the file that was installed"):
        binary("minio")


def test_what_an_earlier_release_installed_is_used_and_recorded_by_make_toolchain(
    installed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = installed.parent / "receipt.json"
    old = {key: value for key, value in json.loads(path.read_text()).items() if key != "files"}
    path.write_text(json.dumps(old))
    assert binary("minio") == installed
    assert main(["check", "minio"]) == 0
    assert "not recorded" in capsys.readouterr().out
    ensure(["minio"])
    assert json.loads(path.read_text()) == old, "only `make toolchain` writes to what is there"
    assert main(["build", "minio"]) == 0
    assert json.loads(path.read_text())["files"]["minio"]["sha256"] == sums.sum_of(installed)
    assert main(["check", "minio"]) == 0
    assert "compared" in capsys.readouterr().out
    path.write_text(json.dumps(old))
    empty(installed)
    with pytest.raises(ToolchainError, match="is empty"):
        binary("minio")


def test_the_engine_s_folder_follows_a_tool_that_was_installed_anew(tmp_path: Path) -> None:
    names = ("pulumi", "language-python")
    files = ("pulumi", "pulumi-language-python", "pulumi-language-python-exec", "pulumi-resource-pulumi-python")

    def put(name: str, text: str) -> None:
        folder = cache.folder_of(FAMILIES[name])
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for file in files[:1] if name == "pulumi" else files[1:]:
            (folder / file).write_text(text)
            (folder / file).chmod(0o755)
        cache.write_receipt(folder, {"version": "1", "source": "build", "files": sums.taken(folder)})

    for name in names:
        put(name, "first")
    first = Path(environment(names)["PATH"].split(":")[0])
    assert (first / "pulumi").read_text() == "first"
    assert environment(names)["PATH"].split(":")[0] == str(first)
    put("pulumi", "second")
    second = Path(environment(names)["PATH"].split(":")[0])
    assert (second / "pulumi").read_text() == "second"
    assert sorted(path.name for path in second.iterdir()) == sorted(files)
    assert [path.name for path in (tmp_path / "cache" / "pulumi-home").glob(".bin-*")] == []
