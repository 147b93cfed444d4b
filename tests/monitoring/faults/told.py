"""What a fault must lead to: those hear of it whom it concerns, within the stated time, and nobody hears of more."""

from __future__ import annotations

from collections.abc import Set
from contextlib import AbstractContextManager
from dataclasses import dataclass

from components.observability.rules import all_alerts
from tests.monitoring.faults.shorter import FACTOR
from tests.monitoring.faults.watching import Told, Watching, stated_seconds
from tests.monitoring.support.alerting import until
from tools.docs.alert_pages import everything

_ALERTS = {alert.id: alert for alert in all_alerts(everything())}
_SLACK = 15
"""Seconds for what no factor shortens: processes that start, and a machine that does other work."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """What was seen of a fault: `took` seconds by the shorter times, `stated` by the real ones."""

    fault: str
    told: Set[Told]
    silenced: Set[str]
    took: float
    stated: float


ROWS: list[Row] = []
"""Of every fault that this process has made, in order."""


def told_alone(
    seen: Watching,
    fault: str,
    made: AbstractContextManager[None],
    told: Set[Told],
    silenced: Set[str] = frozenset(),
) -> None:
    """Make the fault; `told` is all that anybody hears, and `silenced` may fire meanwhile without a message."""
    seen.wait_until_quiet()
    before, names = len(seen.webhook.messages), {alert for _, alert in told}
    stated = max(stated_seconds(_ALERTS[alert]) for alert in names)
    with made:
        took = until(
            lambda: seen.told(before) >= told,
            lambda: (seen.told(before), seen.firing()),
            seconds=stated / FACTOR + _SLACK,
        )
        unheard = seen.firing() - names
        heard = seen.told(before)
        assert heard == told, f"heard of {heard}"
        assert unheard <= silenced, f"fire without a message: {unheard}"
    row = Row(fault=fault, told=told, silenced=unheard, took=took, stated=stated)
    ROWS.append(row)
    print(f"\n{row}")
