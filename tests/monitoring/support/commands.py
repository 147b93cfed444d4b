"""What commands write with `--metrics FILE`, told by a server of files in the place of node exporter's collector."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from ops import metrics_file
from ops.audit.metrics import metrics as of_audit
from ops.audit.verdicts import Row, proven
from ops.drift.commands import metrics as of_drift
from ops.merged.commands import metric as of_merged
from policies.check.metrics import write as write_policies
from policies.check.reports import Result
from policies.pack import RULES
from tests.monitoring.support.prometheus import Job
from tests.support.quiet_server import QuietServer

ENVIRONMENT = "dev"


def _written(folder: Path) -> list[Path]:
    """One file each of `kitchen audit`, `drift`, `merged` and `policy check`, by their own writers."""
    audit, drift, merged, policies = (folder / f"{name}.prom" for name in ("audit", "drift", "merged", "policies"))
    row = Row(kitchen="support", what="server", where="pods", declared="x", finding=proven("x"))
    metrics_file.write(audit, *of_audit(ENVIRONMENT, [row]))
    metrics_file.write(drift, *of_drift(ENVIRONMENT, Counter(update=1)))
    metrics_file.write(merged, of_merged(ENVIRONMENT, {("support", "faq/v1"): 1}))
    write_policies(policies, ENVIRONMENT, Result(rules=RULES, findings=(), exemptions=(), faults=(), objects=1))
    return [audit, drift, merged, policies]


@contextmanager
def command_files(folder: Path) -> Iterator[Job]:
    """Serve them."""
    folder.mkdir()
    text = b"".join(path.read_bytes() for path in _written(folder))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with QuietServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield Job(name="commands", ports=[server.server_address[1]], honour=True)
        server.shutdown()
