"""`make profile`: one preview or update of a generated environment, and where its time goes.

The same command runs three times: as it is, with the engine's traces, and with profiles of its Python processes. What
it writes lies below reports/profile.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.bench.processes import Done
from tests.bench.profiling import imports, samples, traces
from tests.bench.progress import Progress
from tests.bench.settings import RESOURCES_A_TENANT
from tests.bench.size.cluster import credentials, private_cluster, settle, store_settings
from tests.bench.size.kitchens import Kitchens
from tools.cluster import Cluster
from tools.engine.words import table
from tools.local.workspace import REPOSITORY
from tools.toolchain import CLUSTER, PREVIEW, ensure

REPORTS = REPOSITORY / "reports" / "profile"
WAYS = ("offline", "preview", "up", "no-change")
_FUNCTIONS, _MODULES = 25, 12


def main(argv: list[str] | None = None) -> None:
    """Profile one command, print the tables and name the files."""
    arguments = _parse(argv)
    ensure(PREVIEW if arguments.way == "offline" else [*PREVIEW, *CLUSTER])
    shutil.rmtree(REPORTS, ignore_errors=True)
    REPORTS.mkdir(parents=True)
    progress = Progress("profile", 4)
    with tempfile.TemporaryDirectory(prefix="kitchen-profile-") as temporary, _place(arguments, temporary) as place:
        runs = _Runs(Path(temporary), arguments, place)
        plain = runs.run("plain")
        progress.told(f"as it is: {plain.seconds:.2f} s")
        traced = runs.run("traced", "--otel-traces", f"file://{REPORTS / 'traces.json'}")
        progress.told(f"with traces: {traced.seconds:.2f} s")
        profiled = runs.run("profiled", variables=samples.variables(REPORTS / "python"))
        progress.told(f"with profiles: {profiled.seconds:.2f} s")
    measured = imports.write(REPORTS)
    progress.told("imports")
    text = "\n\n".join(_tables(plain, measured))
    (REPORTS / "summary.txt").write_text(f"{text}\n")
    print(text)
    print("\nfiles:")
    for path in sorted(REPORTS.rglob("*.*")):
        print(f"  {path.relative_to(REPOSITORY)}")


class _Runs:
    """Runs of the chosen command, each on an environment of its own: the second would meet what the first has made."""

    def __init__(self, folder: Path, arguments: argparse.Namespace, cluster: Cluster | None) -> None:
        self._folder, self._way, self._pack, self._cluster = folder, arguments.way, arguments.pack, cluster
        self._tenants = _tenants(arguments)

    def run(self, name: str, *options: str, variables: dict[str, str] | None = None) -> Done:
        cluster = self._cluster
        kitchens = Kitchens(
            self._folder / name,
            self._tenants,
            cluster=cluster.kubeconfig if cluster else None,
            changes=store_settings(cluster) if cluster else None,
            credentials=credentials(cluster) if cluster else None,
        )
        if cluster and self._way == "no-change":
            kitchens.engine("up", "--yes", "--skip-preview")
            settle(cluster)
        command = ("preview",) if self._way in ("offline", "preview") else ("up", "--yes", "--skip-preview")
        done = kitchens.engine(*command, *options, pack=self._pack, variables=variables)
        if cluster and self._way in ("up", "no-change"):
            kitchens.engine("destroy", "--yes", "--skip-preview")
            settle(cluster)
        return done


def _tenants(arguments: argparse.Namespace) -> int:
    return max(1, round(int(arguments.resources) / RESOURCES_A_TENANT))


@contextmanager
def _place(arguments: argparse.Namespace, folder: str) -> Iterator[Cluster | None]:
    if arguments.way == "offline":
        yield None
        return
    with private_cluster(Path(folder) / "cluster", _tenants(arguments)) as cluster:
        yield cluster


def _tables(plain: Done, measured: dict[str, list[imports.Import]]) -> Iterator[str]:
    spans = traces.read(REPORTS / "traces.json")
    rows = traces.phases(spans)
    total = sum(seconds for _, seconds in rows)
    yield _titled(
        f"Phases, from the run with traces ({plain.seconds:.2f} s without)",
        ("phase", "seconds", "share"),
        [(name, f"{seconds:.2f}", f"{seconds / total:.0%}") for name, seconds in rows],
    )
    cpu = sum(plain.cpu.values())
    yield _titled(
        f"CPU by process, {cpu:.1f} s in {plain.seconds:.2f} s, and memory at its largest ({plain.peak_mib:.0f} MiB)",
        ("process", "CPU seconds", "share", "MiB"),
        [
            (role, f"{seconds:.2f}", f"{seconds / cpu:.0%}", f"{plain.roles.get(role, 0):.0f}")
            for role, seconds in sorted(plain.cpu.items(), key=lambda entry: -entry[1])
        ],
    )
    yield _titled(
        "Calls of the engine, which overlap",
        ("method", "calls", "seconds together", "longest", "first at", "last until"),
        [
            (entry.method, f"{entry.count}", *(f"{n:.2f}" for n in (entry.seconds, entry.longest)),
             *(f"{n:.2f}" for n in (entry.first, entry.last)))
            for entry in traces.calls(spans)
        ],
    )  # fmt: skip
    for found in samples.read(REPORTS / "python"):
        for title, figures in (("own", found.own), ("with what they call", found.with_calls)):
            yield _titled(
                f"Functions of the {found.role}, CPU seconds, {title}; a profile slows calls",
                ("seconds", "function"),
                [(f"{seconds:.3f}", name) for name, seconds in found.most(figures, _FUNCTIONS)],
            )
    for role, modules in measured.items():
        yield _titled(
            f"Imports of the {role}, milliseconds",
            ("with imports", "own", "module"),
            [(f"{entry.with_imports_ms:.0f}", f"{entry.own_ms:.0f}", entry.module) for entry in modules[:_MODULES]],
        )


def _titled(title: str, header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    return f"{title}\n\n{table(header, rows)}"


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.profiling", description=__doc__)
    parser.add_argument("--resources", type=int, default=300, metavar="N", help="about how many resources (300)")
    parser.add_argument(
        "--way",
        choices=WAYS,
        default="offline",
        help="a preview without a cluster; or on a private one: a first preview, a first update, one without a change",
    )
    parser.add_argument("--no-pack", dest="pack", action="store_false", help="without the policy pack")
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
