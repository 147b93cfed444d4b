"""The load of a base model as its Job runs it: a process of its own against a real MinIO, and the servers' check."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from components.model_store import BaseModelContent, BaseModelFile, BaseModelLoadArgs
from components.model_store.check import CONFIG_PATH, MANIFEST, MODELS_PATH, SCRIPTS
from components.model_store.volume import _container
from components.object_store import BucketAccessArgs
from components.platform import Platform
from components.tenancy import StoreAddress
from infra.payload import fetch_adapters
from tests.support import pod_package
from tests.support.minio_server import REGION, MinioServer
from tests.support.ports import free_ports
from tests.support.slow_line import SlowLine
from tests.support.waiting import until

BUCKET, REF = "load-models", "tiny/v1"
PLATFORM = Platform(kind="kubernetes")
PAYLOAD = Path(fetch_adapters.__file__).parent
LARGE = {"config.json": b"{}", "model.safetensors": bytes(range(256)) * (64 << 12)}
FILES = {"config.json": b"{}", "model-1.safetensors": bytes(range(256)) * 20_000, "sub/tokenizer.json": b"[]"}


@dataclass(frozen=True, kw_only=True)
class Run:
    code: int
    text: str


@dataclass(kw_only=True)
class Volume:
    """A claim's folder, and the command of the Job with its paths on this machine."""

    store: MinioServer
    folder: Path
    files: dict[str, bytes] = field(default_factory=lambda: dict(FILES))
    line: SlowLine | None = None
    """Where a load is to be met in the middle: what it reads goes this way."""

    @property
    def models(self) -> Path:
        return self.folder / "models"

    @property
    def version(self) -> Path:
        return self.models / "base" / REF

    @property
    def marker(self) -> Path:
        return self.version / ".kitchen-complete.json"

    def content(self) -> BaseModelContent:
        files = [
            BaseModelFile(path=path, sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data))
            for path, data in self.files.items()
        ]
        scripts = {name: (PAYLOAD / name).read_text() for name in SCRIPTS}
        return BaseModelContent(base_model=REF, files=files, scripts=scripts, image="image")

    @property
    def place(self) -> Path:
        """The mount of the ConfigMap, which is the container's working directory."""
        return self.folder / "config"

    def command(self, *more: str, check: bool = False) -> tuple[list[str], dict[str, str]]:
        """Words and environment of the rendered container."""
        endpoint = f"http://{self.line.host}" if self.line else self.store.endpoint
        access = BucketAccessArgs(
            endpoint=endpoint, region=REGION, bucket=BUCKET, prefixes=[f"base/{REF}/"],
            namespace="x", secret_name="x", user="x",
        )  # fmt: skip
        args = BaseModelLoadArgs(
            namespace="x",
            content=self.content(),
            model_gib=1,
            labels={},
            platform=PLATFORM,
            store=StoreAddress(port=1),
            access=access,
        )
        container = args.content.check_container(PLATFORM) if check else _container(args, "key")
        config = self.place
        config.mkdir(parents=True, exist_ok=True)
        kept = (config / MANIFEST).read_text() if (config / "keep").exists() else None
        made = {"metadata": {"name": args.content.config_map}, "data": args.content.data()}
        pod_package.lay_out(made, args.content.volume(), config)
        if kept is not None:
            (config / MANIFEST).write_text(kept)
        assert container["workingDir"] == CONFIG_PATH
        words = [
            word.replace(CONFIG_PATH, str(config)).replace(MODELS_PATH, str(self.models)) if word[0] == "/" else word
            for word in [*container["command"], *container["args"], *more]
        ]
        keys = {"AWS_ACCESS_KEY_ID": self.store.access_key, "AWS_SECRET_ACCESS_KEY": self.store.secret_key}
        env = {entry["name"]: entry.get("value") or keys[entry["name"]] for entry in container.get("env", [])}
        return [sys.executable, *words[1:]], {"PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1", **env}

    def run(self, *more: str, check: bool = False) -> Run:
        words, env = self.command(*more, check=check)
        done = subprocess.run(words, cwd=self.place, env=env, capture_output=True, text=True, timeout=300, check=False)
        text = done.stdout + done.stderr
        assert "Traceback" not in text, text
        assert self.store.secret_key not in text
        return Run(code=done.returncode, text=text)

    def begin(self) -> subprocess.Popen[str]:
        """Start a load and do not wait for it."""
        words, env = self.command()
        return subprocess.Popen(
            words, cwd=self.place, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def put(self, files: dict[str, bytes]) -> None:
        for path, data in files.items():
            self.store.client().put_object(Bucket=BUCKET, Key=f"base/{REF}/{path}", Body=data)

    def there(self) -> dict[str, bytes]:
        found = (path for path in self.version.rglob("*") if path.is_file() and path != self.marker)
        return {path.relative_to(self.version).as_posix(): path.read_bytes() for path in found}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MinioServer]:
    with MinioServer(tmp_path_factory.mktemp("minio")) as server:
        server.client().create_bucket(Bucket=BUCKET)
        yield server


