"""Image layouts: whole, and the right ones; and the copier, where it is found."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ops.__main__ import main
from ops.bundle import copier
from tests.support import bundle_tools as tools
from tests.support import image_forms as forms
from tests.unit.support.bringing import create


def refused(tmp_path: Path, source: Path, digest: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    listed = tools.bring_in(tmp_path, tools.image_entry(digest))
    words = ["--list", str(listed), "--from", str(source), "--to", str(tmp_path / "bundle"), "--unsigned", "--json"]
    assert main(["bundle", "create", *words]) == 2
    assert not (tmp_path / "bundle").exists()
    return [f"{fault['path']}: {fault['rule']}" for fault in json.loads(capsys.readouterr().out)["faults"]]


def test_the_digest_must_be_the_one_that_was_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tools.image_layout(tmp_path / "images" / "tool")
    told = refused(tmp_path, tmp_path, f"sha256:{'0' * 64}", capsys)
    assert told == ["images/tool/index.json: the index must hold the image that was asked for, by digest"]


def test_every_platform_must_be_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layout = tmp_path / "images" / "tool"
    digest = tools.image_layout(layout)
    layers = [path for path in (layout / "blobs" / "sha256").iterdir() if path.read_bytes() == b"layer of arm64"]
    layers[0].unlink()
    told = refused(tmp_path, tmp_path, digest, capsys)
    assert told == [f"images/tool/blobs/sha256/{layers[0].name}: every blob of every platform must be in the layout"]


def test_a_blob_must_be_what_its_name_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layout = tmp_path / "images" / "tool"
    digest = tools.image_layout(layout)
    layer = next(path for path in (layout / "blobs" / "sha256").iterdir() if path.read_bytes() == b"signature")
    layer.write_bytes(b"SIGNATURE")
    (layout / "notes.txt").write_text("")
    assert [line.rsplit(": ")[-1] for line in refused(tmp_path, tmp_path, digest, capsys)] == [
        "files of image tool must match oci-layout|index\\.json|blobs/sha256/[0-9a-f]{64}"
        "|[A-Za-z0-9][A-Za-z0-9_.-]{0,127}\\.sig"
    ]
    (layout / "notes.txt").rename(layout / "tool.sig")
    told = refused(tmp_path, tmp_path, digest, capsys)
    assert told == [f"images/tool/blobs/sha256/{layer.name}: a blob's name is its sha256 sum"]


def index(layout: Path, change: Callable[[dict[str, Any]], None]) -> None:
    content = json.loads((layout / "index.json").read_text())
    change(content)
    (layout / "index.json").write_text(json.dumps(content))


def manifest(layout: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Put a changed manifest beside the others, and list it in the index under its digest."""
    found = next(
        content
        for path in sorted((layout / "blobs" / "sha256").iterdir())
        if b'"layers"' in path.read_bytes()
        for content in [json.loads(path.read_bytes())]
    )
    change(found)
    listed(layout, json.dumps(found).encode())


def listed(layout: Path, content: bytes) -> None:
    digest = hashlib.sha256(content).hexdigest()
    (layout / "blobs" / "sha256" / digest).write_bytes(content)
    kind = "application/vnd.oci.image.manifest.v1+json"
    entry = {"mediaType": kind, "digest": f"sha256:{digest}", "size": len(content)}
    index(layout, lambda found: found["manifests"].append(entry))


def nested(layout: Path, depth: int) -> None:
    kind = "application/vnd.oci.image.index.v1+json"
    below: list[dict[str, Any]] = []
    for _ in range(depth):
        content = json.dumps({"schemaVersion": 2, "mediaType": kind, "manifests": below}).encode()
        digest = hashlib.sha256(content).hexdigest()
        (layout / "blobs" / "sha256" / digest).write_bytes(content)
        below = [{"mediaType": kind, "digest": f"sha256:{digest}", "size": len(content)}]
    index(layout, lambda found: found["manifests"].extend(below))


