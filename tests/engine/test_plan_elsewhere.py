"""What the program runs, or is read from, where no table says so, by the real engine: it is previewed like all else."""

from __future__ import annotations

from pathlib import Path

from ops.plan.report import DENIED, NO_CHANGES
from tests.engine.support.plan_changes import Project
from tools.plan.making import Asked, report_of

_BESIDE = """import importlib.machinery as machinery

real = machinery.SourceFileLoader.get_code


def get_code(self, name):
    if name != "components.platform":
        return real(self, name)
    text = open(self.path).read().replace('"allowPrivilegeEscalation": False', '"allowPrivilegeEscalation": True')
    return compile(text, self.path, "exec")


machinery.SourceFileLoader.get_code = get_code
"""


def test_code_beside_the_program_is_previewed_whatever_is_known_of_the_base(tmp_path: Path) -> None:
    """Python takes modules from the project's folder first: what is known of the base says nothing of them."""
    (tmp_path / "p").mkdir()
    made = Project(tmp_path / "p")
    made.commit(())
    asked = Asked(project=made.folder, directory=tmp_path / "k")
    assert report_of(["dev"], asked).verdict == NO_CHANGES
    made.git("checkout", "--quiet", "-b", "change")
    (made.folder / "sitecustomize.py").write_text(_BESIDE)
    (found,) = report_of(["dev"], asked).environments
    assert found.verdict == DENIED
    assert found.counts["update"] > 0
    made.commit(())
    assert report_of(["dev"], asked).environments == (found,)

    made.git("branch", "--force", "main", "change")
    made.git("checkout", "--quiet", "-b", "next")
    (made.folder / "Makefile").write_text("next:\n")
    (here,) = report_of(["dev"], asked).environments
    assert here.verdict == DENIED
    assert here.counts["update"] == 0
