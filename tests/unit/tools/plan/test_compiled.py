"""What is compiled of one module serves the same module elsewhere, and nothing else does."""

from __future__ import annotations

import importlib.util
import os
import py_compile
import subprocess
import sys
from pathlib import Path

import pytest

from tools.plan.compiled import share


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    for name in ("project", "tree"):
        (tmp_path / name / "infra").mkdir(parents=True)
        (tmp_path / name / "infra" / "a.py").write_text("print('a', __file__)\n")
    py_compile.compile(str(tmp_path / "project/infra/a.py"), doraise=True)
    os.utime(tmp_path / "tree/infra/a.py", (1, 1))
    return tmp_path / "project", tmp_path / "tree"


def compiled(folder: Path) -> Path:
    return Path(importlib.util.cache_from_source(str(folder / "infra/a.py")))


def test_the_same_module_is_not_compiled_again(places: tuple[Path, Path]) -> None:
    project, tree = places
    assert share(project, tree) == 1
    words = [sys.executable, "-v", "-c", "import infra.a"]
    done = subprocess.run(words, cwd=tree, env={"PYTHONPATH": str(tree)}, capture_output=True, text=True, check=True)
    assert f"{compiled(tree)} matches {tree}/infra/a.py" in done.stderr
    assert done.stdout == f"a {tree}/infra/a.py\n"


def test_another_module_is(places: tuple[Path, Path]) -> None:
    project, tree = places
    (tree / "infra/a.py").write_text("print('b', __file__)\n")
    assert share(project, tree) == 0
    assert not compiled(tree).exists()


def test_what_python_does_not_compare_with_its_source_is_not_taken(places: tuple[Path, Path]) -> None:
    """Such a file can be put into Git beside a module, and be something else."""
    project, tree = places
    other = project.parent / "other.py"
    other.write_text("print('other')\n")
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    py_compile.compile(str(other), str(compiled(project)), invalidation_mode=mode, doraise=True)
    assert share(project, tree) == 0


def test_what_is_compiled_of_an_older_module_is_not_taken(places: tuple[Path, Path]) -> None:
    project, tree = places
    os.utime(project / "infra/a.py", (9, 9))
    assert share(project, tree) == 0


@pytest.mark.parametrize("where", ["project", "tree", "compiled"])
def test_links_are_not_followed(places: tuple[Path, Path], where: str) -> None:
    project, tree = places
    path = {"project": project / "infra/a.py", "tree": tree / "infra/a.py", "compiled": compiled(project)}[where]
    kept = path.rename(project.parent / "kept")
    path.symlink_to(kept)
    assert share(project, tree) == 0
