"""What is said of an expression: names and labels that no series has, by Prometheus' own parser."""

from __future__ import annotations

import pytest

from tests.monitoring.support.names import Known, expanded
from tests.monitoring.support.prometheus import Prometheus
from tests.monitoring.support.promql import Reading, unknown_names, with_records, without_variables
from tests.monitoring.support.scraped import by_family, gone

FAMILIES = {
    "calls_total": {"type": "counter", "labels": ["model", "code"]},
    "waiting": {"type": "gauge", "labels": ["model"]},
    "took_seconds": {"type": "histogram", "labels": ["model"]},
    "size_bytes": {"type": "summary", "labels": ["model"]},
    "pages": {"type": "unknown", "labels": []},
}


@pytest.fixture
def have() -> Known:
    made = Known()
    for name, labels in expanded(FAMILIES):
        made.add("server", name, labels | {"kitchen", "part"})
    made.add("store", "pages", frozenset({"bucket", "part"}))
    return made


@pytest.mark.parametrize(
    "expression",
    [
        'sum by (model) (rate(calls_total{code=~"5.."}[5m]))',
        "histogram_quantile(0.95, sum by (le, model) (rate(took_seconds_bucket[5m])))",
        "rate(took_seconds_sum[5m]) / rate(took_seconds_count[5m])",
        'size_bytes{quantile="0.5"}',
        'sum without (code) (calls_total) * on (part) group_left (bucket) pages{part="store"}',
        'label_replace(waiting, "who", "$1", "model", "(.*)")',
        'sum by (who) (label_replace(waiting, "who", "$1", "model", "(.*)"))',
        "max_over_time(sum by (model) (waiting)[1h:5m]) > 5 and on (model) waiting unless on (model) calls_total",
        "absent(waiting) or vector(0)",
        'sum by (model) (absent(waiting{model="a"}))',
        "topk(5, sum by (model) (waiting))",
        'sum by (value) (count_values("value", waiting))',
        "-waiting + ignoring (code) group_right calls_total",
        'pages{part="store",bucket="a"}',
    ],
)
def test_what_is_there_is_taken(expression: str, have: Known, parser: Prometheus) -> None:
    assert unknown_names(parser.parsed(expression), have) == []


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("calls", "calls: no scrape has it"),
        ("calls_total_total", "calls_total_total: no scrape has it"),
        ("took_seconds", "took_seconds: no scrape has it"),
        ("waiting_total", "waiting_total: no scrape has it"),
        ("size_bytes_bucket", "size_bytes_bucket: no scrape has it"),
        ('waiting{code="1"}', "waiting: has no label code"),
        ('waiting{le="1"}', "waiting: has no label le"),
        ('waiting{part="store"}', "waiting: no scrape has it in part store"),
        ('pages{part="store",model="a"}', "pages: has no label model"),
        ("sum by (nobody) (waiting)", "sum by: has no label nobody"),
        ("sum by (code) (sum by (model) (calls_total))", "sum by: has no label code"),
        ("sum without (nobody) (waiting)", "sum without: has no label nobody"),
        ("waiting / on (code) calls_total", "left of /: has no label code"),
        ("calls_total / on (code) group_left waiting", "right of /: has no label code"),
        ("calls_total * on (model) group_left (nobody) waiting", "group_left or group_right of *: has no label nobody"),
        ("histogram_quantile(0.9, rate(calls_total[5m]))", "histogram_quantile: has no label le"),
        ("histogram_quantile(0.9, sum by (model) (took_seconds_bucket))", "histogram_quantile: has no label le"),
        ('label_replace(waiting, "who", "$1", "nobody", "(.*)")', "label_replace: has no label nobody"),
        ('{__name__=~"calls.*"}', "a selector names one metric exactly"),
        ("vector(1) unless absent(gone)", "gone: no scrape has it"),
        ("topk(scalar(gone), waiting)", "gone: no scrape has it"),
        ("waiting offset 5m > bool (waiting @ 0 + gone)", "gone: no scrape has it"),
    ],
)
def test_what_is_not_there_is_told(expression: str, said: str, have: Known, parser: Prometheus) -> None:
    (told,) = unknown_names(parser.parsed(expression), have)
    assert said in told


def test_an_unknown_name_is_told_once_and_nothing_of_its_labels(have: Known, parser: Prometheus) -> None:
    assert unknown_names(parser.parsed('sum by (x) (gone{y="1"}) / sum by (x) (gone)'), have) == [
        "gone: no scrape has it"
    ]


def test_records_are_known_with_their_labels_in_whatever_order_they_stand(have: Known, parser: Prometheus) -> None:
    rules = [
        ("of:records", "max by (model, own) (a:record)", {}),
        ("a:record", "sum by (model) (waiting)", {"own": "x"}),
        ("itself:too", "last_over_time(itself:too[1d]) or sum by (code) (calls_total)", {}),
    ]
    made = with_records(have, [(name, parser.parsed(text), labels) for name, text, labels in rules])
    assert made.labels("of:records") == {"model", "own"}
    assert made.labels("itself:too") == {"code"}
    assert have.labels("a:record") is None, "what was given stays as it was"
    assert unknown_names(parser.parsed("sum by (code) (a:record)"), made) == ["sum by: has no label code"]


def test_what_the_parser_refuses_is_said_in_its_words(parser: Prometheus) -> None:
    with pytest.raises(ValueError, match="parse error"):
        parser.parsed("sum by (")


def test_a_kind_of_expression_that_is_not_known_is_no_silence(have: Known) -> None:
    with pytest.raises(AssertionError, match="newKind"):
        Reading(have).labels({"type": "newKind"})


@pytest.mark.parametrize("variable", ["$__rate_interval", "${__rate_interval}", "$__interval", "$__range"])
def test_times_of_panels_are_replaced(variable: str, have: Known, parser: Prometheus) -> None:
    text = without_variables(f'rate(calls_total{{model=~"$model"}}[{variable}])')
    assert text == 'rate(calls_total{model=~"$model"}[5m])'
    assert unknown_names(parser.parsed(text), have) == []


def test_families_are_told_from_series_by_stated_types_alone() -> None:
    types = {"took_seconds": "histogram", "calls": "counter", "job_sum": "gauge", "size_bytes": "summary"}
    names = ["took_seconds_bucket", "took_seconds_sum", "took_seconds_count", "calls_total", "job_sum"]
    series = [{"__name__": name, "model": "m", **({"le": "1"} if "bucket" in name else {})} for name in names]
    series += [{"__name__": "size_bytes", "quantile": "1"}, {"__name__": "up", "job": "x"}]
    assert by_family(series, types, {"__name__"}) == {
        "calls_total": {"type": "counter", "labels": ["model"]},
        "job_sum": {"type": "gauge", "labels": ["model"]},
        "size_bytes": {"type": "summary", "labels": []},
        "took_seconds": {"type": "histogram", "labels": ["model"]},
    }


def test_what_a_scrape_lacks_is_told() -> None:
    scraped = {**FAMILIES, "calls_total": {"type": "counter", "labels": ["model"]}}
    del scraped["took_seconds"]
    assert gone(FAMILIES, FAMILIES) == []
    assert gone(FAMILIES, scraped) == [
        "took_seconds_bucket: gone",
        "took_seconds_sum: gone",
        "took_seconds_count: gone",
        "calls_total: label code is gone",
    ]
