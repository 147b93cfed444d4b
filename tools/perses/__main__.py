"""`python -m tools.perses FOLDER`: install the Perses of the dashboards' pictures, whole or not at all."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tools.command import exit_status
from tools.perses.install import PersesError, install


def main(argv: list[str] | None = None) -> int:
    """Install into a folder that is not there yet; every failure is one message and exit code 1."""
    parser = argparse.ArgumentParser(prog="python -m tools.perses", description=__doc__)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args(argv)

    def run() -> int:
        install(arguments.folder.absolute())
        return 0

    return exit_status(
        run,
        prefix="perses",
        errors=(PersesError,),
        interrupted="perses: interrupted; nothing half-installed is left",
    )


if __name__ == "__main__":
    sys.exit(main())
