"""`python -m tools.tiers`: the tiers of tests of `make test`, the cluster tier beside the others.

The cluster tier mostly waits for servers: two processes take little more than the longer one alone.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1] / "tests"
FIRST = ("unit", "policy", "engine")
BESIDE = "cluster"


def main() -> int:
    """Run both; the first group's output is shown as it comes, the other's when it has ended. Returns 0 or 1."""
    start = time.monotonic()
    with tempfile.TemporaryFile("w+") as output:
        beside = subprocess.Popen(_pytest(BESIDE), stdout=output, stderr=subprocess.STDOUT)
        try:
            first = subprocess.run(_pytest(*FIRST), check=False).returncode
            print(f"tests: {', '.join(FIRST)}: {_said(first)} ({time.monotonic() - start:.0f}s); {BESIDE} goes on")
            status = beside.wait()
        except KeyboardInterrupt:
            beside.wait()  # the terminal told it too: its servers are stopped first
            return 130
        output.seek(0)
        print(output.read(), end="")
    print(f"tests: {BESIDE}: {_said(status)} ({time.monotonic() - start:.0f}s in all)")
    return 0 if first == status == 0 else 1


def _pytest(*tiers: str) -> list[str]:
    return [sys.executable, "-m", "pytest", *(str(TESTS / tier) for tier in tiers)]


def _said(status: int) -> str:
    return "passed" if status == 0 else "FAILED"


if __name__ == "__main__":
    sys.exit(main())
