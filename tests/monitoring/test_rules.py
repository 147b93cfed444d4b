"""The table by promtool: its rules are rules, and each alert fires, stays silent, and is known without series."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest

from components.observability.groups import INTERVAL, PAST_INTERVAL
from components.observability.rules import SUBJECTS, all_alerts, all_records
from components.observability.rules.objectives import PAST_STEP_SECONDS, STEP_SECONDS
from tests.monitoring.rules.case import ENVIRONMENT, Series, calls, series
from tests.monitoring.rules.promtool import alert_named, expectation, failures, run, write_rules
from tests.monitoring.rules.table import CASES, FIRES_WITHOUT_SERIES, alert_of
from tests.monitoring.rules.worlds import WORLDS

_LABEL = re.compile(r"\$labels\.(\w+)")
_QUIET_MINUTES, _SHORT_MINUTES = 75, 100


@pytest.mark.parametrize("world", WORLDS)
def test_promtool_takes_the_rules(world: str, tmp_path: Path) -> None:
    write_rules(tmp_path, WORLDS[world])
    status, said = run("check", "rules", "--lint=all", "--lint-fatal", "rules.json", cwd=tmp_path)
    assert status == 0, said


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("world", WORLDS)
def test_each_alert_fires_and_stays_silent(world: str, subject: str, tmp_path: Path) -> None:
    tests: dict[str, list[dict[str, Any]]] = {}
    for name, case in CASES.items():
        fires_here, silent_here = case.world == world, (case.silent_world or case.world) == world
        if not (fires_here or silent_here):
            continue
        found = [alert for alert in all_alerts(WORLDS[world]) if alert.id == alert_of(name)]
        alert = found[0] if found else alert_named(case.world, alert_of(name))
        if alert.subject != subject:
            continue
        if fires_here:
            tests.setdefault(alert.id, []).append(
                expectation(alert, case.fires, case.minutes, case.labels, f"{name}: fires", step=case.step)
            )
        if silent_here:
            tests.setdefault(alert.id, []).extend(
                expectation(alert, series, case.minutes, [], f"{name}: silent {number}", step=case.step)
                for number, series in enumerate((case.silent, *case.also))
            )
    for ids in _runs(subject, tests):
        rules = write_rules(tmp_path, WORLDS[world], subject, ids)
        told = failures(tmp_path, rules, [test for one in ids for test in tests[one]])
        assert not told, told


def _runs(subject: str, tests: Collection[str]) -> list[list[str]]:
    """Alerts whose cases one promtool looks at: those of objectives last for hours, and read little of each other's."""
    return [[one] for one in tests] if subject == "objectives" else [[*tests]] if tests else []


@pytest.mark.parametrize("subject", SUBJECTS)
def test_no_pod_of_another_tenant_raises_an_alert(subject: str, tmp_path: Path) -> None:
    """What raises an alert raises none where pods in the namespace of another tenant tell the same labels."""
    tests = [
        expectation(alert, lies, case.minutes, [], f"{name}: told by another tenant")
        for name, case in CASES.items()
        if case.world == "main" and case.minutes <= _SHORT_MINUTES and alert_of(name) not in FIRES_WITHOUT_SERIES
        if (alert := alert_named("main", alert_of(name))).subject == subject and (lies := _strangers(case.fires))
    ]
    if tests:
        told = failures(tmp_path, write_rules(tmp_path, WORLDS["main"], subject), tests)
        assert not told, told


def _strangers(told: Series) -> Series:
    """The same series of our own with the namespace of another tenant, which Kubernetes gives and no pod can choose."""
    found = {}
    for selector, values in told.items():
        where = "helpdesk-dev" if 'tenant="sales",kitchen="summary"' in selector else "sales-dev"
        bare = re.sub(r',?namespace="[^"]*"', "", selector)
        if ENVIRONMENT in selector:
            found[bare.replace("}", f',namespace="{where}"}}')] = values
    return found


@pytest.mark.parametrize("world", WORLDS)
def test_rules_read_what_rules_make_and_no_series_of_that_name_that_a_pod_tells(world: str) -> None:
    """What is scraped has a job, and what rules make has none."""
    facts = WORLDS[world]
    read = [record.expression for record in all_records(facts)] + [alert.expression for alert in all_alerts(facts)]
    selectors = [found for text in read for found in re.findall(r"\bkitchen:[a-z0-9_:]+[^,)]*", text)]
    assert selectors
    assert [one for one in selectors if "{" + ENVIRONMENT not in one] == []
    assert [text for text in read if re.search(rf"\bkitchen:[a-z0-9_:]+{{{ENVIRONMENT}(?!,job=\"\"[,}}])", text)] == []


