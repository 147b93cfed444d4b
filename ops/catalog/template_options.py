"""The option by which a person accepts what stands in a chat template."""

from __future__ import annotations

import argparse

from ops.checks.model_templates import OPTION


def template_options(parser: argparse.ArgumentParser) -> None:
    """Add it; `templates` is the list of names."""
    what = "what lint has found in a chat template and you have read, by its name; may be given more than once"
    parser.add_argument(OPTION, action="append", default=[], dest="templates", metavar="NAME", help=what)
