"""Options of the commands that ask a kitchen's servers what they serve."""

from __future__ import annotations

import argparse
from pathlib import Path

TOKEN = "KITCHEN_MODELS_TOKEN"  # noqa: S105 - the name of a variable, not a secret


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add `--models` and `--models-token-file`; `ops.audit.models` reads what they give."""
    text = "ask this server what it serves; repeatable"
    parser.add_argument("--models", action="append", default=[], metavar="KITCHEN=URL", help=text)
    parser.add_argument("--models-token-file", type=Path, metavar="FILE", help=f"bearer token, if not in {TOKEN}")
