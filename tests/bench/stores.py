"""Part `stores`: publish, import and load beside boto3's own transfer of the same files, on one MinIO in one run.

Ours hashes every file on the way in and compares every byte on the way out; boto3's transfer manager does neither, and
its download leaves the bytes in memory, where a load ends when they are on the disk. `import` verifies a whole bundle
before it sends anything: beside it stand `openssl dgst` and the transfer, and the transfer alone.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from pathlib import Path

from tests.bench import made_model
from tests.bench.bundles import kitchen
from tests.bench.measured import HEADER, Run, Way, alternating, environment, measure, rows
from tests.bench.progress import Progress
from tests.bench.sections import Section, Table
from tests.support import bundle_tools as tools
from tests.support import pod_package
from tests.support.minio_server import REGION, MinioServer
from tools.toolchain import ensure

RUNS = 3
MB = 1000**2
SHAPES = {"1 file of 1 GB": (1, 1000 * MB), "100 files of 10 MB": (100, 10 * MB)}
REF = "tsuzumi-7b-instruct/v1"
NEW = "big/v1"
NOTE = """\
Runs take turns; each ratio is the median of the rounds' own. MinIO runs on the same cores, so that its work is in every
row, and processor seconds are the client's alone. `publish` reads each file before it sends anything, since nothing may
appear in a bucket unless every file is right; `import` verifies a bundle instead, and hashes no large file a second
time. One request a file keeps a sum of the whole object in the store, by which an audit proves it without a download.
boto3 sends files beyond 8 MB in parts, several at a time, of which the store keeps a sum of sums. Ratios of `import`
are without what `kitchen` takes to begin. `load` stands beside boto3's download and a flush, for it ends with bytes on
the disk."""

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


def stores(folder: Path) -> Section:
    """Measure every shape, in and out."""
    ensure(["minio"])
    progress = Progress("stores", len(SHAPES) * RUNS)
    found: list[tuple[str, ...]] = []
    for shape, (count, size) in SHAPES.items():
        found += _measured(folder / str(count), shape, (count, size), progress)
    return Section(title="Into the store and out of it", tables=[Table(header=HEADER, rows=found, note=NOTE)])


class _Bench:
    """One shape: its files, the bundle of them, the store, and each way as a command."""

    def __init__(self, folder: Path, store: MinioServer, count: int, size: int) -> None:
        self.folder, self.store, self.out = folder, store, folder / "out"
        self.source = folder / "artifacts" / "base" / NEW
        files = made_model.write(self.source, count, size)
        self.megabytes = sum(path.stat().st_size for path in files) / MB
        self.names = [str(path) for path in files]
        self.manifest = _manifest(folder / "manifest.json", files)
        (folder / "published").mkdir()
        (folder / "published" / REF).parent.mkdir()
        (folder / "published" / REF).symlink_to(self.source)
        self.env = {
            **environment(folder),
            **{"NO_PROXY": "127.0.0.1", "AWS_ENDPOINT_URL": store.endpoint, "AWS_ACCESS_KEY_ID": store.access_key},
            **{"AWS_SECRET_ACCESS_KEY": store.secret_key, "AWS_DEFAULT_REGION": REGION, **store.environment()},
        }
        self.signer = tools.keys(folder)
        place = ["--from", str(folder / "artifacts"), "--to", str(folder / "bundle")]
        listed = tools.bring_in(folder, tools.entry("base-model", NEW))
        kitchen(self.env, "create", "--list", str(listed), *place, *self.signer.sign(), "--json")

    def python(self, script: str, *words: str) -> Run:
        """Run a script of this module."""
        return measure([sys.executable, "-c", script, *words], self.env)

    def put(self, put_bytes: int, bucket: str = "run") -> Run:
        """Publish into an empty bucket."""
        self.emptied(bucket)
        published = str(self.folder / "published")
        return self.python(_PUBLISH, self.store.endpoint, bucket, str(self.manifest), published, str(put_bytes))

    def uploaded(self) -> Run:
        """boto3's way in."""
        self.emptied("run")
        return self.python(_UPLOAD, "run", str(self.source))

    def imported(self) -> Run:
        """The bundle into the bucket of an environment."""
        self.emptied("dev-models")
        words = ["--owner", "bench", "--settings", tools.DEV, "--endpoint", self.store.endpoint, "--skip-images"]
        return kitchen(self.env, "import", str(self.folder / "bundle"), *self.signer.trust(), *words, "--json")

    def began(self) -> Run:
        """What `kitchen bundle import` takes before it reads a bundle: it ends at settings that are not there."""
        code = "import sys; from ops.__main__ import main; sys.exit(main(sys.argv[1:]) != 2)"
        words = ["bundle", "import", str(self.folder), "--unsigned", "--settings", "absent.yaml", "--owner", "bench"]
        return self.python(f"import model_signing; {code}", *words)

    def downloaded(self) -> Run:
        """boto3's way out."""
        self.fresh()
        return self.python(_DOWNLOAD, "kept", str(self.out))

    def loaded(self) -> Run:
        """Our way out, as the Job of a base model goes it."""
        self.fresh()
        load = [*pod_package.started("load_base_model"), "--manifest", str(self.manifest)]
        return measure([*load, "--models", str(self.out), "--bucket", "kept"], self.env, pod_package.HOME)

    def fresh(self) -> None:
        """An empty folder to load into."""
        shutil.rmtree(self.out, ignore_errors=True)
        self.out.mkdir()

    def emptied(self, bucket: str) -> None:
        """An empty bucket to send to."""
        client = self.store.client()
        if bucket in [entry["Name"] for entry in client.list_buckets()["Buckets"]]:
            for entry in client.list_objects_v2(Bucket=bucket).get("Contents", []):
                client.delete_object(Bucket=bucket, Key=entry["Key"])
        else:
            client.create_bucket(Bucket=bucket)


def _measured(folder: Path, shape: str, files: tuple[int, int], progress: Progress) -> list[tuple[str, ...]]:
    folder.mkdir(parents=True)
    with MinioServer(folder / "minio") as store:
        bench = _Bench(folder, store, *files)
        bench.put(5 * 1024**3, "kept")
        ways = {
            "openssl": Way(run=lambda: measure(["openssl", "dgst", "-sha256", *bench.names]), ours=False),
            "upload": Way(run=bench.uploaded, ours=False),
            "publish": Way(run=lambda: bench.put(5 * 1024**3), beside=("upload",)),
            **({"publish, in parts": Way(run=lambda: bench.put(8 * MB), beside=("upload",))} if files[0] == 1 else {}),
            "start of an import": Way(run=bench.began),
            "import": Way(run=bench.imported, beside=("openssl", "upload"), start="start of an import"),
            "download": Way(run=bench.downloaded, ours=False),
            "sync": Way(run=lambda: measure(["sync", "-f", str(folder)]), ours=False),
            "load": Way(run=bench.loaded, beside=("download", "sync")),
        }
        found = alternating(ways, RUNS, shape, progress)
        alone = "import, beside the transfer alone"
        ways[alone] = Way(run=bench.imported, beside=("upload",), start="start of an import")
        found[alone] = found["import"]
    shutil.rmtree(folder)
    return rows(shape, bench.megabytes, ways, found)


def _manifest(path: Path, files: list[Path]) -> Path:
    entries = []
    for file in files:
        with file.open("rb") as content:
            sha256 = hashlib.file_digest(content, "sha256").hexdigest()
        entries.append({"path": file.name, "sha256": sha256, "sizeBytes": file.stat().st_size})
    name, version = REF.split("/")
    path.write_text(json.dumps({"name": name, "version": version, "files": entries}))
    return path
