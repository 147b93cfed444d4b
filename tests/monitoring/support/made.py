"""Write the data of names anew from real scrapes: `make metrics`. The tests compare it with scrapes of their own.

Without words it scrapes the parts that need no model. `cluster` adds kube-state-metrics beside an API server of its
own, and `vllm` the server of KITCHEN_SERVING_PYTHON; of another version than the pinned one it goes to names/newer.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.monitoring.support import exporters
from tests.monitoring.support.exporters import Exporter, write
from tests.monitoring.support.names import FOLDER, NEWER
from tests.monitoring.support.prometheus import Job, Prometheus
from tests.monitoring.support.scraped import families
from tests.serving.support.served_kitchen import PYTHON
from tools.toolchain import MONITORING, ensure

SCRAPES = 3


def _taken(
    folder: Path,
    jobs: Sequence[Job],
    told: Mapping[str, Exporter],
    where: Path = FOLDER,
    until: Callable[[Prometheus], None] | None = None,
) -> None:
    with Prometheus(folder / "prometheus", jobs) as prometheus:
        prometheus.wait_for_scrapes(SCRAPES)
        if until is not None:
            until(prometheus)
        for name, about in told.items():
            write(name, about, families(prometheus, name), where)


def _quick(folder: Path) -> None:
    from tests.monitoring.support.parts import quick_parts, used, wait_for_counter

    with quick_parts(folder) as parts:
        used(parts)
        _taken(folder, parts.jobs, exporters.quick(), until=wait_for_counter)


def _cluster(folder: Path) -> None:
    from tests.monitoring.support.cluster_parts import cluster_parts

    with cluster_parts(folder) as jobs:
        _taken(folder, jobs, exporters.of_cluster())


def _vllm(folder: Path) -> None:
    from tests.monitoring.support.serving import server, under_load

    about = exporters.of_server(os.environ[PYTHON])
    where = FOLDER if about.version == exporters.pinned_vllm() else NEWER
    with server(folder) as (kitchen, job):
        under_load(kitchen)
        _taken(folder, [job], {exporters.VLLM: about}, where)


WAYS: Mapping[str, Callable[[Path], None]] = {"quick": _quick, "cluster": _cluster, "vllm": _vllm}


def main(words: Sequence[str]) -> int:
    """Run the named ways."""
    ensure(MONITORING)
    for word in words or ["quick"]:
        with tempfile.TemporaryDirectory() as name:
            WAYS[word](Path(name))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
