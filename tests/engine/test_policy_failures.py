"""A rule that raises on purpose, in the real engine: the object is denied by name, and every other finding is there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.engine.conftest import run
from tests.engine.test_policy_engine import PROGRAM
from tests.support.programs import RUNTIME
from tools.local.workspace import REPOSITORY, Workspace

SECRET = "hunter2hunter2"
PACK = f"""\
import dataclasses
import sys

from pulumi_policy import EnforcementLevel

sys.path.insert(0, {str(REPOSITORY)!r})

from policies import pack

def fails(case):
    if case.subject.object_name == "two":
        raise KeyError({SECRET!r})
    yield from ()

def fails_softly(case):
    if case.subject.object_name == "three":
        raise KeyError({SECRET!r})
    yield from ()

def fails_on_all(case):
    raise ValueError({SECRET!r})
    yield

changed = {{
    "images-from-the-registry": dict(judge=fails),
    "rendered-elsewhere": dict(judge=fails_softly, level=EnforcementLevel.ADVISORY),
}}
pack.RULES = tuple(dataclasses.replace(rule, **changed.get(rule.id, {{}})) for rule in pack.RULES)
pack.STACK_RULES = (dataclasses.replace(pack.STACK_RULES[0], judge=fails_on_all), *pack.STACK_RULES[1:])

import policies.__main__
"""


def test_it_denies_the_object_by_name_and_hides_nothing(program: Callable[[str], Workspace], tmp_path: Path) -> None:
    folder = tmp_path / "pack"
    folder.mkdir()
    (folder / "PulumiPolicy.yaml").write_text(f"runtime: {json.dumps(RUNTIME)}\n")
    (folder / "__main__.py").write_text(PACK)
    text = "".join(f'deployment("{name}", "nginx:latest")\n' for name in ("one", "two", "three"))
    result = run(program(PROGRAM + text), "preview", "--policy-pack", str(folder))
    assert result.status != 0
    assert "Traceback" not in result.text
    assert SECRET not in result.text
    said = [line for line in result.text.splitlines() if "cannot judge it" in line]
    assert len(said) == 3, result.text
    assert "Deployment team/three: the rule rendered-elsewhere cannot judge it: KeyError at " in "".join(said)
    ends = [line for line in result.text.splitlines() if "is not judged by" in line]
    assert sorted(line.split(";")[0].strip() for line in ends) == [
        "Deployment team/three: is not judged by rendered-elsewhere",
        "Deployment team/two: is not judged by images-from-the-registry",
        "the stack: is not judged by namespaces-guarded",
    ]
    levels = [line for line in result.text.splitlines() if "rules-come-to-their-end" in line]
    assert all("[mandatory]" in line for line in levels)
    assert len(levels) >= 3
    assert "Deployment team/two: the rule images-from-the-registry cannot judge it: KeyError at " in "".join(said)
    assert "the stack: the rule namespaces-guarded cannot judge it: ValueError at " in "".join(said)
    denied = [line for line in result.text.splitlines() if "rule: images are pinned by digest" in line]
    assert [sum(f"Deployment team/{name}:" in line for line in denied) for name in ("one", "two", "three")] == [1, 1, 1]
    assert "pods-state-resources" in result.text
