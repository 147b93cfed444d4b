"""The questions to Prometheus on docs/alerts.md are PromQL, and name what there is."""

from __future__ import annotations

from pathlib import Path

from tests.monitoring.rules.promtool import run
from tests.monitoring.support.prometheus import Prometheus
from tests.monitoring.support.promql import unknown_names
from tests.monitoring.test_names import world
from tools.docs import DOCS
from tools.docs.alert_pages import FOLDER, read_pages

QUERIES = {check.text for page in read_pages(DOCS / FOLDER).values() for check in page.checks if check.is_query}


def test_prometheus_reads_every_question(tmp_path: Path) -> None:
    rules = [{"record": f"kitchen:question:{number}", "expr": query} for number, query in enumerate(sorted(QUERIES))]
    assert len(rules) > 20
    (tmp_path / "rules.json").write_text(str({"groups": [{"name": "questions", "rules": rules}]}))
    status, said = run("check", "rules", "rules.json", cwd=tmp_path)
    assert status == 0, said


def test_every_name_in_a_question_is_scraped_or_recorded(parser: Prometheus) -> None:
    have = world("main", parser)
    told = {query: unknown for query in sorted(QUERIES) if (unknown := unknown_names(parser.parsed(query), have))}
    assert told == {}