def test_what_each_alert_says_without_any_series(tmp_path: Path) -> None:
    """Nothing is scraped: those fire that are listed with a reason, and no other."""
    expected = "|".join(sorted(FIRES_WITHOUT_SERIES))
    tests = [
        {
            "name": "nothing is scraped",
            "interval": "1m",
            "input_series": [],
            "promql_expr_test": [
                {
                    "expr": f'count(ALERTS{{alertstate="firing",alertname!~"{expected}"}})',
                    "eval_time": f"{_QUIET_MINUTES}m",
                    "exp_samples": [],
                },
                {
                    "expr": 'count(group by (alertname) (ALERTS{alertstate="firing"}))',
                    "eval_time": f"{_QUIET_MINUTES}m",
                    "exp_samples": [{"labels": "{}", "value": len(FIRES_WITHOUT_SERIES)}],
                },
            ],
        }
    ]
    told = failures(tmp_path, write_rules(tmp_path, WORLDS["main"]), tests)
    assert not told, told


def test_the_first_answer_is_kept_and_counted_from_the_merge(tmp_path: Path) -> None:
    """The entry's series ends, as with its pod; another version has answered before the merge that is told."""
    which = {"kitchen": "support", "adapter": "faq"}
    tests = [
        {
            "name": "answers",
            "interval": "1m",
            "input_series": [
                {"series": calls("ok"), "values": "_x5 0x3 3x20 stale"},
                {"series": calls("ok", version="v2"), "values": "3x20 stale"},
                *(
                    {
                        "series": series("kitchen_merged_timestamp_seconds", **which, version=one, environment="dev"),
                        "values": "300x90",
                    }
                    for one in ("v1", "v2")
                ),
            ],
            "promql_expr_test": [
                {
                    "expr": f"sum by (tenant, kitchen, version) ({name})",
                    "eval_time": "80m",
                    "exp_samples": [
                        {"labels": f'{{tenant="helpdesk",kitchen="support",version="{version}"}}', "value": value}
                        for version, value in values.items()
                    ],
                }
                for name, values in (
                    ("kitchen:first_answer_timestamp_seconds", {"v1": 540, "v2": 0}),
                    ("kitchen:merged_to_answer_seconds", {"v1": 240}),
                )
            ],
        }
    ]
    told = failures(tmp_path, write_rules(tmp_path, WORLDS["main"], "delivery"), tests)
    assert not told, told


def test_a_sample_of_a_rate_stands_for_as_long_as_the_rules_wait() -> None:
    """Calls are counted by sums of rates: each sample times the seconds between two evaluations."""
    assert (f"{STEP_SECONDS // 60}m", f"{PAST_STEP_SECONDS // 60}m") == (INTERVAL, PAST_INTERVAL)


def test_no_alert_is_without_its_cases() -> None:
    ids = {alert.id for facts in WORLDS.values() for alert in all_alerts(facts)}
    assert {alert_of(name) for name in CASES} == ids
    assert set(FIRES_WITHOUT_SERIES) <= ids


def test_a_case_that_is_wrong_is_told(tmp_path: Path) -> None:
    case, alert = CASES["KitchenQueueLong"], alert_named("main", "KitchenQueueLong")
    rules = write_rules(tmp_path, WORLDS["main"], "serving")
    assert "KitchenQueueLong" in failures(
        tmp_path, rules, [expectation(alert, case.silent, case.minutes, case.labels, "wrong")]
    )
    assert "KitchenQueueLong" in failures(tmp_path, rules, [expectation(alert, case.fires, case.minutes, [], "wrong")])


@pytest.mark.parametrize("world", WORLDS)
def test_texts_speak_of_labels_that_the_alert_keeps(world: str) -> None:
    wrong = {
        alert.id: unknown
        for alert in all_alerts(WORLDS[world])
        if (unknown := set(_LABEL.findall(alert.summary + alert.impact)) - {*alert.keeps, "environment"})
    }
    assert wrong == {}
