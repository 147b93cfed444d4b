"""Images out of registries that keep less to the specification than others, or that are in trouble."""

from __future__ import annotations

import hashlib
import json
import re
import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from ops.bundle import copier
from tests.support import image_forms as forms
from tests.support.image_registry import ImageRegistry
from tests.support.odd_registry import Answer, OddRegistry, listing, refusing
from tests.unit.support.bringing import create

TAGGED, REFERRING = "tag", "referrer"
Case = tuple[Path, str, dict[str, str], dict[str, Any]]


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(copier.PATIENCE, "firstWaitSeconds", 0.05)


@pytest.fixture
def seed(tmp_path: Path) -> Case:
    """An index, signed by a tag, and by a referrer that a list by tag names: layout, digest, tags, the referrer."""
    layout = forms.Layout(tmp_path / "seed")
    root = forms.index(layout, *forms.both(layout))
    digest = layout.add(root, "v1")
    made, tag = forms.tag_signature(layout, digest)
    signature = forms.artifact(layout, forms.SIGSTORE, b"{}", root)
    index = layout.json({"schemaVersion": 2, "mediaType": forms.OCI_INDEX, "manifests": [signature]}, forms.OCI_INDEX)
    layout.add(signature)
    return layout.root, digest, {tag: layout.add(made, tag), digest.replace(":", "-"): index["digest"]}, signature


def attached(folder: Path) -> list[str]:
    manifest = json.loads((folder / "bundle" / "bundle.json").read_text())
    return sorted(entry["by"] for entry in manifest["artifacts"][0]["image"]["attached"])


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        ({"chunked"}, str),
        ({"no digest"}, str),
        ({"no length"}, str),
        ({"no digest", "no length"}, str),
        (set(), lambda kind: f"{kind}; charset=utf-8"),
        (set(), lambda _: "application/json"),
        (set(), lambda _: "text/plain; charset=utf-8"),
        (set(), lambda _: ""),
    ],
    ids=["chunked", "no digest", "no length", "neither", "a character set", "json", "plain text", "no media type"],
)
def test_manifests_are_read_whatever_headers_stand_beside_them(
    form: set[str], kind: Callable[[str], str], seed: Case, tmp_path: Path
) -> None:
    layout, digest, tags, _ = seed
    with OddRegistry(layout, tags, form=frozenset(form), kind=kind) as registry:
        assert create(tmp_path, f"{registry.host}/example/tool", digest) == 0
    assert attached(tmp_path) == [REFERRING, TAGGED]


@pytest.mark.parametrize("kind", [f"{forms.OCI_INDEX}; charset=utf-8", "application/json", ""])
def test_the_list_of_the_api_counts_whatever_media_type_it_has(kind: str, seed: Case, tmp_path: Path) -> None:
    layout, digest, tags, signature = seed
    del tags[digest.replace(":", "-")]
    with OddRegistry(layout, tags, referrers=listing({digest: [signature]}, kind)) as registry:
        assert create(tmp_path, f"{registry.host}/example/tool", digest) == 0
    assert attached(tmp_path) == [REFERRING, TAGGED]


