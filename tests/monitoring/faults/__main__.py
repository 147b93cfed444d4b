"""`python -m tests.monitoring.faults`: make every fault, and write docs/faults.md if each was told as it must be."""

from __future__ import annotations

import sys

import pytest

from tests.monitoring.faults.shorter import FACTOR
from tests.monitoring.faults.told import ROWS, Row
from tools.docs import DOCS

_MODULES = [f"tests/monitoring/long/test_{name}.py" for name in ("faults", "server_faults")]
_HEAD = f"""# Faults and what is told of them

Made by `make test-faults` on one machine without a GPU: real parts, a real Prometheus with the rules of the table, a
real Alertmanager with the rendered routes, and a webhook that keeps what it is told. A fault is made, and must be told
to those whom it concerns, within the stated time, and nothing else may be told.

All times of rules, scrapes and routes are divided by {FACTOR} for the test, and days are not. *After* is what was
measured, multiplied by {FACTOR} again. *Stated* is the longest that it may take: a scrape (30 s), two evaluations (1
min each), the window of an average, the time that the alert holds, and the wait for others of its group. *Silenced*
are consequences that fired and that nobody heard of ([decision](adr/0045-who-hears-of-alerts.md)).

Not shown: a full KV cache (`KitchenKvCacheFull`). On a CPU, whose answers come in bursts, calls do not keep it full for
as long as a whole window.

| fault | told | to | after | stated | silenced |
|---|---|---|---|---|---|
"""


def main() -> int:
    """Run the tests; returns pytest's status."""
    status = int(pytest.main(["-s", "-q", *_MODULES]))
    if status == 0:
        (DOCS / "faults.md").write_text(_HEAD + "".join(_line(row) for row in ROWS))
        print("wrote docs/faults.md")
    return status


def _line(row: Row) -> str:
    told, to = (", ".join(sorted({pair[place] for pair in row.told})) for place in (1, 0))
    links = ", ".join(f"[{name}](alerts.md#{name.lower()})" for name in told.split(", "))
    times = (f"{seconds / 60:.1f} min" for seconds in (row.took * FACTOR, row.stated))
    return f"| {row.fault} | {links} | `{to}` | {' | '.join(times)} | {', '.join(sorted(row.silenced))} |\n"


if __name__ == "__main__":
    sys.exit(main())
