"""`make bench`: every part, or those that are named; each writes its section of docs/benchmarks.md at its end."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench.adapter import adapter
from tests.bench.bundles import bundles
from tests.bench.drifts import drift
from tests.bench.entry import entry
from tests.bench.plans import plan
from tests.bench.policies import policies
from tests.bench.resource import resource
from tests.bench.rules import rules
from tests.bench.sections import ORDER, Section, keep, tables_of
from tests.bench.size import LABELS, at_size
from tests.bench.startup import startup
from tests.bench.stores import stores
from tools.progress import elapsed_text, say
from tools.toolchain import PREVIEW, ensure

PARTS: dict[str, Callable[[Path], Section]] = {
    "startup": startup,
    "resource": resource,
    "policies": policies,
    "plan": plan,
    "drift": drift,
    "size": at_size,
    "adapter": adapter,
    "bundles": bundles,
    "stores": stores,
    "entry": entry,
    "rules": rules,
}


def main(argv: list[str] | None = None) -> None:
    """Measure the chosen parts in the order of the page, print their tables and write them to the docs."""
    arguments = _parse(argv)
    ensure(PREVIEW)
    began = time.monotonic()
    for number, name in enumerate(arguments.parts, 1):
        say(f"bench: part {number}/{len(arguments.parts)}: {name}")
        with tempfile.TemporaryDirectory(prefix="kitchen-bench-") as temporary:
            folder = Path(temporary)
            section = at_size(folder, arguments.sizes) if arguments.sizes else PARTS[name](folder)
        print(tables_of(section))
        if not arguments.sizes:
            keep(name, section)
        say(f"bench: {name}: done ({elapsed_text(time.monotonic() - began)} in all)")


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--parts", default="", metavar="NAMES", help=f"with commas: {','.join(ORDER)}; all without it")
    parser.add_argument(
        "--sizes", default="", metavar="SIZES", help="a quick look: one round of these sizes, nothing written"
    )
    arguments = parser.parse_args(argv)
    asked = [name for name in arguments.parts.replace(",", " ").split() if name] or list(ORDER)
    sizes = arguments.sizes.replace(",", " ").split()
    if sizes:
        asked = ["size"]
    unknown = [name for name in asked if name not in PARTS] + [size for size in sizes if size not in map(str, LABELS)]
    if unknown:
        known = f"parts {', '.join(ORDER)}; sizes {', '.join(map(str, LABELS))}"
        sys.exit(f"bench: {', '.join(unknown)}: not known; known: {known}; example: make bench PARTS=size,policies")
    arguments.parts = [name for name in ORDER if name in asked]
    arguments.sizes = [int(size) for size in sizes]
    return arguments


if __name__ == "__main__":
    main()
