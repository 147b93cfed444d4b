"""However much is found, a table is short enough to be read; the JSON has all of it."""

from __future__ import annotations

import json
import time

from ops.tell.body import length, marked
from tests.unit.tools.drift.objects import live_object
from tests.unit.tools.drift_report.test_objects import MAP, NAMESPACE, plain, seen
from tools.drift_report.findings import Change, Finding, Look, Place, Unjudged, What, ordered
from tools.drift_report.table import as_json, for_forge, text

MANY = 100_000


def look(findings: list[Finding], **more: object) -> Look:
    return Look(stack="dev", environment="dev", against="the state", findings=findings, **more)  # type: ignore[arg-type]


def of(name: str, namespace: str = "sales-dev", **more: object) -> Finding:
    said = {
        "place": Place.CLUSTER,
        "what": What.UNDECLARED,
        "kind": "ConfigMap",
        "way": f"kubectl delete {name}",
        **more,
    }
    return Finding(name=name, namespace=namespace, **said)  # type: ignore[arg-type]


def test_alike_findings_of_a_namespace_are_counted_beyond_the_first_and_the_json_has_all() -> None:
    began = time.process_time()
    found = look(ordered([*(of(f"n{number:06}") for number in range(MANY)), of("only", "helpdesk-dev")]))
    told = text(found).splitlines()
    assert len(told) < 60
    assert [line for line in told if "ConfigMap in sales-dev" in line and "and 99,980 more: --json" in line]
    assert "way back: of 99,980 more: --json" in told
    assert "ConfigMap helpdesk-dev/only" in text(found)
    assert told[-1].startswith("dev: drift: 100001 undeclared")
    assert len(json.loads(as_json(found))["findings"]) == MANY + 1
    assert time.process_time() - began < 30


def test_what_a_forge_is_told_is_within_its_size_and_closed() -> None:
    findings = [of(f"n{number}", f"space-{place}", kind=f"Kind{kind}") for place in range(40) for kind in range(40)
                for number in range(30)]  # fmt: skip
    issue = marked("kitchen drift dev", for_forge(look(ordered(findings))), 60_000, "all of it: elsewhere")
    assert length(issue) <= 60_000
    assert issue.count("```") == 2
    assert issue.rstrip().endswith("(cut here: all of it: elsewhere)")


def test_fields_of_one_object_and_lines_of_one_sort_are_counted_too() -> None:
    changes = tuple(Change(path=f"data.k{number}") for number in range(1_000))
    unread = [f"thing {number}" for number in range(50)]
    unjudged = [Unjudged(place=Place.CLUSTER, kind="A", name=f"n{number}", why="w", sum="s") for number in range(40)]
    told = text(look([of("map", changes=changes)], unread=unread, unjudged=unjudged)).splitlines()
    assert "  and 980 more: --json" in told
    assert "not looked at: and 30 more: --json" in told
    assert "not judged: and 20 more: --json" in told


def test_many_objects_of_a_cluster_are_looked_at_within_seconds() -> None:
    strange = [plain("ConfigMap", f"n{number}") for number in range(20_000)]
    began = time.process_time()
    found = seen([NAMESPACE, MAP], live_object(NAMESPACE), live_object(MAP), *strange)
    assert len(found.findings) == 20_000
    assert time.process_time() - began < 20
