from __future__ import annotations

import ast
import copy
import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from infra.payload import fetch_adapters as fetch
from infra.payload import local_files, receiving

GOOD: dict[str, Any] = {
    "bucket": "lora",
    "adapters": [
        {
            "name": "helpdesk-faq",
            "version": "v2026-02-01",
            "files": [
                {"path": "adapter_config.json", "sha256": "a" * 64, "sizeBytes": 1},
                {"path": "adapter_model.safetensors", "sha256": "b" * 64, "sizeBytes": 2},
            ],
        }
    ],
}


def refused(code: str, status: int) -> ClientError:
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "GetObject")


def read(tmp_path: Path, manifest: object) -> dict[str, Any]:
    path = tmp_path / "manifest.json"
    path.write_text(manifest if isinstance(manifest, str) else json.dumps(manifest))
    return fetch.read_manifest(path)


def test_a_good_manifest_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, GOOD) == GOOD


@pytest.mark.parametrize(
    "path",
    [
        "../x",
        "a/../b",
        "/etc/passwd",
        "a//b",
        ".hidden",
        "./a",
        "a/",
        "",
        "a\\b",
        "a\x00b",
        "a\n",
        "..",
        "a/..",
        7,
        None,
    ],
)
def test_a_path_out_of_the_folder_is_refused(tmp_path: Path, path: object) -> None:
    manifest = copy.deepcopy(GOOD)
    manifest["adapters"][0]["files"][0]["path"] = path
    with pytest.raises(receiving.FetchError, match=r"adapters\[0\]\.files\[0\]\.path") as caught:
        read(tmp_path, manifest)
    assert caught.value.code == receiving.BAD_INPUT


@pytest.mark.parametrize("name", ["..", "a/b", "", ".fetching", "a b", None])
@pytest.mark.parametrize("field", ["name", "version"])
def test_a_name_that_is_no_plain_word_is_refused(tmp_path: Path, field: str, name: object) -> None:
    manifest = copy.deepcopy(GOOD)
    manifest["adapters"][0][field] = name
    with pytest.raises(receiving.FetchError, match=rf"adapters\[0\]\.{field}"):
        read(tmp_path, manifest)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    manifest = copy.deepcopy(GOOD)
    first, second = manifest["adapters"][0]["files"]
    first |= {"sha256": "A" * 64, "sizeBytes": True}
    second |= {"sizeBytes": -1, "path": "adapter_config.json/x"}
    manifest["adapters"].append({"name": "helpdesk-faq", "version": "v1", "files": []})
    with pytest.raises(receiving.FetchError) as caught:
        read(tmp_path, manifest)
    text = str(caught.value)
    for expected in (
        "adapters[0].files[0].sha256",
        "adapters[0].files[0].sizeBytes",
        "adapters[0].files[1].sizeBytes",
        "'adapter_config.json' and 'adapter_config.json/x'",
        "'helpdesk-faq' and 'helpdesk-faq'",
        "adapters[1].files",
    ):
        assert expected in text


def test_a_file_that_stands_twice_is_refused(tmp_path: Path) -> None:
    manifest = copy.deepcopy(GOOD)
    manifest["adapters"][0]["files"] *= 2
    with pytest.raises(receiving.FetchError, match="each stands once"):
        read(tmp_path, manifest)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"bucket": "lora"}',
        '{"bucket": "a", "bucket": "b", "adapters": []}',
        '{"adapters": []}',
        '{"bucket": "", "adapters": []}',
    ],
)
def test_what_is_no_manifest_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(receiving.FetchError, match="manifest") as caught:
        read(tmp_path, text)
    assert caught.value.code == receiving.BAD_INPUT


def test_a_link_is_never_right(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.write_bytes(b"")
    file = {"sizeBytes": 0, "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}
    assert local_files.is_right(real, file)
    (tmp_path / "link").symlink_to(real)
    assert not local_files.is_right(tmp_path / "link", file)


def test_discard_does_not_follow_links(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").write_text("x")
    (tmp_path / "link").symlink_to(kept)
    local_files.discard(tmp_path / "link")
    assert (kept / "file").read_text() == "x"
    assert not (tmp_path / "link").is_symlink()


def test_the_script_is_python_3_9_and_fits_a_config_map() -> None:
    text = Path(fetch.__file__).read_text()
    ast.parse(text, feature_version=(3, 9))
    imported = {
        (node.module or "") if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    outside = {name.split(".")[0] for name in imported} & {"boto3", "botocore", "infra", "components", "tools"}
    assert outside == {"boto3", "botocore"}
    assert len(text) < 100_000


def two_versions() -> dict[str, Any]:
    """A manifest with two versions of one adapter, the second under a name of its own."""
    manifest = copy.deepcopy(GOOD)
    second = {**copy.deepcopy(GOOD["adapters"][0]), "version": "v2026-03-01", "served": "helpdesk-faq--v2026-03-01"}
    manifest["adapters"].append(second)
    return manifest


def test_two_versions_of_an_adapter_have_a_folder_each(tmp_path: Path) -> None:
    assert read(tmp_path, two_versions()) == two_versions()


@pytest.mark.parametrize("served", ["helpdesk-faq", "../x", "", 7])
def test_a_second_version_without_a_good_name_of_its_own_is_refused(tmp_path: Path, served: object) -> None:
    manifest = two_versions()
    manifest["adapters"][1]["served"] = served
    with pytest.raises(receiving.FetchError):
        read(tmp_path, manifest)


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (RecursionError("a redirect to nowhere"), receiving.NO_STORE, "out of reach (RecursionError)"),
        (ResponseParserError("<html>"), receiving.NO_STORE, "out of reach (ResponseParserError)"),
        (refused("SlowDown", 503), receiving.NO_STORE, "could not answer: SlowDown; the next run goes on"),
        (refused("429", 429), receiving.NO_STORE, "could not answer: 429; the next run goes on"),
        (refused("AccessDenied", 403), receiving.NO_STORE, "refused: AccessDenied; check the key's rights"),
        (refused("InvalidRange", 416), receiving.WRONG_CONTENT, "shorter than the manifest says"),
        (refused("NoSuchKey", 404), receiving.WRONG_CONTENT, "missing in the store"),
    ],
)
def test_whatever_comes_in_place_of_an_object_is_one_line(
    monkeypatch: pytest.MonkeyPatch, error: Exception, code: int, said: str
) -> None:
    for name in fetch.NEEDED:
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    store = fetch.Store("lora")

    def fails(**_said: Any) -> Any:
        raise error

    monkeypatch.setattr(store._client, "get_object", fails)
    source = store.source("a")
    with pytest.raises(receiving.FetchError) as caught:
        receiving._opened(source, 0, 1)
    assert (caught.value.code, said in str(caught.value)) == (code, True), caught.value


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ({"ContentRange": "bytes 5-9/10", "ContentLength": 5}, (5, 10)),
        ({"ContentRange": "bytes 5-9/*", "ContentLength": 5}, (5, None)),
        ({"ContentLength": 10}, (0, 10)),
        ({}, (0, None)),
        ({"ContentRange": "lines 5-9/10", "ContentLength": 10}, (0, 10)),
    ],
)
def test_what_an_answer_says_of_itself_is_read(
    monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any], found: tuple[int, int | None]
) -> None:
    for name in fetch.NEEDED:
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    store = fetch.Store("lora")
    monkeypatch.setattr(store._client, "get_object", lambda **_said: {"Body": None, **answer})
    given = store.source("a").open(5)
    assert (given.start, given.size) == found