def test_a_list_that_says_little_of_its_entries_is_followed(
    seed: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layout, digest, tags, signature = seed
    del tags[digest.replace(":", "-")]
    listed = [{"digest": signature["digest"]}, {"digest": "../../blobs"}, {"digest": f"sha512:{'1' * 128}"}]
    with OddRegistry(layout, tags, referrers=listing({digest: listed})) as registry:
        assert create(tmp_path, f"{registry.host}/example/tool", digest) == 0
        assert not [path for _, path in registry.asked if ".." in path or "sha512" in path]
    assert attached(tmp_path) == [REFERRING, TAGGED]
    assert capsys.readouterr().err.count("in a form that no bundle holds: no sha256 digest") == 2


def test_a_list_by_tag_counts_beside_an_api_that_does_not_know_it(seed: Case, tmp_path: Path) -> None:
    """The signature was written before the registry had learnt the API."""
    layout, digest, tags, _ = seed
    with OddRegistry(layout, tags, referrers=listing({})) as registry:
        assert create(tmp_path, f"{registry.host}/example/tool", digest) == 0
    assert attached(tmp_path) == [REFERRING, TAGGED]


def test_every_page_of_the_api_is_read(seed: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layout, digest, tags, signature = seed
    del tags[digest.replace(":", "-")]
    pages = [listing({}), listing({digest: [signature]})]
    links = [{"Link": f'</v2/example/tool/referrers/{digest}?last=1>; rel="next"'}, {}]

    def hook(_: str, path: str, __: Mapping[str, str]) -> Answer | None:
        if f"/referrers/{digest}" not in path:
            return None
        number = int("last=" in path)
        status, content, headers = pages[number](digest)
        return status, content, {**headers, **links[number]}

    with OddRegistry(layout, tags, hook=hook) as registry:
        assert create(tmp_path, f"{registry.host}/example/tool", digest) == 0
        assert attached(tmp_path) == [REFERRING, TAGGED]
        links[0] = {"Link": '<http://other.example.com/v2/x>; rel="next"'}
        again = tmp_path / "again"
        again.mkdir()
        capsys.readouterr()
        assert create(again, f"{registry.host}/example/tool", digest) == 1
    assert "next page of referrers lies elsewhere: http://other.example.com/v2/x" in capsys.readouterr().err


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 406, 410, 501])
def test_a_list_by_tag_counts_where_the_api_is_refused(
    status: int, seed: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layout, digest, tags, _ = seed
    with OddRegistry(layout, tags, referrers=refusing(status, "NAME_UNKNOWN")) as registry:
        assert create(tmp_path, f"{registry.host}/example/tool", digest) == 0
    assert attached(tmp_path) == [REFERRING, TAGGED]
    told = capsys.readouterr().err
    assert told.count("does not list by its API what refers to an image") == int(status != 404)
    assert "again in" not in told


def test_an_image_that_nobody_has_signed_is_called_so(
    seed: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layout, digest, _, _ = seed
    with OddRegistry(layout, {}) as registry:
        assert create(tmp_path, f"{registry.host}/example/tool", digest) == 0
    assert "images/tool: nothing that is signed or said about it was found" in capsys.readouterr().err


def busy(status: int, after: str, times: int) -> Callable[[str, str, Mapping[str, str]], Answer | None]:
    """The first `times` requests for blobs are refused."""
    left = [times]

    def hook(method: str, path: str, _: Mapping[str, str]) -> Answer | None:
        if method != "GET" or "/blobs/" not in path or not left[0]:
            return None
        left[0] -= 1
        return status, b"", {"Retry-After": after}

    return hook


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_says_how_long_it_wants_to_be_left_alone_is(
    status: int, seed: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layout, digest, tags, _ = seed
    with OddRegistry(layout, tags, hook=busy(status, "1", 1)) as registry:
        assert create(tmp_path, f"{registry.host}/example/tool", digest) == 0
    assert "; again in 1 s" in capsys.readouterr().err


@pytest.mark.parametrize("after", ["soon", "-3", "99999999999999999999", "Sun, 06 Nov 1994 08:49:37 GMT"])
def test_what_is_no_time_to_wait_for_is_not_waited_for(
    after: str, seed: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layout, digest, tags, _ = seed
    with OddRegistry(layout, tags, hook=busy(429, after, 1)) as registry:
        assert create(tmp_path, f"{registry.host}/example/tool", digest) == 0
    assert "; again in 0.05 s" in capsys.readouterr().err


def test_a_server_that_wants_hours_is_told_at_once(
    seed: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layout, digest, tags, _ = seed
    with OddRegistry(layout, tags, hook=busy(429, "7200", 1000)) as registry:
        assert create(tmp_path, f"{registry.host}/example/tool", digest) == 1
    told = capsys.readouterr().err
    assert "the server asks to wait 2h0m0s, longer than 15m0s" in told
    assert "again in" not in told


def test_a_server_that_cannot_give_the_part_that_is_asked_for_gives_all_of_it(seed: Case, tmp_path: Path) -> None:
    layout, digest, tags, _ = seed
    blob = hashlib.sha256(b"amd64: first").hexdigest()
    left = tmp_path / "bundle.partial" / "images" / "tool.part" / "blobs" / "sha256"
    left.mkdir(parents=True)
    (left / f"{blob}.part").write_bytes(b"amd64")

    def hook(_: str, __: str, headers: Mapping[str, str]) -> Answer | None:
        return (206, b"AMD", {"Content-Range": "bytes 0-2/12"}) if "Range" in headers else None

    with OddRegistry(layout, tags, hook=hook) as registry:
        assert create(tmp_path, f"{registry.host}/example/tool", digest) == 0
        assert len([path for path in registry.gets("blobs") if blob in path]) == 2


def sized(size: Any) -> Callable[[forms.Layout], dict[str, Any]]:
    """An image whose layer is said to have this size; None for no size at all."""

    def image(layout: forms.Layout) -> dict[str, Any]:
        layer = layout.blob(b"four", forms.OCI_LAYER) | {"size": size}
        return manifest(layout, [{key: value for key, value in layer.items() if value is not None}])

    return image


def manifest(layout: forms.Layout, layers: list[dict[str, Any]]) -> dict[str, Any]:
    config = layout.json({"architecture": "amd64"}, forms.OCI_CONFIG)
    content = {"schemaVersion": 2, "mediaType": forms.OCI_MANIFEST, "config": config, "layers": layers}
    return layout.json(content, forms.OCI_MANIFEST)


def two_sizes(layout: forms.Layout) -> dict[str, Any]:
    layer = layout.blob(b"four", forms.OCI_LAYER)
    return manifest(layout, [layer, layer | {"size": 5}])


def layer_and_manifest(layout: forms.Layout) -> dict[str, Any]:
    one = forms.image(layout, "amd64")
    return forms.index(layout, one, manifest(layout, [one]))


def deep(layout: forms.Layout) -> dict[str, Any]:
    found = forms.image(layout, "amd64")
    for _ in range(17):
        found = layout.json({"schemaVersion": 2, "mediaType": forms.OCI_INDEX, "manifests": [found]}, forms.OCI_INDEX)
    return found


def written(change: Callable[[str], str]) -> Callable[[forms.Layout], dict[str, Any]]:
    def image(layout: forms.Layout) -> dict[str, Any]:
        made = manifest(layout, [layout.blob(b"four", forms.OCI_LAYER)])
        path = layout.root / "blobs" / made["digest"].replace(":", "/")
        return layout.blob(change(path.read_text()).encode(), forms.OCI_MANIFEST)

    return image


@pytest.mark.parametrize(
    ("image", "rule"),
    [
        (sized(-4), '"size: -4"; rule: must state how many bytes'),
        (sized(2**62), f'"size: {2**62}"; rule: must state how many bytes'),
        (sized(None), '"size: 0"; rule: must state how many bytes'),
        (two_sizes, "one content has one size: elsewhere the image says 4 bytes"),
        (layer_and_manifest, "content has one media type, wherever it is named"),
        (deep, "indexes in indexes are at most 16 deep"),
        (written(lambda text: text.replace('"layers"', '"layers": [], "layers"')), 'has the key "layers" twice'),
        (written(lambda text: text.replace('"layers"', '"Layers"')), "must be a manifest in JSON: an object"),
        (written(lambda text: text[:-1] + ', "x": ' + "[" * 100 + "]" * 100 + "}"), "nested deeper than 64 levels"),
    ],
    ids=[
        *("negative", "too large", "no size", "two sizes", "layer and manifest", "depth"),
        *("a key twice", "another key", "deep JSON"),
    ],
)
def test_what_verify_would_refuse_is_refused_before_a_layer_is_copied(
    image: Callable[[forms.Layout], dict[str, Any]], rule: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layout = forms.Layout(tmp_path / "seed")
    digest = image(layout)["digest"]
    with OddRegistry(layout.root, {}) as registry:
        assert create(tmp_path, f"{registry.host}/example/tool", digest) == 2
        assert not registry.gets("blobs")
    told = capsys.readouterr().err
    assert rule in told
    assert "bundle: 1 fault, nothing was changed" in told


@pytest.mark.parametrize("size", [2, 20])
def test_a_layer_of_another_size_than_the_image_says(
    size: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layout = forms.Layout(tmp_path / "seed")
    digest = sized(size)(layout)["digest"]
    with OddRegistry(layout.root, {}) as registry:
        assert create(tmp_path, f"{registry.host}/example/tool", digest) == 2
    assert f'"4 bytes"; rule: the image says {size} bytes' in capsys.readouterr().err


def test_layers_may_be_null_where_there_are_none(tmp_path: Path) -> None:
    layout = forms.Layout(tmp_path / "seed")
    made = manifest(layout, [])
    path = layout.root / "blobs" / made["digest"].replace(":", "/")
    digest = layout.blob(path.read_text().replace("[]", "null").encode(), forms.OCI_MANIFEST)["digest"]
    with OddRegistry(layout.root, {}) as registry:
        assert create(tmp_path, f"{registry.host}/example/tool", digest) == 0


@pytest.fixture
def secured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[ImageRegistry, ssl.SSLContext]:
    """Certificates, in a home without any of them."""
    assert copier.find() is not None  # its place is looked up in the real home
    made = ImageRegistry(tmp_path / "certificates")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.folder / "server.crt", made.folder / "server.key")
    return made, context


@pytest.mark.parametrize("place", [".config/containers/certs.d", ".config/docker/certs.d"])
def test_an_authority_of_one_registry_is_found_where_podman_and_docker_keep_it(
    place: str,
    secured: tuple[ImageRegistry, ssl.SSLContext],
    seed: Case,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    made, context = secured
    layout, digest, tags, _ = seed
    with OddRegistry(layout, tags, tls=context) as registry:
        assert create(tmp_path, f"{registry.host}/example/tool", digest) == 1
        assert "certificate signed by unknown authority" in capsys.readouterr().err
        folder = tmp_path / "home" / place / registry.host
        folder.mkdir(parents=True)
        (folder / "own.crt").write_text("no certificate")
        assert create(tmp_path, f"{registry.host}/example/tool", digest) == 2
        assert f'{folder / "own.crt"}: "unreadable"; rule: must hold certificates' in capsys.readouterr().err
        (folder / "own.crt").write_bytes(made.authority.read_bytes())
        assert create(tmp_path, f"{registry.host}/example/tool", digest) == 0


def test_a_registry_that_asks_for_a_certificate_gets_the_one_beside_its_authority(
    secured: tuple[ImageRegistry, ssl.SSLContext], seed: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made, context = secured
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(made.authority)
    layout, digest, tags, _ = seed
    with OddRegistry(layout, tags, tls=context) as registry:
        folder = tmp_path / "home" / ".config" / "containers" / "certs.d" / registry.host
        folder.mkdir(parents=True)
        (folder / "ca.crt").write_bytes(made.authority.read_bytes())
        assert create(tmp_path, f"{registry.host}/example/tool", digest) == 1
        told = capsys.readouterr().err
        assert "certificate required" in told
        # The registry closes the connection behind its alert: a request may break off before the alert is read, and
        # goes again. The alert itself is the answer.
        assert not re.search("certificate required.*again in", told)
        (folder / "client.cert").write_bytes((made.folder / "server.crt").read_bytes())
        assert create(tmp_path, f"{registry.host}/example/tool", digest) == 2
        assert f"must be a certificate in PEM, with its key in {folder / 'client.key'}" in capsys.readouterr().err
        (folder / "client.key").write_bytes((made.folder / "server.key").read_bytes())
        assert create(tmp_path, f"{registry.host}/example/tool", digest) == 0


def test_repositories_are_read_as_the_usual_tools_read_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # nobody is there: nothing leaves this machine
    monkeypatch.setitem(copier.PATIENCE, "attempts", 1)
    digest = f"sha256:{'1' * 64}"
    for upstream, path in (("docker.io/redis", "library/redis"), ("docker.io/vllm/vllm-openai", "vllm/vllm-openai")):
        assert create(tmp_path, upstream, digest) == 1
        assert f"https://registry-1.docker.io/v2/{path}/manifests/{digest}" in capsys.readouterr().err
    assert create(tmp_path, "vllm/vllm-openai", digest) == 2
    assert "must begin with the host of its registry: docker.io/vllm/vllm-openai" in capsys.readouterr().err


def test_images_come_without_what_is_signed_about_them_when_that_is_asked_for(seed: Case, tmp_path: Path) -> None:
    """Where a registry does not answer about signatures, or they are larger than the image."""
    layout, digest, tags, _ = seed
    with OddRegistry(layout, tags, referrers=refusing(500)) as registry:
        assert create(tmp_path, f"{registry.host}/example/tool", digest) == 1
        assert create(tmp_path, f"{registry.host}/example/tool", digest, "--skip-signatures") == 0
    assert attached(tmp_path) == []
    assert create(tmp_path, f"{registry.host}/example/tool", digest, "--skip-signatures") == 0, "it is there"
    assert create(tmp_path, f"{registry.host}/example/tool", digest) == 2, "another one is asked for"
    (tmp_path / "bundle").rename(tmp_path / "bundle.partial")  # as a run leaves it that was killed at its end
    with OddRegistry(layout, tags) as registry:
        assert create(tmp_path, f"{registry.host}/example/tool", digest) == 0
    assert attached(tmp_path) == [REFERRING, TAGGED], "what was left out before is looked for now"
    (tmp_path / "bundle").rename(tmp_path / "bundle.partial")
    with OddRegistry(layout, tags) as registry:
        assert create(tmp_path, f"{registry.host}/example/tool", digest, "--skip-signatures") == 0
    assert attached(tmp_path) == []


@pytest.mark.parametrize("listed", [True, False], ids=["as the list says", "as the registry says"])
def test_a_referrer_of_a_form_of_before_is_left_out_and_told(
    listed: bool, seed: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layout, digest, tags, signature = seed
    before = "application/vnd.oci.artifact.manifest.v1+json"
    content = json.dumps({"mediaType": before, "artifactType": "a/b", "blobs": []}).encode()
    old = {
        "mediaType": before if listed else forms.OCI_MANIFEST,
        "digest": f"sha256:{hashlib.sha256(content).hexdigest()}",
    }
    (layout / "blobs" / old["digest"].replace(":", "/")).write_bytes(content)
    answers = listing({digest: [{**old, "size": len(content)}, signature]})
    with OddRegistry(layout, tags, referrers=answers) as registry:
        assert create(tmp_path, f"{registry.host}/example/tool", digest) == 0
    assert attached(tmp_path) == [REFERRING, TAGGED]
    assert f"left out: {old['digest']} is said about the image in a form that no bundle holds: {before}" in (
        capsys.readouterr().err
    )
