"""What is declared and is not there: the state held against cluster and store, said and mended (docs/adr/0029).

`recorded` reads a state, `look` asks the cluster, `compare` and `fields` are pure, `store` does the same for buckets
and users, and `mend` waits, says it and lets the engine forget what is gone, so that the next update makes it again.
"""

from __future__ import annotations

from tools.drift.compare import Drift, Taken, compare
from tools.drift.look import look
from tools.drift.mend import DriftError, Mending, mend, mend_after
from tools.drift.recorded import Entry, recorded
from tools.drift.report import leftovers

__all__ = [
    "Drift",
    "DriftError",
    "Entry",
    "Mending",
    "Taken",
    "compare",
    "leftovers",
    "look",
    "mend",
    "mend_after",
    "recorded",
]
