"""`make bench-fetch`: our verified fetch beside KServe's storage initializer, on one MinIO, with the same files.

Runs alternate. Both write to the same disk and start as a process of their own, as they do in a pod; what they fetched
is removed between two runs. KServe's checks no sums.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.support import pod_package
from tests.support.minio_server import REGION, MinioServer
from tools.engine.words import table
from tools.local.workspace import REPOSITORY
from tools.progress import say
from tools.toolchain import ensure

OTHER = "KITCHEN_STORAGE_PYTHON"
"""Variable with the Python that has kserve-storage; `make bench-fetch` sets it."""

RUNS = 5
MB = 1000 * 1000
BUCKET, ADAPTER, VERSION = "lora", "bench", "v2026-02-01"
SHAPES = {"1 x 2 GB": (1, 2000 * MB), "200 x 20 MB": (200, 20 * MB)}
REPORT = REPOSITORY / "docs" / "benchmarks-fetch.md"
_DOWNLOAD = "import sys; from kserve_storage import Storage; Storage.download(sys.argv[1], sys.argv[2])"


@dataclass(frozen=True, kw_only=True)
class Run:
    """Seconds and largest memory (MiB) of one process and its children."""

    seconds: float
    peak_mib: float


def upload(store: MinioServer, folder: Path, count: int, size: int) -> Path:
    """Fill the bucket with `count` adapters' weights of about `size` bytes and return the manifest that ours reads.

    Each file is one bfloat16 matrix of small numbers, as trained ones are: ours looks at every value.
    """
    store.client().create_bucket(Bucket=BUCKET)
    generator, files = random.Random(count), []  # noqa: S311 - only has to be the same in every run
    local = folder / "file"
    for number in range(count):
        digest = hashlib.sha256()
        shape = {"dtype": "BF16", "shape": [size // 2], "data_offsets": [0, size]}
        head = json.dumps({"base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight": shape}).encode()
        with local.open("wb") as file:
            for chunk in (len(head).to_bytes(8, "little") + head, *(_small(generator) for _ in range(size // MB))):
                digest.update(chunk)
                file.write(chunk)
            whole = file.tell()
        path = f"part-{number:03}.safetensors"
        store.client().upload_file(str(local), BUCKET, f"{ADAPTER}/{VERSION}/{path}")
        files.append({"path": path, "sizeBytes": whole, "sha256": digest.hexdigest()})
    local.unlink()
    manifest = folder / "manifest.json"
    adapters = [{"name": ADAPTER, "version": VERSION, "files": files}]
    manifest.write_text(json.dumps({"bucket": BUCKET, "dtype": "bfloat16", "adapters": adapters}))
    return manifest


def _small(generator: random.Random) -> bytes:
    """A MB of bfloat16 numbers between 2**-6 and 2**-5, of both signs."""
    random_bytes = bytearray(generator.randbytes(MB))
    random_bytes[1::2] = bytes(0x3D if byte & 1 else 0xBD for byte in random_bytes[1::2])
    return bytes(random_bytes)


def measure(words: list[str], env: dict[str, str]) -> Run:
    """Run a command that must succeed."""
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(words, cwd=pod_package.HOME, env=env, stdout=output, stderr=output)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        if status != 0:
            output.seek(0)
            sys.exit(f"bench: {words[0]} failed:\n{output.read()}")
    return Run(seconds=seconds, peak_mib=usage.ru_maxrss / 1024)


def compare(folder: Path, shape: str, other: str) -> list[tuple[str, ...]]:
    """Rows of one shape: each way's median and fastest, and their ratio."""
    count, size = SHAPES[shape]
    target = folder / "target"
    with MinioServer(folder / "minio") as store:
        say(f"bench: uploading {shape}")
        manifest = upload(store, folder, count, size)
        env = {
            **{"PATH": os.environ["PATH"], "HOME": str(folder), "AWS_ENDPOINT_URL": store.endpoint},
            **{"AWS_ACCESS_KEY_ID": store.access_key, "AWS_SECRET_ACCESS_KEY": store.secret_key},
            **{"AWS_DEFAULT_REGION": REGION, "S3_USER_VIRTUAL_BUCKET": "0", "NO_PROXY": "127.0.0.1"},
        }
        ways = {
            "ours, verified": [
                *pod_package.started("fetch_adapters"),
                "--manifest",
                str(manifest),
                "--target",
                str(target),
            ],
            "KServe's": [other, "-c", _DOWNLOAD, f"s3://{BUCKET}/{ADAPTER}/{VERSION}", str(target)],
        }
        runs: dict[str, list[Run]] = {name: [] for name in ways}
        for number in range(RUNS):
            for name, words in ways.items():
                target.mkdir()
                runs[name].append(measure(words, env))
                found = sum(path.stat().st_size for path in target.rglob("*.safetensors"))
                if found != sum(file["sizeBytes"] for file in json.loads(manifest.read_text())["adapters"][0]["files"]):
                    sys.exit(f"bench: {name} fetched {found} bytes, which is not all")
                shutil.rmtree(target)
            say(f"bench: {shape}, run {number + 1}/{RUNS}")
    return list(_rows(shape, runs))


def _rows(shape: str, runs: dict[str, list[Run]]) -> Iterable[tuple[str, ...]]:
    medians = {name: statistics.median(run.seconds for run in found) for name, found in runs.items()}
    for name, found in runs.items():
        fastest = min(run.seconds for run in found)
        peak = max(run.peak_mib for run in found)
        yield shape, name, f"{medians[name]:.2f} s", f"{fastest:.2f} s", f"{peak:.0f} MiB"
    first, second = medians.values()
    yield shape, "ratio ours / KServe's", f"{first / second:.2f}", "", ""


def main() -> None:
    """Compare every shape, print the table and write it to docs/benchmarks-fetch.md."""
    ensure(["minio"])
    rows: list[tuple[str, ...]] = []
    for shape in SHAPES:
        with tempfile.TemporaryDirectory() as temporary:
            rows += compare(Path(temporary), shape, os.environ[OTHER])
    text = table(("files", "what", "median", "fastest", "peak memory"), rows)
    print(text)
    said = "Written by `make bench-fetch`: ours and kserve-storage 0.21.0, which checks no sums."
    how = "The same files, MinIO and disk; runs alternate."
    REPORT.write_text(f"# Fetching adapters\n\n{said}\n{how}\n\n```\n{text}\n```\n")


if __name__ == "__main__":
    main()