@pytest.fixture
def volume(store: MinioServer, tmp_path: Path) -> Volume:
    made = Volume(store=store, folder=tmp_path)
    made.put(FILES)
    return made


def test_a_load_ends_with_a_marker_and_servers_accept_it(volume: Volume) -> None:
    assert volume.run().code == 0
    assert volume.there() == FILES
    marker = json.loads(volume.marker.read_text())
    manifest = (volume.folder / "config" / MANIFEST).read_bytes()
    assert marker["manifestSha256"] == hashlib.sha256(manifest).hexdigest()
    assert (marker["ref"], marker["files"]) == (REF, 3)
    assert "already there" in volume.run().text
    assert volume.run(check=True).code == 0


def test_a_tampered_object_leaves_no_marker(volume: Volume) -> None:
    wrong = bytearray(FILES["model-1.safetensors"])
    wrong[len(wrong) // 2] ^= 1
    volume.put({"model-1.safetensors": bytes(wrong)})
    run = volume.run()
    assert run.code == 1
    assert f"{BUCKET}/base/{REF}/model-1.safetensors: sha256 " in run.text
    assert not volume.marker.exists()
    assert "model-1.safetensors" not in volume.there()
    checked = volume.run("--wait", "0", check=True)
    assert checked.code == 1
    assert "no completion marker" in checked.text


@pytest.mark.parametrize("change", [b"", b"more"])
def test_a_wrong_size_is_told(volume: Volume, change: bytes) -> None:
    volume.put({"config.json": change})
    assert volume.run().code == 1
    assert not volume.marker.exists()


def test_a_partial_file_is_continued_and_a_wrong_one_begun_anew(volume: Volume) -> None:
    weights = FILES["model-1.safetensors"]
    volume.version.mkdir(parents=True)
    part = volume.version / ".model-1.safetensors.part"
    part.write_bytes(weights[:-100])
    volume.put({"model-1.safetensors": b"\0" * (len(weights) - 100) + weights[-100:]})
    assert volume.run().code == 0, "only the last 100 bytes were asked for"
    volume.put(FILES)
    shutil.rmtree(volume.version)
    volume.version.mkdir()
    part.write_bytes(b"\0" * (len(weights) - 100))
    assert volume.run().code == 0
    assert volume.there() == FILES


def test_extra_files_go_and_a_foreign_marker_counts_for_nothing(volume: Volume) -> None:
    volume.version.mkdir(parents=True)
    (volume.version / "evil.bin").write_bytes(b"pickle")
    (volume.version / "link").symlink_to("/etc/passwd")
    volume.marker.write_text(json.dumps({"manifestSha256": "0" * 64}))
    checked = volume.run("--wait", "0", check=True)
    assert checked.code == 1
    assert "of another manifest" in checked.text
    assert volume.run().code == 0
    assert volume.there() == FILES
    assert not (volume.version / "link").is_symlink()


def test_a_full_verification_finds_what_sizes_do_not_show(volume: Volume) -> None:
    assert volume.run().code == 0
    (volume.version / "config.json").write_bytes(b"[]")
    assert volume.run(check=True).code == 0, "the check compares sizes, as it says"
    assert volume.run("--verify-all").code == 0
    assert volume.there() == FILES
    (volume.version / "config.json").write_bytes(b"[1]")
    assert "3 bytes" in volume.run("--wait", "0", check=True).text


def test_a_hostile_path_writes_nothing(volume: Volume) -> None:
    volume.files = {"../../escaped": b"x"}
    run = volume.run()
    assert run.code == 2
    assert "files[0].path" in run.text
    assert not volume.models.exists()


def test_a_store_that_dies_in_between_is_told_and_the_next_run_ends_well(tmp_path: Path) -> None:
    with MinioServer(tmp_path / "minio") as server:
        server.client().create_bucket(Bucket=BUCKET)
        volume = Volume(store=server, folder=tmp_path, files=LARGE)
        volume.put(volume.files)
        with slow(volume):
            process = begun(volume)
            assert server._process is not None
            server._process.kill()  # a polite end would let the download finish
            server.stop()
        text, _ = process.communicate(timeout=300)
        assert process.returncode == 3, text
        assert "Traceback" not in text
        assert not volume.marker.exists()
        server.start()
        with slow(volume):
            process = begun(volume)
            process.send_signal(signal.SIGKILL)
            process.communicate()
        assert volume.run().code == 0
        assert volume.there() == volume.files


@contextlib.contextmanager
def slow(volume: Volume) -> Iterator[SlowLine]:
    """The store is so slow that a load of the large model takes seconds, until the line's rate is taken away."""
    with SlowLine(volume.store.endpoint.removeprefix("http://"), "127.0.0.1", rate=8 << 20) as line:
        volume.line = line
        yield line
    volume.line = None


def begun(volume: Volume) -> subprocess.Popen[str]:
    """A load that is in the middle of a file of the large model."""
    process = volume.begin()
    part = volume.version / ".model.safetensors.part"
    until(lambda: process.poll() is not None or (part.exists() and part.stat().st_size > 0))
    assert process.poll() is None
    return process


@pytest.fixture
def large(volume: Volume) -> Iterator[SlowLine]:
    """The line to a volume's store."""
    volume.files = LARGE
    volume.put(volume.files)
    with slow(volume) as line:
        yield line


def test_two_loads_at_once_take_turns(volume: Volume, large: SlowLine) -> None:
    """As when a Job is made anew while the pod of the one before still runs."""
    first = begun(volume)
    second = volume.begin()
    assert second.stdout is not None
    assert "another load writes here; waiting" in second.stdout.readline()
    assert not volume.marker.exists()
    large.rate = None
    told = [process.communicate(timeout=300)[0] for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0), told
    assert "already there" in told[1], "the second finds everything done"
    assert volume.there() == volume.files
    assert volume.run(check=True).code == 0


def test_prometheus_sees_how_far_a_load_is(volume: Volume, large: SlowLine, monkeypatch: pytest.MonkeyPatch) -> None:
    (port,) = free_ports(1)
    monkeypatch.setattr("components.model_store.volume.STATUS_PORT", port)

    def far(name: str) -> float:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=120) as answer:
            found = dict(line.split("} ") for line in answer.read().decode().splitlines() if line[0] != "#")
        return float(found[f'kitchen_load_{name}_bytes{{base_model="tiny",version="v1"'])

    process = begun(volume)
    whole = sum(len(data) for data in volume.files.values())
    config = len(volume.files["config.json"])
    done = until(lambda: (now := far("done")) > config and now, process.poll)
    assert config < done < whole == far("whole")
    large.rate = None
    assert process.communicate(timeout=300)
    with socket.create_server(("127.0.0.1", port)):
        assert volume.run("--verify-all").code == 0, "a load needs no port"