MANIFEST = "must be a manifest in JSON: an object, with lists of manifests or layers, and no key twice"
HOSTILE: dict[str, tuple[Callable[[Path], None], str]] = {
    "layers are a number": (lambda it: manifest(it, lambda found: found.update(layers=5)), MANIFEST),
    "layers are an object": (lambda it: manifest(it, lambda found: found.update(layers={"a": 1})), MANIFEST),
    "neither layers nor manifests": (lambda it: manifest(it, lambda found: found.pop("layers")), MANIFEST),
    "a key twice": (lambda it: listed(it, b'{"layers": [], "layers": []}'), MANIFEST),
    "deep nesting": (lambda it: listed(it, b"[" * 100_000), MANIFEST),
    "layers hold texts": (
        lambda it: manifest(it, lambda found: found.update(layers=["x"])),
        "a descriptor names its content by sha256 digest",
    ),
    "a digest with a path": (
        lambda it: manifest(it, lambda found: found["config"].update(digest="sha256:../../../etc/passwd")),
        "a descriptor names its content by sha256 digest",
    ),
    "a layer that is elsewhere": (
        lambda it: manifest(
            it,
            lambda found: found["layers"].append(
                {
                    "mediaType": "application/vnd.oci.image.layer.nondistributable.v1.tar",
                    "digest": f"sha256:{'3' * 64}",
                    "size": 3,
                    "urls": ["https://evil.example.com/layer"],
                }
            ),
        ),
        "every blob of every platform must be in the layout",
    ),
    "another media type within": (
        lambda it: listed(it, b'{"mediaType": "application/vnd.oci.image.index.v1+json", "layers": []}'),
        "must have the media type that its descriptor says: of two, clients take one or the other",
    ),
    "a list and layers": (lambda it: listed(it, b'{"manifests": [], "layers": []}'), MANIFEST),
    "two media types for one content": (
        lambda it: index(
            it,
            lambda found: found["manifests"].append(
                found["manifests"][1] | {"mediaType": "application/vnd.docker.distribution.manifest.v2+json"}
            ),
        ),
        "content has one media type, wherever it is named: of two, clients take one or the other",
    ),
    "indexes in indexes": (lambda it: nested(it, 40), "indexes in indexes are at most 16 deep"),
    "another size": (
        lambda it: index(it, lambda found: found["manifests"][0].update(size=1)),
        "must have the size that its descriptor says",
    ),
    "another media type": (
        lambda it: index(it, lambda found: found["manifests"][0].update(mediaType="application/octet-stream")),
        "what an index lists has the media type of a manifest or an index: nobody looks into anything else",
    ),
    "annotations are a list": (
        lambda it: index(it, lambda found: found["manifests"][1].update(annotations=["x"])),
        "",
    ),
    "a name that is none": (
        lambda it: index(
            it, lambda found: found["manifests"][1]["annotations"].update({"org.opencontainers.image.ref.name": "a b"})
        ),
        "a name in an index (org.opencontainers.image.ref.name) must be a plain name or tag",
    ),
    "a blob that nobody names": (
        lambda it: (it / "blobs" / "sha256" / hashlib.sha256(b"x").hexdigest()).write_bytes(b"x") and None,
        "no manifest names this blob: it would stay behind in the bundle, unseen",
    ),
    "manifests are a number": (
        lambda it: index(it, lambda found: found.update(manifests=7)),
        "must be an OCI image index with `manifests`",
    ),
}


@pytest.mark.parametrize(("spoil", "rule"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_layout_is_refused(
    spoil: Callable[[Path], None], rule: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layout = tmp_path / "from" / "images" / "tool"
    digest = tools.image_layout(layout)
    spoil(layout)
    if not rule:  # odd, and harmless
        words = ["--list", str(tools.bring_in(tmp_path, tools.image_entry(digest))), "--from", str(tmp_path / "from")]
        assert main(["bundle", "create", *words, "--to", str(tmp_path / "bundle"), "--unsigned"]) == 0
        return
    assert rule in " ".join(refused(tmp_path, tmp_path / "from", digest, capsys))


def test_without_a_copier_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("KITCHEN_CACHE_DIR", str(tmp_path))
    copier.find.cache_clear()
    listed = tools.bring_in(tmp_path, tools.image_entry(f"sha256:{'0' * 64}"))
    words = ["--list", str(listed), "--from", str(tmp_path), "--to", str(tmp_path / "bundle"), "--unsigned"]
    assert main(["bundle", "create", *words]) == 1
    told = capsys.readouterr().err
    assert told.splitlines()[-1] == (
        "bundle create: images/tool: not below --from; images are copied by kitchen-copier, which is neither on PATH "
        "nor in the toolchain's cache; run `make copier`, or bring OCI layouts: images/<name>/ below --from"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bring-in.yaml"]
    copier.find.cache_clear()


def test_a_copier_of_another_form_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one on PATH comes first, where it understands our jobs."""
    copier.find.cache_clear()
    right = copier.find()
    assert right is not None
    for number, taken in ((copier.PROTOCOL, True), (copier.PROTOCOL - 1, False), (copier.PROTOCOL + 1, False)):
        named = tmp_path / "kitchen-copier"
        named.write_text(f"#!/bin/sh\necho kitchen-copier 9.9.9 protocol {number}\n")
        named.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        copier.find.cache_clear()
        assert copier.find() == (copier.Copier(path=named, version="9.9.9") if taken else right)
    copier.find.cache_clear()


def test_a_layout_of_docker_save_has_lists_beside_its_index(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layout = forms.Layout(tmp_path / "empty" / "images" / "tool")
    digest = layout.add(forms.artifact(layout, "application/vnd.example.tool.v1", b"tool"), "v1")
    for name in ("manifest.json", "repositories"):
        (layout.root / name).write_text("[]")
    assert create(tmp_path, "docker.io/example/tool", digest) == 0
    told = capsys.readouterr().err
    assert f"{layout.root / 'manifest.json'}: left out, it is no part of the artifact" in told
    assert "the closed registry must hold manifests of any artifact type (import asks it)" in told
    names = {path.name for path in (tmp_path / "bundle" / "images" / "tool").iterdir()}
    assert names == {"blobs", "index.json", "oci-layout"}
    (tmp_path / "bundle").rename(tmp_path / "before")
    (layout.root / "other.json").write_text("[]")
    assert create(tmp_path, "docker.io/example/tool", digest) == 2
    assert "example: index.json" in capsys.readouterr().err
