"""Part `stores`: publish and load beside boto3's own transfer of the same files, on one MinIO in one run.

Ours hashes every file on the way in and compares every byte on the way out; boto3's transfer manager does neither. Each
run is a process of its own.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.progress import Progress
from tests.bench.sections import Section, Table
from tests.support import pod_package
from tests.support.minio_server import REGION, MinioServer
from tools.local.workspace import REPOSITORY
from tools.toolchain import ensure

RUNS = 3
MB = 1000**2
SHAPES = {"1 file of 1 GB": (1, 1000 * MB), "100 files of 10 MB": (100, 10 * MB)}
REF = "tsuzumi-7b-instruct/v1"
_PUBLISH = """\
import json, sys
from dataclasses import replace
from pathlib import Path
from infra.catalog import FileSum, load_catalog
from infra.stores import Limits, StoreFacts
from ops.publish import publish
from ops.store import client
endpoint, bucket, manifest, folder, put_bytes = sys.argv[1:]
known, ref = load_catalog(), "tsuzumi-7b-instruct/v1"
files = tuple(
    FileSum(path=file["path"], sha256=file["sha256"], size_bytes=file["sizeBytes"])
    for file in json.loads(Path(manifest).read_text())["files"]
)
catalog = replace(known, base_models={ref: replace(known.base_models[ref], files=files)})
facts = StoreFacts(limits=Limits(put_bytes=int(put_bytes)))
publish(client(endpoint, "us-east-1"), bucket, catalog, [ref], Path(folder), store=facts)
"""
_UPLOAD = """\
import sys
from pathlib import Path
import boto3
bucket, folder = sys.argv[1:]
client = boto3.client("s3")
for path in sorted(Path(folder).iterdir()):
    client.upload_file(str(path), bucket, path.name)
"""
_DOWNLOAD = """\
import sys
from pathlib import Path
import boto3
bucket, folder = sys.argv[1:]
client = boto3.client("s3")
for entry in client.list_objects_v2(Bucket=bucket)["Contents"]:
    client.download_file(bucket, entry["Key"], str(Path(folder, entry["Key"].rpartition("/")[2])))
"""


@dataclass(frozen=True, kw_only=True)
class Run:
    """Seconds and largest memory (MB) of one process."""

    seconds: float
    peak_mb: float


def measure(words: Sequence[str], env: Mapping[str, str], place: Path) -> Run:
    """Run a command that must succeed."""
    start = time.perf_counter()
    process = subprocess.Popen(words, cwd=place, env=dict(env), stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status != 0:
        sys.exit(f"bench: {words[0]} failed: {status}")
    return Run(seconds=seconds, peak_mb=usage.ru_maxrss * 1024 / 1e6)


def stores(folder: Path) -> Section:
    """Measure every shape, in and out."""
    ensure(["minio"])
    progress = Progress("stores", len(SHAPES) * RUNS)
    rows: list[tuple[str, ...]] = []
    for shape, (count, size) in SHAPES.items():
        rows += _measured(folder / str(count), shape, (count, size), progress)
    header = ("what", "median", "rate", "beside boto3's transfer", "peak memory")
    return Section(title="Into the store and out of it", tables=[Table(header=header, rows=rows)])


def _measured(folder: Path, shape: str, files: tuple[int, int], progress: Progress) -> list[tuple[str, ...]]:
    source, out = folder / "artifacts" / REF, folder / "out"
    manifest = _made(source, folder / "manifest.json", *files)
    with MinioServer(folder / "minio") as store:
        env = {
            **{"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY), "NO_PROXY": "127.0.0.1"},
            **{"AWS_ENDPOINT_URL": store.endpoint, "AWS_ACCESS_KEY_ID": store.access_key},
            **{"AWS_SECRET_ACCESS_KEY": store.secret_key, "AWS_DEFAULT_REGION": REGION, **store.environment()},
        }
        python = [sys.executable, "-c"]

        def put(put_bytes: int, bucket: str) -> Run:
            words = [
                *python,
                _PUBLISH,
                store.endpoint,
                bucket,
                str(manifest),
                str(folder / "artifacts"),
                str(put_bytes),
            ]
            return measure(words, env, REPOSITORY)

        into: dict[str, Callable[[str], Run]] = {
            "boto3 upload_file": lambda bucket: measure([*python, _UPLOAD, bucket, str(source)], env, folder),
            "publish, one request a file": lambda bucket: put(5 * 1024**3, bucket),
        }
        if files[0] == 1:
            into["publish, in parts"] = lambda bucket: put(8 * MB, bucket)
        load = [*pod_package.started("load_base_model"), "--manifest", str(manifest)]
        load += ["--models", str(out), "--bucket", "kept"]
        outward: dict[str, Callable[[str], Run]] = {
            "boto3 download_file": lambda _: measure([*python, _DOWNLOAD, "kept", str(out)], env, folder),
            "load of a base model": lambda _: measure(load, env, pod_package.HOME),
        }
        found: dict[str, list[Run]] = {}
        store.client().create_bucket(Bucket="kept")
        put(5 * 1024**3, "kept")
        for number in range(RUNS):
            for name, way in {**into, **outward}.items():
                bucket = f"run-{number}"
                store.client().create_bucket(Bucket=bucket)
                out.mkdir()
                found.setdefault(name, []).append(way(bucket))
                shutil.rmtree(out)
                _emptied(store, bucket)
            progress.told(f"{shape}, run {number + 1}")
    shutil.rmtree(folder)
    return [*_rows(shape, files, found, tuple(into)), *_rows(shape, files, found, tuple(outward))]


def _made(source: Path, manifest: Path, count: int, size: int) -> Path:
    source.mkdir(parents=True)
    block, entries = os.urandom(2 * MB), []
    for number in range(count):
        digest, path = hashlib.sha256(), source / f"model-{number:05}.safetensors"
        with path.open("wb") as file:
            for piece in (number.to_bytes(8, "big"), *[block] * (size // len(block))):
                digest.update(piece)
                file.write(piece)
        entries.append({"path": path.name, "sha256": digest.hexdigest(), "sizeBytes": path.stat().st_size})
    name, version = REF.split("/")
    manifest.write_text(json.dumps({"name": name, "version": version, "files": entries}))
    return manifest


def _emptied(store: MinioServer, bucket: str) -> None:
    client = store.client()
    for entry in client.list_objects_v2(Bucket=bucket).get("Contents", []):
        client.delete_object(Bucket=bucket, Key=entry["Key"])
    client.delete_bucket(Bucket=bucket)


def _rows(
    shape: str, files: tuple[int, int], found: Mapping[str, Sequence[Run]], names: tuple[str, ...]
) -> list[tuple[str, ...]]:
    medians = {name: statistics.median(run.seconds for run in found[name]) for name in names}
    megabytes = files[0] * files[1] / MB
    return [
        (
            f"{shape}: {name}",
            f"{seconds:.2f} s",
            f"{megabytes / seconds:.0f} MB/s",
            f"{seconds / medians[names[0]]:.2f}",
            f"{max(run.peak_mb for run in found[name]):.0f} MB",
        )
        for name, seconds in medians.items()
    ]
