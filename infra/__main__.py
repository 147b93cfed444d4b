"""Entry point of the Pulumi program: settings in, kitchen out."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import pulumi

from infra.catalog import load_catalog
from infra.faults import FaultsError
from infra.kitchen import build
from infra.load import settings_from_engine
from infra.pace import all_registered, without_debug_messages, without_stack_traces

_TOLD = 32
"""Exit code by which the language host knows that the user has been told (sdk/python, pulumi-language-python-exec)."""


async def main() -> Mapping[str, Any]:
    """Build the environment that the stack's file describes; faults end in one message, no traceback."""
    without_debug_messages()
    without_stack_traces()
    try:
        catalog = load_catalog()
        settings = settings_from_engine(pulumi.get_stack(), catalog)
    except FaultsError as error:
        # A RunError would be told twice: the second time as "an unhandled error occurred".
        pulumi.log.error(str(error))
        sys.exit(_TOLD)
    outputs = build(settings, catalog)
    await all_registered()
    return outputs


pulumi.run(main)
