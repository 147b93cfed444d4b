"""The test run itself: its order names real modules, one shared cluster serves all who need it, its summary adds up."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.durations import summary
from tests.support.order import LONGEST, SHARED_CLUSTER, SHARED_KITCHEN, Scheduling
from tools.local.workspace import REPOSITORY

FIXTURES = {
    SHARED_CLUSTER: {"cluster", "kubectl", "namespace"},
    SHARED_KITCHEN: {"shared_kitchen"},
}
"""Of `tests/cluster/conftest.py`: what stands on the shared cluster, and on the shared kitchen."""


def functions(path: Path) -> list[ast.FunctionDef]:
    return [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)]


def takes(path: Path, names: set[str]) -> bool:
    """Whether tests or fixtures of a module ask for fixtures of these names that are not its own."""
    found = functions(path)
    fixtures = [entry for entry in found if any("fixture" in ast.unparse(each) for each in entry.decorator_list)]
    tests = [entry for entry in found if entry.name.startswith("test_")]
    wanted = {argument.arg for entry in [*tests, *fixtures] for argument in entry.args.args} & names
    return bool(wanted - {entry.name for entry in fixtures})


def test_every_module_in_the_order_is_there_once() -> None:
    assert len(set(LONGEST)) == len(LONGEST)
    assert [name for name in LONGEST if not (REPOSITORY / name).is_file()] == []


@pytest.mark.parametrize("unit", FIXTURES, ids=["cluster", "kitchen"])
def test_every_module_that_uses_what_is_shared_is_in_its_unit_of_work(unit: tuple[str, ...]) -> None:
    modules = sorted((REPOSITORY / "tests" / "cluster").glob("test_*.py"))
    taking = {str(path.relative_to(REPOSITORY)) for path in modules if takes(path, FIXTURES[unit])}
    assert taking == set(unit)


def test_modules_that_share_are_one_unit_of_work_and_others_are_alone(pytestconfig: pytest.Config) -> None:
    scheduling = Scheduling.__new__(Scheduling)
    scopes = [{scheduling._split_scope(f"{name}::test_it[a::b]") for name in unit} for unit in FIXTURES]
    assert scopes == [{"the shared cluster"}, {"the shared kitchen"}]
    alone = "tests/cluster/test_kitchen.py"
    assert scheduling._split_scope(f"{alone}::test_it") == alone
    assert pytestconfig.rootpath == REPOSITORY, "names of modules are relative to it"


def report(nodeid: str, when: str, start: float, seconds: float, worker: str) -> pytest.TestReport:
    made = pytest.TestReport(
        nodeid=nodeid,
        location=("", 0, ""),
        keywords={},
        outcome="passed",
        longrepr=None,
        when=when,  # type: ignore[arg-type]
        duration=seconds,
        start=start,
        stop=start + seconds,
    )
    made.worker_id = worker  # type: ignore[attr-defined]  # as pytest-xdist does
    return made


def test_the_summary_counts_fixtures_and_says_who_waited() -> None:
    lines = summary(
        [
            report("tests/unit/a.py::one", "setup", 100.0, 7.0, "gw0"),
            report("tests/unit/a.py::one", "call", 107.0, 1.0, "gw0"),
            report("tests/unit/a.py::two", "call", 108.0, 3.0, "gw0"),
            report("tests/engine/b.py::three", "call", 101.0, 2.0, "gw1"),
        ]
    )
    assert lines[1].split() == ["8.0", "(7.0)", "tests/unit/a.py::one"]
    assert lines[2].split() == ["3.0", "(0.0)", "tests/unit/a.py::two"]
    assert "   11.0  tests/unit/a.py, 2 tests" in lines
    assert lines[-2] == "tiers: tests/unit 11 s, tests/engine 2 s"
    assert lines[-1] == "processes: gw0 until 11 s, gw1 until 3 s"


def test_examples_of_properties_are_the_same_in_every_run_and_have_no_deadline() -> None:
    """Else a busy machine, or a rare example, ends a run that has nothing to do with it."""
    assert (settings.default.deadline, settings.default.derandomize) == (None, True)
    assert HealthCheck.too_slow in settings.default.suppress_health_check
