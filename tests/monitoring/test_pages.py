"""The questions to Prometheus on docs/alerts.md are PromQL."""

from __future__ import annotations

from pathlib import Path

from tests.monitoring.rules.promtool import run
from tools.docs import DOCS
from tools.docs.alert_pages import FOLDER, read_pages


def test_prometheus_reads_every_question(tmp_path: Path) -> None:
    queries = {check.text for page in read_pages(DOCS / FOLDER).values() for check in page.checks if check.is_query}
    rules = [{"record": f"kitchen:question:{number}", "expr": query} for number, query in enumerate(sorted(queries))]
    assert len(rules) > 20
    (tmp_path / "rules.json").write_text(str({"groups": [{"name": "questions", "rules": rules}]}))
    status, said = run("check", "rules", "rules.json", cwd=tmp_path)
    assert status == 0, said
