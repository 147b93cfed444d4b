"""What is pushed is what was verified, and what the closed registry cannot hold is told before anything is sent."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from ops.__main__ import main
from ops.bundle import command, copier, importing
from ops.bundle.pushing import Push, push_image
from ops.bundle.verify import Verified, verify
from tests.support import bundle_tools as tools
from tests.support import image_forms as forms
from tests.support.image_registry import ImageRegistry, ReferrersRegistry, digest_of, logins
from tests.support.registry_proxy import Answer, RegistryProxy
from tests.unit.support.bringing import bring, create


@pytest.fixture
def api() -> Iterator[ReferrersRegistry]:
    with ReferrersRegistry() as made:
        yield made


def from_layout(folder: Path, digest: str, *more: str, **keys: Any) -> int:
    """Make a bundle of the layout in `from/images/tool`."""
    listed = tools.bring_in(folder, tools.image_entry(digest))
    listed.write_text(listed.read_text() + json.dumps(keys)[1:-1].replace('", ', '"\n') + "\n")
    words = ["--list", str(listed), "--from", str(folder / "from"), "--to", str(folder / "bundle"), "--unsigned"]
    return main(["bundle", "create", *words, *more])


def layout_in(folder: Path) -> forms.Layout:
    return forms.Layout(folder / "from" / "images" / "tool")


def imported(folder: Path) -> str:
    return (folder / "catalog" / "images.yaml").read_text()


SWAPS = ("a layer", "the image's manifest", "the index of the layout", "one more in the index", "the whole layout")


@pytest.mark.parametrize("moment", ["after it was verified", "after the registry was asked"])
@pytest.mark.parametrize("swap", SWAPS)
def test_a_layout_that_is_swapped_never_ends_as_imported(  # noqa: PLR0917 - pytest gives them by name
    swap: str,
    moment: str,
    inside: ImageRegistry,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    layout = layout_in(tmp_path)
    digest = layout.add(forms.index(layout, *forms.both(layout, contents=(swap.encode(), moment.encode()))), "v1")
    other = forms.Layout(tmp_path / "other")
    of_other = other.add(forms.image(other, "amd64", contents=(b"evil",)), "v1")
    assert from_layout(tmp_path, digest) == 0
    target = tmp_path / "bundle" / "images" / "tool"

    def change() -> None:
        if swap == "a layer":
            layer = next(path for path in target.rglob("*") if path.is_file() and b"arm64: " in path.read_bytes())
            layer.write_bytes(layer.read_bytes()[:-1] + b"!")
        elif swap == "the image's manifest":
            (target / "blobs" / "sha256" / digest[7:]).write_bytes(b"{}")
        elif swap == "the index of the layout":
            shutil.copytree(other.root / "blobs", target / "blobs", dirs_exist_ok=True)
            shutil.copyfile(other.root / "index.json", target / "index.json")
        elif swap == "one more in the index":
            shutil.copytree(other.root / "blobs", target / "blobs", dirs_exist_ok=True)
            index = json.loads((target / "index.json").read_text())
            index["manifests"] += json.loads((other.root / "index.json").read_text())["manifests"]
            (target / "index.json").write_text(json.dumps(index))
        else:
            shutil.rmtree(target)
            shutil.copytree(other.root, target)

    def verified(*given: Any, **more: Any) -> Verified:
        found = verify(*given, **more)
        change()
        return found

    def pushed(push: Push, *given: Any, **more: Any) -> list[str]:
        change()
        return push_image(push, *given, **more)

    if moment.startswith("after it"):
        monkeypatch.setattr(command, "verify", verified)
    else:
        monkeypatch.setattr(importing, "push_image", pushed)
    capsys.readouterr()
    status = bring(tmp_path, inside.host, "--json")
    told = json.loads(capsys.readouterr().out)
    assert inside.manifest("example/tool", of_other) is None
    if status == 0:  # what was read before it was swapped
        assert told["images"] == [f"{inside.host}/example/tool@{digest}"]
        assert inside.tree("example/tool", digest)
    else:
        assert "must still be what was verified" in told["message"] or "no such file" in told["message"]
        assert digest not in imported(tmp_path)
        assert inside.manifest("example/tool", digest) is None


@pytest.mark.parametrize("what", ["the image", "a platform", "a signature"])
def test_the_registry_s_own_answer_is_compared_with_what_was_verified(
    what: str, api: ReferrersRegistry, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A registry that takes everything and answers with other bytes for one digest."""
    layout = layout_in(tmp_path)
    platforms = forms.both(layout)
    root = forms.index(layout, *platforms)
    signature = forms.artifact(layout, forms.SIGSTORE, b"{}", root)
    digest = layout.add(root, "v1")
    layout.add(signature)
    wrong = {"the image": digest, "a platform": platforms[1]["digest"], "a signature": signature["digest"]}[what]
    assert from_layout(tmp_path, digest) == 0

    def changed(method: str, path: str, content: bytes) -> bytes:
        return content.replace(b"schemaV", b"SchemaV") if path.endswith(wrong) and method == "GET" else content

    with RegistryProxy(api.host, lambda *_: None, changed) as door:
        capsys.readouterr()
        assert bring(tmp_path, door.host) == 1
    told = capsys.readouterr().err.splitlines()[-1]
    assert wrong in told
    assert digest not in imported(tmp_path)


