"""What an alert may be called, and the rule that it becomes."""

from __future__ import annotations

from typing import Any

import pytest

from components.observability.alert import Alert, Record

_SAID: dict[str, Any] = {
    "id": "KitchenServerDown",
    "subject": "serving",
    "expression": "up == 0",
    "severity": "page",
    "owner": "platform",
    "summary": "a",
    "impact": "b",
}


def test_an_alert_becomes_a_rule_with_its_runbook() -> None:
    rule = Alert(**_SAID, hold="5m").rule("https://docs.kitchen.example/", {"environment": "dev"})
    assert (rule["alert"], rule["for"]) == ("KitchenServerDown", "5m")
    assert rule["labels"] == {"environment": "dev", "severity": "page", "owner": "platform", "subject": "serving"}
    assert rule["annotations"]["runbook_url"] == "https://docs.kitchen.example/alerts.md#kitchenserverdown"


def test_an_alert_that_holds_at_once_has_no_for() -> None:
    assert "for" not in Alert(**_SAID).rule("docs")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"id": "ServerDown"}, "id: 'ServerDown'"),
        ({"id": "Kitchen_Down"}, "id: "),
        ({"hold": "5 minutes"}, "hold: "),
        ({"hold": "0m"}, "hold: "),
        ({"keeps": ("a-b",)}, "keeps: "),
    ],
)
def test_another_form_is_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Alert(**(_SAID | changes))


def test_a_record_is_called_by_the_projects_prefix() -> None:
    assert Record(name="kitchen:a:rate5m", expression="b", labels={"c": "d"}).rule() == {
        "record": "kitchen:a:rate5m",
        "expr": "b",
        "labels": {"c": "d"},
    }
    with pytest.raises(ValueError, match="name: 'up'"):
        Record(name="up", expression="b")
