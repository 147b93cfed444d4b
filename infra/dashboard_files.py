"""Dashboards as plain files, for a Grafana or a Perses of one's own: what `make render` writes."""

from __future__ import annotations

import yaml

from components.observability.dashboards import perses
from components.observability.dashboards.boards import BoardArgs, all_dashboards

DASHBOARDS = "dashboards"
"""The folder, with one for Grafana and one for Perses."""

PROJECT = "kitchen"
"""Perses' project of the dashboards; it must be there."""


def dashboard_files(environment: str, currency: str | None = None) -> dict[str, str]:
    """Text by path: JSON for Grafana's provisioning, and YAML for Perses' own or for `percli apply`."""
    from components.observability.dashboards import grafana  # noqa: PLC0415 - 0.1 s that few commands need to wait

    texts = {}
    for board in all_dashboards(BoardArgs(environment=environment, currency=currency)):
        texts[f"{DASHBOARDS}/grafana/{board.uid}.json"] = grafana.rendered(board, environment)
        made = perses.dashboard(board, environment, PROJECT)
        texts[f"{DASHBOARDS}/perses/{board.uid}.yaml"] = yaml.safe_dump(made, sort_keys=False, allow_unicode=True)
    return texts
