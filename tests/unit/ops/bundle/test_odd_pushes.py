"""Images into registries that keep less to the specification than others, or that are in trouble."""

from __future__ import annotations

import http.client
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from ops.bundle import copier
from tests.support import image_forms as forms
from tests.support.image_registry import ReferrersRegistry, digest_of
from tests.support.registry_proxy import Answer, RegistryProxy
from tests.unit.support.bringing import bring, create

REPOSITORY = "/v2/example/tool"


@pytest.fixture
def api() -> Iterator[ReferrersRegistry]:
    with ReferrersRegistry() as made:
        yield made


@pytest.fixture
def digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A bundle of an image with a referrer; the image's digest."""
    monkeypatch.setitem(copier.PATIENCE, "firstWaitSeconds", 0.05)
    layout = forms.Layout(tmp_path / "empty" / "images" / "tool")
    root = forms.index(layout, *forms.both(layout))
    layout.add(forms.artifact(layout, forms.SIGSTORE, b"{}", root))
    made = layout.add(root, "v1")
    assert create(tmp_path, "docker.io/example/tool", made) == 0
    return made


def imported(folder: Path) -> str:
    return (folder / "catalog" / "images.yaml").read_text()


@pytest.mark.parametrize("status", [400, 404, 405, 501])
def test_a_registry_without_the_api_of_referrers_takes_an_image_twice(
    status: int, api: ReferrersRegistry, digest: str, tmp_path: Path
) -> None:
    def hook(_: str, path: str, __: Mapping[str, str], ___: bytes) -> Answer | None:
        return (status, b"", {}) if "/referrers/" in path else None

    with RegistryProxy(api.host, hook) as door:
        assert bring(tmp_path, door.host) == 0
        assert bring(tmp_path, door.host) == 0
    assert digest in imported(tmp_path)


def test_a_login_that_may_not_list_referrers_is_told_what_to_do(
    api: ReferrersRegistry, digest: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def hook(_: str, path: str, __: Mapping[str, str], ___: bytes) -> Answer | None:
        return (403, b"", {}) if "/referrers/" in path else None

    with RegistryProxy(api.host, hook) as door:
        assert bring(tmp_path, door.host) == 1
        assert "or import it with --skip-signatures" in capsys.readouterr().err
        assert not [path for method, path in door.asked if method == "POST"], "nothing was sent"
        assert digest not in imported(tmp_path)
        assert bring(tmp_path, door.host, "--skip-signatures") == 0


def test_a_registry_that_knows_get_alone(api: ReferrersRegistry, digest: str, tmp_path: Path) -> None:
    def hook(method: str, _: str, __: Mapping[str, str], ___: bytes) -> Answer | None:
        return (405, b"", {}) if method == "HEAD" else None

    with RegistryProxy(api.host, hook) as door:
        assert bring(tmp_path, door.host) == 0
        assert bring(tmp_path, door.host) == 0
    assert digest in imported(tmp_path)


def test_a_token_that_ends_between_two_requests_of_a_blob_is_asked_for_again(
    api: ReferrersRegistry, digest: str, tmp_path: Path
) -> None:
    refused: list[str] = []

    def hook(method: str, path: str, headers: Mapping[str, str], _: bytes) -> Answer | None:
        if path.startswith("/token"):
            return 200, b'{"token": "x"}', {}
        ended = method == "PUT" and "/uploads/" in path and not refused
        if ended:
            refused.append(path)
        if ended or "Authorization" not in headers:
            return 401, b"", {"WWW-Authenticate": f'Bearer realm="http://{headers["Host"]}/token",service="s"'}
        return None

    with RegistryProxy(api.host, hook) as door:
        assert bring(tmp_path, door.host) == 0
    assert refused
    assert digest in imported(tmp_path)


def test_a_registry_that_holds_half_a_blob_is_found_out(
    api: ReferrersRegistry, digest: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its disk was full once: it says to have the blob, and does not take it again."""
    half = f"{REPOSITORY}/blobs/{digest_of(b'amd64: first')}"

    def hook(method: str, path: str, __: Mapping[str, str], ___: bytes) -> Answer | None:
        if path != half:
            return None
        return (200, b"", {"Content-Length": "5"}) if method == "HEAD" else (200, b"amd64", {})

    with RegistryProxy(api.host, hook) as door:
        assert bring(tmp_path, door.host) == 1
    assert "5 bytes; rule: the registry must hold all 12 bytes of a blob" in capsys.readouterr().err
    assert digest not in imported(tmp_path)


def test_a_list_of_referrers_that_another_client_has_overwritten_is_written_again(
    api: ReferrersRegistry, digest: str, tmp_path: Path
) -> None:
    """Without the API each client writes the whole list: of two at once, one loses its entry."""
    tag = f"{REPOSITORY}/manifests/{digest.replace(':', '-')}"
    lost: list[str] = []

    def put(content: bytes) -> None:
        connection = http.client.HTTPConnection(api.host, timeout=60)
        connection.request("PUT", tag, content, {"Content-Type": forms.OCI_INDEX})
        assert connection.getresponse().status == 201
        connection.close()

    def hook(method: str, path: str, __: Mapping[str, str], ___: bytes) -> Answer | None:
        if "/referrers/" in path:
            return 404, b"", {}
        if method == "GET" and path == f"{REPOSITORY}/manifests/{digest}" and not lost:
            lost.append(path)  # what was pushed is being read back
            put(json.dumps({"schemaVersion": 2, "mediaType": forms.OCI_INDEX, "manifests": []}).encode())
        return None

    with RegistryProxy(api.host, hook) as door:
        assert bring(tmp_path, door.host) == 0
    assert lost
    found = json.loads(api.get(tag)[1])["manifests"]
    assert [entry["artifactType"] for entry in found] == [forms.SIGSTORE]


def test_a_pipe_in_the_place_of_a_layer_is_not_waited_for(
    api: ReferrersRegistry, digest: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = digest_of(b"amd64: first")
    path = tmp_path / "bundle" / "images" / "tool" / "blobs" / name.replace(":", "/")

    def hook(method: str, asked: str, __: Mapping[str, str], ___: bytes) -> Answer | None:
        if method == "HEAD" and asked.endswith(name) and path.is_file():
            path.unlink()  # behind the verification, before the blob is sent
            os.mkfifo(path)
        return None

    with RegistryProxy(api.host, hook) as door:
        assert bring(tmp_path, door.host) == 1
    assert f"{path}: no regular file; rule: must still be what was verified" in capsys.readouterr().err
    assert digest not in imported(tmp_path)
