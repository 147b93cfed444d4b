"""`python -m tools.cluster`: start, stop, look at or remove the embedded cluster."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from pathlib import Path
from types import FrameType

from tools.cluster import DEFAULT_DIRECTORY, Cluster, ClusterError, Status
from tools.cluster.components import START_ORDER
from tools.cluster.ports import CHOOSABLE
from tools.command import exit_status


def main(argv: list[str] | None = None) -> int:
    """Run one command; 0 is success, 1 an error or, for `status`, a cluster that does not run."""
    arguments = _parse(argv)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    chosen = {name: port for name in CHOOSABLE if (port := getattr(arguments, f"{name}_port", None)) is not None}
    cluster = Cluster(arguments.directory, ports=chosen)
    return exit_status(
        lambda: _run(cluster, arguments),
        prefix="cluster",
        errors=(ClusterError,),
        interrupted="cluster: interrupted; no process is left",
    )


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.cluster", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("start", "start it and wait until it is ready; nothing to do if it runs"),
        ("stop", "end its processes, keep its data"),
        ("status", "say what runs; exit status 1 unless all of it is well"),
        ("logs", "print the end of its logs"),
        ("destroy", "end its processes and remove its data"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("--directory", type=Path, default=DEFAULT_DIRECTORY, metavar="DIR")
        command.add_argument("--json", action="store_true", help="machine-readable output")
        if name == "start":
            for port in CHOOSABLE:
                command.add_argument(f"--{port}-port", type=int, metavar="PORT", help="instead of a free one")
        if name == "logs":
            command.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(START_ORDER)}")
            command.add_argument("--lines", type=int, default=20, metavar="N", help="of each log (20)")
    return parser.parse_args(argv)


def _run(cluster: Cluster, arguments: argparse.Namespace) -> int:
    if arguments.command == "logs":
        ends = cluster.logs(arguments.names, arguments.lines)
        print(json.dumps(ends, indent=2) if arguments.json else "\n".join(f"== {n}\n{t}" for n, t in ends.items()))
        return 0
    if arguments.command == "destroy":
        cluster.destroy()
        return 0
    if arguments.command == "stop":
        cluster.stop()
        return 0
    if arguments.command == "start":
        cluster.start()
    status = cluster.status()
    print(json.dumps(status.as_dict(), indent=2) if arguments.json else _table(status))
    if arguments.command == "status" and status.state == "broken":
        cluster.check()
    return 0 if status.state == "running" else 1


def _table(status: Status) -> str:
    rows = [
        f"state       {status.state}",
        f"kubeconfig  {status.kubeconfig}",
        f"minio       {status.minio_endpoint or '-'}",
        f"audit log   {status.audit_log}",
        "",
        f"{'PROCESS':<24} {'PID':<8} {'STATE':<10} ADDRESS",
    ]
    for entry in status.components:
        word = "healthy" if entry.healthy else "unhealthy" if entry.alive else "dead" if entry.pid else "stopped"
        rows.append(f"{entry.name:<24} {entry.pid or '-':<8} {word:<10} {entry.address or '-'}")
    return "\n".join(rows)


def _leave(number: int, frame: FrameType | None) -> None:
    """A polite end is an interruption: the start in progress cleans up after itself."""
    del frame
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