def test_a_registry_that_loses_a_layer_is_found_out(api: ReferrersRegistry, tmp_path: Path) -> None:
    layout = layout_in(tmp_path)
    digest = layout.add(forms.image(layout, "amd64"), "v1")
    assert from_layout(tmp_path, digest) == 0
    lost = digest_of(b"amd64: first")

    def lose(method: str, path: str, *_: object) -> Answer | None:
        return (404, b"", {}) if method == "HEAD" and path.endswith(lost) else None

    with RegistryProxy(api.host, lose) as door:
        assert bring(tmp_path, door.host) != 0
    assert digest not in imported(tmp_path)


def test_a_copier_that_says_less_than_all_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    layout = layout_in(tmp_path)
    digest = layout.add(forms.image(layout, "amd64"), "v1")
    assert from_layout(tmp_path, digest) == 0
    lazy = tmp_path / "bin" / "kitchen-copier"
    lazy.parent.mkdir()
    done = '{"event": "done", "referrers": "api", "held": {}}'
    lazy.write_text(f"#!/bin/sh\n[ $# = 1 ] && echo kitchen-copier 1.0.0 protocol {copier.PROTOCOL} || echo '{done}'\n")
    lazy.chmod(0o755)
    monkeypatch.setenv("PATH", f"{lazy.parent}:/usr/bin:/bin")
    copier.find.cache_clear()
    try:
        assert bring(tmp_path, "registry.kitchen.example") == 1
    finally:
        copier.find.cache_clear()
    assert f"the registry does not answer with {digest}" in capsys.readouterr().err
    assert digest not in imported(tmp_path)


