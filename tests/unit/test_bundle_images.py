"""Image layouts: whole and the right ones; by skopeo, where it is on PATH, out of a registry and into another."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from ops.__main__ import main
from ops.bundle import skopeo
from ops.bundle.images import Held
from tests import bundle_tools as tools
from tests.oci_registry import Registry

needs_skopeo = pytest.mark.skipif(shutil.which("skopeo") is None, reason="skopeo is not on PATH")


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


def test_without_skopeo_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    skopeo.version.cache_clear()
    listed = tools.bring_in(tmp_path, tools.image_entry(f"sha256:{'0' * 64}"))
    words = ["--list", str(listed), "--from", str(tmp_path), "--to", str(tmp_path / "bundle"), "--unsigned"]
    assert main(["bundle", "create", *words]) == 1
    told = capsys.readouterr().err
    assert "install it, or bring OCI layouts: images/<name>/ below --from" in told
    skopeo.version.cache_clear()


@needs_skopeo
def test_from_one_registry_into_another_with_signatures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    digest = tools.image_layout(tmp_path / "seed")
    name = digest.replace(":", "-")
    with Registry() as outside, Registry() as inside:
        for tag in (name, f"{name}.sig"):
            target = f"docker://{outside.host}/example/tool:{tag}"
            skopeo._copy("--dest-tls-verify=false", f"oci:{tmp_path / 'seed'}:{tag}", target)
        (tmp_path / "empty").mkdir()
        listed = tools.bring_in(tmp_path, tools.image_entry(digest, f"{outside.host}/example/tool"))
        bundle = str(tmp_path / "bundle.tar")
        signer = tools.keys(tmp_path)
        words = ["--list", str(listed), "--from", str(tmp_path / "empty"), "--to", str(tmp_path / "bundle")]
        assert main(["bundle", "create", *words, "--archive", bundle, *signer.sign()]) == 0
        manifest = json.loads((tmp_path / "bundle" / "bundle.json").read_text())
        assert manifest["tools"]["skopeo"] == skopeo.version()
        catalog = shutil.copytree(Path(tools.PROD).parent / "infra" / "catalog", tmp_path / "catalog")
        into = ["--settings", tools.PROD, "--registry", inside.host, "--catalog", str(catalog)]
        capsys.readouterr()
        assert main(["bundle", "import", bundle, *signer.trust(), *into, "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert f"{inside.host}/example/tool@{digest}" in told["images"]
        assert ("example/tool", digest) in inside.manifests
        assert f"{name}.sig" in inside.tags("example/tool")
        assert outside.manifests["example/tool", digest] == inside.manifests["example/tool", digest]
        assert f"  tool:\n    repository: example/tool\n    digest: {digest}\n" in (catalog / "images.yaml").read_text()
        assert not list(tmp_path.glob("*.partial*"))


@needs_skopeo
def test_a_registry_out_of_reach_is_told(tmp_path: Path) -> None:
    tools.image_layout(tmp_path / "layout")
    with pytest.raises(skopeo.ToolError, match=r"skopeo copy .*check: the registry"):
        skopeo.push(tmp_path / "layout", Held(digest="sha256:" + "0" * 64, name="none"), "127.0.0.1:1/x", alone=False)
