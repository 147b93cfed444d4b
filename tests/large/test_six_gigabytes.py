"""A safetensors file of 6 GB into a real MinIO and onto a volume, killed on both ways, each process below 300 MB.

It is zeros behind a real header: a sparse file here, and the store compresses it, so that the disk holds it once.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from ops.uploads.held import first_part
from tests.support import pod_package
from tests.support.minio_server import REGION, MinioServer
from tools.local.workspace import REPOSITORY
from tools.toolchain import ensure

SIZE = 6 * 1000**3
MOST_MB = 300
BUCKET, REF, FILE = "models", "tsuzumi-7b-instruct/v1", "model-00001-of-00001.safetensors"
KEY = f"base/{REF}/{FILE}"
PUBLISH = """\
import json, sys
from dataclasses import replace
from pathlib import Path
from infra.catalog import FileSum, load_catalog
from ops.publish import publish
from ops.store import client
endpoint, folder, sha256, size = sys.argv[1:]
known, ref = load_catalog(), "tsuzumi-7b-instruct/v1"
files = (FileSum(path="model-00001-of-00001.safetensors", sha256=sha256, size_bytes=int(size)),)
catalog = replace(known, base_models={ref: replace(known.base_models[ref], files=files)})
report = publish(client(endpoint, "us-east-1"), "models", catalog, [ref], Path(folder), progress=print)
print(json.dumps({"uploaded": report.uploaded, "sent": report.sent_bytes}))
"""


class Compressing(MinioServer):
    """A MinIO that keeps zeros small."""

    def command(self) -> tuple[Sequence[str | Path], Mapping[str, str]]:
        words, more = super().command()
        compressed = {"MINIO_COMPRESSION_ENABLE": "on", "MINIO_COMPRESSION_EXTENSIONS": ".safetensors"}
        return words, {**more, **compressed, "MINIO_COMPRESSION_MIME_TYPES": ""}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MinioServer]:
    ensure(["minio"])
    with Compressing(tmp_path_factory.mktemp("minio")) as server:
        server.client().create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
        yield server


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """The folder of the file, and its sum."""
    folder = tmp_path_factory.mktemp("artifacts")
    path = folder / REF / FILE
    path.parent.mkdir(parents=True)
    tensor = {"dtype": "U8", "shape": [SIZE], "data_offsets": [0, SIZE]}
    head = json.dumps({"model.embed_tokens.weight": tensor}).encode()
    with path.open("wb") as file:
        file.write(len(head).to_bytes(8, "little") + head)
        file.truncate(8 + len(head) + SIZE)
    with path.open("rb") as file:
        yield folder, hashlib.file_digest(file, "sha256").hexdigest()
    path.unlink()


def size_of(source: Path) -> int:
    return (source / REF / FILE).stat().st_size


def ended(words: Sequence[str], env: Mapping[str, str], place: Path) -> tuple[str, float]:
    """What a process that must succeed has said, and its peak memory in MB."""
    with subprocess.Popen(words, env=dict(env), cwd=place, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, said
    return said, usage.ru_maxrss * 1024 / 1e6


def killed(words: Sequence[str], env: Mapping[str, str], place: Path, far: Any) -> None:
    """Start a process and kill it as soon as it is so far."""
    with subprocess.Popen(words, env=dict(env), cwd=place, stdout=subprocess.DEVNULL) as process:
        while not far():
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)


def test_it_is_published_after_a_kill_and_not_downloaded_to_be_compared(
    store: MinioServer, source: tuple[Path, str]
) -> None:
    folder, sha256 = source
    words = [sys.executable, "-c", PUBLISH, store.endpoint, str(folder), sha256, str(size_of(folder))]
    env = {**store.environment(), "PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY)}
    client = store.client()

    def parts() -> list[Any]:
        uploads = client.list_multipart_uploads(Bucket=BUCKET, Prefix=KEY).get("Uploads", [])
        return [
            part
            for upload in uploads
            for part in client.list_parts(Bucket=BUCKET, Key=KEY, UploadId=upload["UploadId"]).get("Parts", [])
        ]

    killed(words, env, REPOSITORY, lambda: len(parts()) > 40)
    there = len(parts())
    said, peak = ended(words, env, REPOSITORY)
    report = json.loads(said.splitlines()[-1])
    print(f"publish: {peak:.0f} MB")
    assert (report["uploaded"], parts()) == ([KEY], [])
    part = first_part(client, BUCKET, KEY)
    assert report["sent"] <= size_of(folder) - there * part
    assert peak < MOST_MB
    said, peak = ended(words, env, REPOSITORY)
    print(f"publish again: {peak:.0f} MB")
    assert json.loads(said.splitlines()[-1]) == {"uploaded": [], "sent": 0}
    assert peak < MOST_MB


def test_it_comes_onto_a_volume_after_a_kill(store: MinioServer, source: tuple[Path, str], tmp_path: Path) -> None:
    folder, sha256 = source
    name, version = REF.split("/")
    files = [{"path": FILE, "sha256": sha256, "sizeBytes": size_of(folder)}]
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({"name": name, "version": version, "files": files}))
    options = ["--manifest", str(manifest), "--models", str(tmp_path / "models"), "--bucket", BUCKET]
    words = [*pod_package.started("load_base_model"), *options]
    env = {
        **{"PATH": os.environ["PATH"], "AWS_ENDPOINT_URL": store.endpoint, "AWS_DEFAULT_REGION": REGION},
        **{"AWS_ACCESS_KEY_ID": store.access_key, "AWS_SECRET_ACCESS_KEY": store.secret_key, "NO_PROXY": "127.0.0.1"},
    }
    final = tmp_path / "models" / "base" / REF / FILE
    part = final.with_name(f".{FILE}.part")
    killed(words, env, pod_package.HOME, lambda: part.exists() and part.stat().st_size > SIZE // 3)
    begun = part.stat().st_size
    said, peak = ended(words, env, pod_package.HOME)
    print(f"load: {peak:.0f} MB")
    final.unlink()
    assert begun > SIZE // 3
    assert (final.parent / ".kitchen-complete.json").exists(), said
    assert peak < MOST_MB