def test_a_load_that_lost_its_turn_changes_nothing_more(volume: Volume, large: SlowLine) -> None:
    """As when a node was cut off so long that the file system gave its lock to another."""
    first = begun(volume)
    first.send_signal(signal.SIGSTOP)
    lock = volume.version.with_name(".v1.lock")
    lock.write_bytes(b"the token of another load")
    large.rate = None
    first.send_signal(signal.SIGCONT)
    text, _ = first.communicate(timeout=300)
    assert first.returncode == 3, text
    assert "another load has taken over" in text
    assert "Traceback" not in text
    assert not volume.marker.exists()
    assert "model.safetensors" not in volume.there()


def test_a_full_volume_is_told(volume: Volume) -> None:
    words, env = volume.command()
    limit = 1_000_000

    def small() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    options = {"env": env, "capture_output": True, "text": True}
    done = subprocess.run(words, cwd=volume.place, preexec_fn=small, check=False, **options)
    assert done.returncode == 2, done.stderr
    assert "cannot be written: File too large" in done.stderr
    assert not volume.marker.exists()


def test_a_bring_in_folder_serves_as_well_as_the_bucket(volume: Volume) -> None:
    source = volume.folder / "bring-in"
    for path, data in FILES.items():
        (source / "base" / REF / path).parent.mkdir(parents=True, exist_ok=True)
        (source / "base" / REF / path).write_bytes(data)
    words, env = volume.command()
    words = [*words[: words.index("--bucket")], "--from", str(source)]
    assert subprocess.run(words, cwd=volume.place, env={"PATH": env["PATH"]}, check=False).returncode == 0
    assert volume.there() == FILES


def test_a_changed_manifest_is_another_config_map(volume: Volume) -> None:
    content = volume.content()
    assert dataclasses.replace(content, files=content.files[:1]).config_map != content.config_map
