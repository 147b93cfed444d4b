"""The steps of docs/bring-in.md, each killed in its middle with all that it started, and run again as it was."""

from __future__ import annotations

import json
import os
import shutil
from functools import cached_property
from pathlib import Path
from typing import Any

from minio.credentials.providers import StaticProvider
from minio.minioadmin import MinioAdmin

from ops.store import client as store_client
from tests.cluster.support import desk
from tests.cluster.support.bring_in_text import command
from tests.cluster.support.steps import Steps
from tests.support import made_model
from tests.support.image_registry import ImageRegistry, logins
from tests.support.slow_line import SlowLine
from tools.cluster import Cluster
from tools.local.workspace import REPOSITORY

LARGE = os.environ.get("KITCHEN_WALK") == "large"
SHAPE = made_model.LARGE if LARGE else made_model.SMALL
SLOW = 8_000_000.0
MIB = 1024**2
BUNDLE, SIGNED = "bundle-2026-09", "bundle-2026-09-2.tar"
MODEL_FILE = f"base/{desk.MODEL}/{made_model.FILE}"


class Walk:
    """Everything at once: who takes a step finds here what the ones before have left."""

    def __init__(self, cluster: Cluster, folder: Path, outside: ImageRegistry, inside: ImageRegistry) -> None:
        self.outside, self.inside, self.cluster = outside, inside, cluster
        self.out, self.way_in = SlowLine(outside.host, "127.0.0.2"), SlowLine(inside.host, "127.0.0.2")
        self.to_store = SlowLine(cluster.minio_endpoint.removeprefix("http://"), "127.0.0.1")
        self.images = desk.seed(folder / "seeds", outside)
        place = folder / "desk"
        self.desk = desk.Desk(place, cluster, self.way_in.host, self.images, self.out.host, SHAPE)
        self.desk.lay_out()
        hosts = [self.out.host, self.way_in.host]
        people = logins(folder / "logins", outside, inside, lines=hosts)
        del people["HOME"]  # the toolchain's cache lies there
        env = {**os.environ, **people, **self.desk.keys(), "PYTHONPATH": str(REPOSITORY)}
        self.steps = Steps(place, env, folder / "commands.log")
        if LARGE:
            self._compress()
        self.sums: dict[str, dict[str, str]] = {}
        self.figures: list[str] = []

    def at(self, name: str) -> Path:
        return self.desk.folder / name

    def create(self) -> None:
        """Killed in a layer, in the model's file and in the archive; a large model has no archive of this step."""
        words, partial = command("create"), self.at(f"{BUNDLE}.partial")
        archive = self.at(f"{BUNDLE}.tar")
        if LARGE:
            at = words.index("--archive")
            words = [*words[:at], *words[at + 2 :]]
        self.out.rate = SLOW
        self.steps.killed("create", words, lambda _: half(partial) > desk.LAYER_BYTES // 4, self.at(BUNDLE))
        came, there = self.out.quiet(), half(partial)
        assert 0 < there < desk.LAYER_BYTES
        self.out.rate = None
        part, whole = partial / f"{MODEL_FILE}.part", self.desk.model_bytes
        self.steps.killed_in("create", words, part, whole // 3, self.at(BUNDLE))
        again, most = self.out.came - came, 2.2 * desk.LAYER_BYTES - there // 2
        assert again < most, f"a layer goes on where it was: {there} bytes were there, {again} came"
        came = self.out.came
        if not LARGE:
            part = archive.with_name(f"{archive.name}.part")
            self.steps.killed_in("create", words, part, whole + MIB, self.at(BUNDLE))  # the model's own file is smaller
            assert not archive.exists()
        self.steps.done("create", words)
        assert self.out.came - came < desk.LAYER_BYTES // 4, "what is there is not copied again"
        assert LARGE or archive.exists()
        assert not list(self.desk.folder.glob("*.part*"))
        self.figures.append(f"images: {mb(self.out.came)} came for {mb(self._image_bytes())}")
        self.sums = desk.sums_of(self.at(BUNDLE))
        shutil.rmtree(self.at("artifacts"))

    def sign(self) -> None:
        words, part = command("sign"), self.at(f"{SIGNED}.part")
        self.steps.killed_in("sign", words, part, self.desk.model_bytes // 3, self.at(SIGNED))
        self.steps.done("sign", words)
        assert not part.exists()
        shutil.copy(self.at(BUNDLE) / "bundle.json", self.at("signed.json"))
        shutil.rmtree(self.at(BUNDLE))

    def verify(self) -> None:
        words = both_keys(command("verify"))
        before = stat_of(self.at(SIGNED))
        self.steps.killed_reading("verify", words, self.at(SIGNED), before[0] // 2)
        self.steps.done("verify", words)
        assert stat_of(self.at(SIGNED)) == before

    def bring(self) -> None:
        """Killed while it unpacks, while it sends the model's parts, and while it pushes a layer."""
        words = [*both_keys(command("import")), "--endpoint", f"http://{self.to_store.host}"]
        catalog = self._catalog()
        part = self.at(f"{SIGNED}.unpacked.partial") / f"{MODEL_FILE}.part"
        self.steps.killed_in("import", words, part, self.desk.model_bytes // 3)
        assert not self.parts()
        self.to_store.rate = None if LARGE else 4 * SLOW
        enough = self.desk.model_bytes // (3 * desk.PART_MIB * MIB)
        self.steps.killed("import", words, lambda _: len(self.parts()) >= enough)
        self.to_store.cut()  # what is still on the way does not arrive
        self.to_store.rate = None
        there, went = sum(part["Size"] for part in self.parts()), self.to_store.went
        assert 0 < there < self.desk.model_bytes
        assert self.objects("models") == {}
        self.way_in.rate, before = SLOW, self.way_in.went
        self.steps.killed("import", words, lambda _: self.way_in.went - before > desk.LAYER_BYTES // 3)
        self.way_in.rate = None
        again = self.to_store.went - went - (self._model_bytes() - there)
        assert again < MIB + self._model_bytes() // 100, "parts that the store has are not sent again"
        assert [image.name for image in self.images if self._is_inside(image)] != [desk.SERVER, desk.FETCH, desk.OTHER]
        assert self._catalog() == catalog, "the catalog is written at the end"
        went = self.to_store.went
        self.steps.done("import", words)
        assert self.to_store.went - went < MIB
        self.figures += [
            f"model: {mb(self.to_store.went)} went to the store for {mb(self._model_bytes())}",
            f"images: {mb(self.way_in.went)} went in for {mb(self._image_bytes())}",
        ]
        assert not list(self.desk.folder.glob("*.partial*"))
        self.at(SIGNED).unlink()

    def parts(self) -> list[Any]:
        """What the store has of an upload of the model's file that is not at its end."""
        client, bucket = self.client, "walk-models"
        uploads = client.list_multipart_uploads(Bucket=bucket, Prefix=MODEL_FILE).get("Uploads", [])
        return [
            part
            for upload in uploads
            for page in client.get_paginator("list_parts").paginate(
                Bucket=bucket, Key=MODEL_FILE, UploadId=upload["UploadId"]
            )
            for part in page.get("Parts", [])
        ]

    def objects(self, bucket: str) -> dict[str, int]:
        found = self.client.list_objects_v2(Bucket=f"walk-{bucket}").get("Contents", [])
        return {entry["Key"]: entry["Size"] for entry in found}

    def _compress(self) -> None:
        """Let the store keep the model small, so that the disk holds it twice and not three times."""
        provider = StaticProvider(self.cluster.minio_access_key, self.cluster.minio_secret_key)
        endpoint = self.cluster.minio_endpoint.removeprefix("http://")
        admin = MinioAdmin(endpoint=endpoint, credentials=provider, secure=False)
        admin.config_set("compression", {"enable": "on", "extensions": ".safetensors", "mime_types": ""})

    @cached_property
    def client(self) -> Any:
        """A client of the cluster's store, as its administrator."""
        return store_client(self.cluster.minio_endpoint, "us-east-1", self.desk.keys())

    def _catalog(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.desk.catalog.glob("*.yaml")}

    def _is_inside(self, image: desk.Brought) -> bool:
        return self.inside.manifest(image.repository, image.digest) is not None

    def _model_bytes(self) -> int:
        manifest = json.loads(self.at("signed.json").read_text())
        return sum(
            file["size"] for entry in manifest["artifacts"] if entry["kind"] != "image" for file in entry["files"]
        )

    def _image_bytes(self) -> int:
        trees = (self.outside.tree(image.repository, image.digest) for image in self.images)
        return sum(len(content) for tree in trees for content in tree.values())


def half(folder: Path) -> int:
    """Bytes of the blobs that are not all there yet."""
    return sum(size_of(path) for path in folder.glob("images/*/blobs/sha256/*.part"))


def size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # it has just got its name
        return 0


def mb(count: int) -> str:
    return f"{count / 1e6:.1f} MB"


def stat_of(path: Path) -> tuple[int, int]:
    return path.stat().st_size, path.stat().st_mtime_ns


def both_keys(words: list[str]) -> list[str]:
    """The text's command for the archive that two people have signed."""
    words = [SIGNED if word == f"{BUNDLE}.tar" else word for word in words]
    return [*words, "--public-key", "second.pub"]
