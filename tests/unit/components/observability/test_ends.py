"""What alerts on certificates say: a page holds after the end too, when "ends in minus one day" helps nobody."""

from __future__ import annotations

from components.observability.facts import RuleFacts, Thresholds
from components.observability.rules import all_alerts

FACTS = RuleFacts(
    environment="dev",
    entry=True,
    parts={"entry": "entry-dev"},
    certificates=("entry-dev",),
    thresholds=Thresholds(page_within_days=3),
)
SAYS = {alert.id: alert.says for alert in all_alerts(FACTS)}


def test_a_page_says_within_how_many_days_and_that_it_may_be_over() -> None:
    for alert in ("KitchenEntryCertificateUrgent", "KitchenCertificateUrgent"):
        assert SAYS[alert].endswith("ends within 3 days, or has ended")


def test_a_ticket_says_how_much_time_is_left() -> None:
    assert SAYS["KitchenEntryCertificateEnds"].endswith("ends in <value> days")
    assert SAYS["KitchenCertificateEnds"].endswith("ends in <value>")
