"""Entry point of the Pulumi program: settings in, kitchen out."""

from __future__ import annotations

import pulumi

from infra.catalog import load_catalog
from infra.faults import FaultsError
from infra.kitchen import build
from infra.load import settings_from_engine


def main() -> None:
    """Build the environment that the stack's file describes; a fault ends in one message, no traceback."""
    try:
        catalog = load_catalog()
        settings = settings_from_engine(pulumi.get_stack(), catalog)
    except FaultsError as error:
        raise pulumi.RunError(str(error)) from error
    for name, value in build(settings, catalog).items():
        pulumi.export(name, value)


main()
