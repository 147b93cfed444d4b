"""The servers: what one serves beside what is declared is drift, and one that does not answer is not looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.catalog import load_catalog
from infra.load import settings_from_file
from tests.unit.support.audited import Answer, as_declared, body, models, server
from tools.drift_report import served
from tools.drift_report.findings import Seen

SERVED = ("tsuzumi-7b-instruct", "helpdesk-faq", "helpdesk-classifier")
CANARY = "canary-that-nobody-may-see"


def asked(answer: Answer) -> Seen:
    with server(answer) as (address, _):
        seen = Seen()
        served.asked(as_declared(), {"support": f"{address}/v1/models"}, CANARY, seen)
        return seen


def test_a_server_that_serves_what_is_declared_is_not_told() -> None:
    seen = asked(models(*SERVED))
    assert (seen.findings, seen.unread) == ([], [])


def test_kitchens_without_an_address_are_named() -> None:
    settings = settings_from_file(Path("Pulumi.dev.yaml"), load_catalog())
    assert "adapters that summary serves: --models summary=URL" in served.of_servers(settings, {}, "").unasked


@pytest.mark.parametrize(
    ("names", "live"),
    [
        (SERVED[:2], "without helpdesk-classifier"),
        ((*SERVED, "mine"), "with mine, not declared"),
    ],
)
def test_adapters_that_lack_or_are_too_many_are_told(names: tuple[str, ...], live: str) -> None:
    (finding,) = asked(models(*names)).findings
    (change,) = finding.changes
    assert (finding.what, finding.name, change.live) == ("changed", "support", live)


def test_a_server_that_refuses_is_not_looked_at() -> None:
    seen = asked(body(b"no", 401))
    assert seen.findings == []
    assert len(seen.unread) == 1 and "status 401" in seen.unread[0] and CANARY not in seen.unread[0]