def without(*kinds: str) -> Any:
    """A registry that refuses manifests which hold one of these words, as registries of one form do."""

    def hook(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer | None:
        sent = headers.get("Content-Type", "").encode() + body
        if method == "PUT" and "/manifests/" in path and any(kind.encode() in sent for kind in kinds):
            error = {"errors": [{"code": "MANIFEST_INVALID", "message": "unsupported manifest media type"}]}
            return 415, json.dumps(error).encode(), {"Content-Type": "application/json"}
        return None

    return hook


def test_a_registry_without_docker_s_types_is_told_before_anything_is_sent(
    api: ReferrersRegistry, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layout = layout_in(tmp_path)
    digest = layout.add(forms.index(layout, *forms.both(layout, docker=True), docker=True), "v1")
    assert from_layout(tmp_path, digest) == 0
    assert "images/tool: the closed registry must hold Docker's media types (import asks it)" in capsys.readouterr().err
    with RegistryProxy(api.host, without("vnd.docker.distribution")) as door:
        assert bring(tmp_path, door.host) == 1
        told = capsys.readouterr().err
        assert (
            f'images/tool: {door.host}/example/tool: "{digest}"; rule: the registry must hold {forms.DOCKER_LIST}'
            in told
        )
        assert "unsupported manifest media type" in told
        assert not [path for method, path in door.asked if method == "POST" or "/blobs/" in path]
    assert digest not in imported(tmp_path)


def test_signatures_that_the_registry_cannot_hold_are_left_out_when_that_is_said(
    api: ReferrersRegistry, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layout = layout_in(tmp_path)
    root = forms.index(layout, *forms.both(layout))
    digest = layout.add(root, "v1")
    signature = layout.add(forms.artifact(layout, forms.SIGSTORE, b"{}", root))
    assert from_layout(tmp_path, digest) == 0
    with RegistryProxy(api.host, without(forms.SIGSTORE)) as door:
        assert bring(tmp_path, door.host) == 1
        assert f'"{signature}"; rule: the registry must hold' in capsys.readouterr().err
        assert digest not in imported(tmp_path)
        assert bring(tmp_path, door.host, "--skip-signatures", "--json") == 0
        assert json.loads(capsys.readouterr().out)["images"] == [f"{door.host}/example/tool@{digest}"]
    assert api.get(f"/v2/example/tool/manifests/{signature}")[0] == 404


def test_a_tag_of_a_signature_is_never_replaced(
    inside: ImageRegistry, repository: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody inside has signed the image too: cosign keeps that under the same tag."""
    layout = layout_in(tmp_path)
    root = forms.image(layout, "amd64", contents=(repository.encode(),))
    made, tag = forms.tag_signature(layout, root["digest"])
    digest = layout.add(root, "v1")
    layout.add(made, tag)
    own = forms.Layout(tmp_path / "own")
    theirs = own.add(forms.image(own, "theirs"), tag)
    inside.put_layout(own.root, "example/tool")
    assert from_layout(tmp_path, digest) == 0
    assert bring(tmp_path, inside.host) == 1
    told = capsys.readouterr().err
    assert f'"{theirs}"; rule: nothing is replaced: the registry\'s tag {tag} has this content' in told
    assert digest not in imported(tmp_path)
    assert bring(tmp_path, inside.host, "--skip-signatures") == 0
    found = inside.manifest("example/tool", tag)
    assert found is not None
    assert digest_of(found[1]) == theirs


@pytest.mark.parametrize(
    ("holds", "status", "line"),
    [
        (["artifacts"], 2, 'images/tool: "Docker\'s media types"; rule: registryHolds does not have `docker`'),
        (["docker"], 0, "WARNING: images/tool: registryHolds has no `artifacts`: import it with --skip-signatures"),
        (
            ["docker", "artifacts"],
            0,
            "images/tool: registryHolds has no `referrers`: what refers to the image is listed by a tag",
        ),
        (["docker", "artifacts", "referrers"], 0, "comes along: 1 by referrer"),
    ],
)
@pytest.mark.parametrize("way", ["a layout", "a registry"])
def test_what_is_stated_of_the_closed_registry_is_told_at_create(  # noqa: PLR0917 - pytest gives them by name
    way: str,
    holds: list[str],
    status: int,
    line: str,
    outside: ImageRegistry,
    repository: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    layout = layout_in(tmp_path)
    root = forms.index(layout, *forms.both(layout, docker=True), docker=True)
    digest = layout.add(root, "v1")
    signature = forms.artifact(layout, forms.SIGSTORE, b"{}", root)
    layout.add(signature)
    upstream = "docker.io/example/tool"
    if way == "a registry":
        outside.put_layout(layout.root, repository)
        listing = {"schemaVersion": 2, "mediaType": forms.OCI_INDEX, "manifests": [signature]}
        tag = digest.replace(":", "-")
        outside.put_manifest(repository, tag, forms.OCI_INDEX, json.dumps(listing).encode())
        (tmp_path / "from").rename(tmp_path / "gone")
        (tmp_path / "from").mkdir()
        upstream = f"{outside.host}/{repository}"
    listed = tools.bring_in(tmp_path, tools.image_entry(digest, upstream))
    listed.write_text(f"registryHolds: [{', '.join(holds)}]\n{listed.read_text()}")
    words = ["--list", str(listed), "--from", str(tmp_path / "from"), "--to", str(tmp_path / "bundle"), "--unsigned"]
    assert main(["bundle", "create", *words]) == status
    assert line in capsys.readouterr().err
    if status and way == "a registry":
        copied = [path for path in tmp_path.rglob("blobs/sha256/*") if "gone" not in path.parts]
        platforms = json.loads(outside.tree(repository, digest)[digest])["manifests"]
        manifests = {digest, signature["digest"], *(platform["digest"] for platform in platforms)}
        assert {f"sha256:{path.name}" for path in copied} == manifests, "no layer and no configuration was copied"


def test_what_is_signed_must_be_listed_as_it_lies_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layout = layout_in(tmp_path)
    root = forms.index(layout, *forms.both(layout))
    digest = layout.add(root, "v1")
    layout.add(forms.artifact(layout, forms.SIGSTORE, b"{}", root))
    assert from_layout(tmp_path, digest) == 0
    path = tmp_path / "bundle" / "bundle.json"
    manifest = json.loads(path.read_text())
    entry = manifest["artifacts"][0]["image"]
    listed = entry["attached"]
    for spoilt, status in (([], 1), ([*listed, listed[0]], 1), (listed, 0)):
        entry["attached"] = spoilt
        path.write_text(json.dumps(manifest))
        capsys.readouterr()
        assert main(["bundle", "verify", str(tmp_path / "bundle"), "--unsigned"]) == status
        assert ("bundle.json lists what is signed or said about the image" in capsys.readouterr().err) == bool(status)
    del entry["attached"]  # a bundle of an older version
    path.write_text(json.dumps(manifest))
    assert main(["bundle", "verify", str(tmp_path / "bundle"), "--unsigned"]) == 0


def test_a_login_or_a_certificate_that_is_wrong_is_told_at_once_and_without_secrets(
    outside: ImageRegistry,
    inside: ImageRegistry,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    config = Path(logins(tmp_path / "logins", outside, inside)["DOCKER_CONFIG"]) / "config.json"
    right = config.read_text()
    digest = f"sha256:{'1' * 64}"
    upstream = f"{outside.host}/example/none"
    assert create(tmp_path, upstream, digest) == 2
    assert "rule: the registry must have this digest" in capsys.readouterr().err
    config.write_text(right.replace(json.loads(right)["auths"][outside.host]["auth"], "a2l0OmNhbmFyeS13cm9uZw=="))
    assert create(tmp_path, upstream, digest) == 1
    told = capsys.readouterr().err
    assert "401" in told.splitlines()[-1]
    assert "again in" not in told
    config.write_text("{canary")
    assert create(tmp_path, upstream, digest) == 1
    assert f"logins cannot be read: {config}" in capsys.readouterr().err
    config.write_text(right)
    monkeypatch.setenv("SSL_CERT_FILE", str(inside.authority))
    assert create(tmp_path, upstream, digest) == 1
    told += capsys.readouterr().err
    assert "certificate" in told.splitlines()[-1]
    assert "again in" not in told
    assert "canary" not in told
