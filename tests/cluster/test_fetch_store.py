"""The fetch script as the init container runs it: a process of its own against a real MinIO."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from infra.payload import fetch_adapters
from infra.payload.receiving import NO_STORE
from tests.support import pod_package
from tests.support.minio_server import REGION, MinioServer
from tests.support.signing import Key, new_key, signed
from tests.support.values import SPOILT, all_zero, one_value
from tools import fixtures

BUCKET = "fetch-lora"
FAQ = "helpdesk-faq/v2026-02-01"
SALES = "sales-summary/v2026-03-15"
CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of the script."""

    code: int
    out: str
    err: str


@dataclass(kw_only=True)
class Kitchen:
    """A target folder and manifest over a store that holds the artifacts."""

    store: MinioServer
    folder: Path
    manifest: dict[str, Any]
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def target(self) -> Path:
        return self.folder / "adapters"

    def run(self) -> Run:
        manifest = self.folder / "manifest.json"
        manifest.write_text(json.dumps(self.manifest))
        env = {
            "PATH": os.environ["PATH"],
            "AWS_ENDPOINT_URL": self.store.endpoint,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": self.store.access_key,
            "AWS_SECRET_ACCESS_KEY": self.store.secret_key,
            "NO_PROXY": "127.0.0.1",
            **self.environment,
        }
        done = subprocess.run(
            [*pod_package.started("fetch_adapters"), "--manifest", manifest, "--target", self.target],
            cwd=pod_package.HOME,
            env=env,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        told = done.stdout + done.stderr
        assert "Traceback" not in told
        assert env["AWS_SECRET_ACCESS_KEY"] not in told
        if done.returncode != NO_STORE:  # else what is there already is for the next run
            assert not (self.target / fetch_adapters.STAGE).exists()
        return Run(code=done.returncode, out=done.stdout, err=done.stderr)

    def put(self, key: str, content: bytes) -> None:
        self.store.client().put_object(Bucket=BUCKET, Key=key, Body=content)

    def visible(self) -> set[str]:
        """Files of the folders that servers read: what a fetch has begun lies in none of them."""
        found = {path.relative_to(self.target) for path in self.target.rglob("*") if not path.is_dir()}
        return {path.as_posix() for path in found if path.parts[0] != fetch_adapters.STAGE}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MinioServer]:
    with MinioServer(tmp_path_factory.mktemp("minio")) as server:
        server.client().create_bucket(Bucket=BUCKET)
        yield server


@pytest.fixture(scope="module")
def artifacts() -> dict[str, dict[str, bytes]]:
    return {
        adapter.ref: fixtures.adapter_files(adapter) for adapter in fixtures.ADAPTERS if adapter.ref in (FAQ, SALES)
    }


@pytest.fixture
def kitchen(store: MinioServer, tmp_path: Path, artifacts: dict[str, dict[str, bytes]]) -> Kitchen:
    adapters = []
    for ref, files in artifacts.items():
        name, version = ref.split("/")
        entries = [
            {"path": path, "sha256": hashlib.sha256(content).hexdigest(), "sizeBytes": len(content)}
            for path, content in files.items()
        ]
        adapters.append({"name": name, "version": version, "files": entries})
    made = Kitchen(store=store, folder=tmp_path, manifest={"bucket": BUCKET, "adapters": adapters})
    for ref, files in artifacts.items():
        for path, content in files.items():
            made.put(f"{ref}/{path}", content)
    return made


WHOLE = {f"{name}/{path}" for name in ("helpdesk-faq", "sales-summary") for path in (CONFIG, WEIGHTS)}
SALES_ONLY = {f"sales-summary/{path}" for path in (CONFIG, WEIGHTS)}


def test_right_sums_pass_and_a_restart_downloads_nothing(
    kitchen: Kitchen, artifacts: dict[str, dict[str, bytes]]
) -> None:
    first = kitchen.run()
    assert (first.code, first.err) == (0, "")
    assert kitchen.visible() == WHOLE
    assert (kitchen.target / "helpdesk-faq" / WEIGHTS).read_bytes() == artifacts[FAQ][WEIGHTS]
    assert len(re.findall(r"^\S+: \d+\.\d MiB, \d+\.\d MiB/s$", first.out, re.MULTILINE)) == 4

    kitchen.store.client().delete_object(Bucket=BUCKET, Key=f"{FAQ}/{WEIGHTS}")
    second = kitchen.run()
    assert second.code == 0
    assert "MiB/s" not in second.out
    assert kitchen.visible() == WHOLE


def test_two_versions_of_an_adapter_are_beside_each_other_and_either_may_fail_alone(
    kitchen: Kitchen, artifacts: dict[str, dict[str, bytes]]
) -> None:
    old = kitchen.manifest["adapters"][0]
    config = artifacts[FAQ][CONFIG].replace(b"}", b"}\n", 1)
    files = [{**file} for file in old["files"]]
    for file in files:
        content = config if file["path"] == CONFIG else artifacts[FAQ][WEIGHTS]
        file |= {"sha256": hashlib.sha256(content).hexdigest(), "sizeBytes": len(content)}
        kitchen.put(f"helpdesk-faq/v2026-03-01/{file['path']}", content)
    served = "helpdesk-faq--v2026-03-01"
    kitchen.manifest["adapters"].append({**old, "version": "v2026-03-01", "served": served, "files": files})
    new = {f"{served}/{path}" for path in (CONFIG, WEIGHTS)}
    assert kitchen.run().code == 0
    assert kitchen.visible() == WHOLE | new
    assert (kitchen.target / served / CONFIG).read_bytes() == config
    assert (kitchen.target / "helpdesk-faq" / CONFIG).read_bytes() == artifacts[FAQ][CONFIG]

    (kitchen.target / served / CONFIG).write_bytes(b"{}")
    kitchen.put(f"helpdesk-faq/v2026-03-01/{CONFIG}", b"{}")
    run = kitchen.run()
    assert (run.code, kitchen.visible()) == (1, WHOLE)
    assert f"helpdesk-faq/v2026-03-01/{CONFIG}" in run.err


def test_one_flipped_byte_fails_and_names_the_file(kitchen: Kitchen, artifacts: dict[str, dict[str, bytes]]) -> None:
    content = bytearray(artifacts[FAQ][WEIGHTS])
    content[len(content) // 2] ^= 1
    kitchen.put(f"{FAQ}/{WEIGHTS}", bytes(content))
    run = kitchen.run()
    assert run.code == 1
    expected = hashlib.sha256(artifacts[FAQ][WEIGHTS]).hexdigest()
    actual = hashlib.sha256(content).hexdigest()
    assert f"{BUCKET}/{FAQ}/{WEIGHTS}: sha256 {actual}; expected {expected}" in run.err
    assert kitchen.visible() == SALES_ONLY


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("truncated", "17415 bytes; expected 17416"),
        ("longer", "17417 bytes; expected 17416"),
        ("missing", "missing in the store"),
    ],
)
def test_wrong_content_fails_and_names_the_file(
    kitchen: Kitchen, artifacts: dict[str, dict[str, bytes]], change: str, expected: str
) -> None:
    content = artifacts[FAQ][WEIGHTS]
    match change:
        case "truncated":
            kitchen.put(f"{FAQ}/{WEIGHTS}", content[:-1])
        case "longer":
            kitchen.put(f"{FAQ}/{WEIGHTS}", content + b"x")
        case "missing":
            kitchen.store.client().delete_object(Bucket=BUCKET, Key=f"{FAQ}/{WEIGHTS}")
    run = kitchen.run()
    assert run.code == 1
    assert f"{BUCKET}/{FAQ}/{WEIGHTS}" in run.err
    assert expected in run.err
    assert kitchen.visible() == SALES_ONLY


def test_every_fault_is_told(kitchen: Kitchen) -> None:
    for ref in (FAQ, SALES):
        kitchen.put(f"{ref}/{CONFIG}", b"{}")
        kitchen.put(f"{ref}/{WEIGHTS}", b"")
    run = kitchen.run()
    assert run.code == 1
    assert run.err.count("fault: ") == 4
    assert kitchen.visible() == set()


def test_what_was_right_before_is_taken_away_when_it_is_not_any_more(kitchen: Kitchen) -> None:
    assert kitchen.run().code == 0
    with (kitchen.target / "helpdesk-faq" / WEIGHTS).open("r+b") as file:
        file.write(b"x")
    kitchen.put(f"{FAQ}/{WEIGHTS}", b"x")
    assert kitchen.run().code == 1
    assert kitchen.visible() == SALES_ONLY


def test_a_damaged_file_is_fetched_again_and_the_others_are_kept(
    kitchen: Kitchen, artifacts: dict[str, dict[str, bytes]]
) -> None:
    assert kitchen.run().code == 0
    (kitchen.target / "helpdesk-faq" / WEIGHTS).write_bytes(b"half")
    run = kitchen.run()
    assert run.code == 0
    assert run.out.count("MiB/s") == 1
    assert f"{FAQ}/{WEIGHTS}" in run.out
    assert (kitchen.target / "helpdesk-faq" / WEIGHTS).read_bytes() == artifacts[FAQ][WEIGHTS]


def test_links_and_files_that_nobody_declared_do_not_stay(kitchen: Kitchen) -> None:
    outside = kitchen.folder / "outside"
    outside.mkdir()
    (outside / WEIGHTS).write_bytes(b"kept")
    kitchen.target.mkdir()
    (kitchen.target / "helpdesk-faq").symlink_to(outside)
    (kitchen.target / "sales-summary").mkdir()
    (kitchen.target / "sales-summary" / "adapter_model.bin").write_bytes(b"pickle")
    stage = kitchen.target / fetch_adapters.STAGE
    stage.mkdir()
    (stage / "sales-summary").symlink_to(outside)
    (stage / "helpdesk-faq").mkdir()
    (stage / "helpdesk-faq" / CONFIG).symlink_to(outside / WEIGHTS)
    assert kitchen.run().code == 0
    assert kitchen.visible() == WHOLE
    assert not any(path.is_symlink() for path in kitchen.target.rglob("*"))
    assert (outside / WEIGHTS).read_bytes() == b"kept"


def test_a_file_that_cannot_be_written_is_told(kitchen: Kitchen) -> None:
    (kitchen.target / fetch_adapters.STAGE / "helpdesk-faq" / CONFIG).mkdir(parents=True)
    run = kitchen.run()
    assert run.code == 2, "the content is not to blame"
    assert f"{BUCKET}/{FAQ}/{CONFIG}: cannot be written" in run.err
    assert kitchen.visible() == SALES_ONLY


@pytest.mark.parametrize("right", [True, False])
def test_a_file_that_was_cut_off_goes_on(kitchen: Kitchen, artifacts: dict[str, dict[str, bytes]], right: bool) -> None:
    """As after a kill. The store has zeros in place of the beginning: it is not asked for unless it is not right."""
    weights = artifacts[FAQ][WEIGHTS]
    part = kitchen.target / fetch_adapters.STAGE / "helpdesk-faq" / f".{WEIGHTS}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(weights[:-100] if right else b"x" * 100)
    if right:
        kitchen.put(f"{FAQ}/{WEIGHTS}", bytes(len(weights) - 100) + weights[-100:])
    assert (kitchen.run().code, kitchen.visible()) == (0, WHOLE)
    assert (kitchen.target / "helpdesk-faq" / WEIGHTS).read_bytes() == weights


def test_a_path_out_of_the_target_writes_nothing(kitchen: Kitchen) -> None:
    kitchen.manifest["adapters"][0]["files"][0]["path"] = "../../escaped"
    run = kitchen.run()
    assert run.code == 2
    assert "adapters[0].files[0].path" in run.err
    assert not kitchen.target.exists()


def test_a_store_out_of_reach_is_told(kitchen: Kitchen, tmp_path: Path) -> None:
    with MinioServer(tmp_path / "gone") as gone:
        kitchen.environment["AWS_ENDPOINT_URL"] = gone.endpoint
    run = kitchen.run()
    assert run.code == 3
    assert f"store {gone.endpoint} out of reach" in run.err
    assert run.err.count("fault: ") == 4
    assert kitchen.visible() == set()


def test_a_key_without_rights_is_told(kitchen: Kitchen) -> None:
    kitchen.environment |= {"AWS_ACCESS_KEY_ID": "unknown-key", "AWS_SECRET_ACCESS_KEY": "canary-secret"}
    run = kitchen.run()
    assert run.code == 3
    assert "the store refused: InvalidAccessKeyId" in run.err
    assert kitchen.visible() == set()


def test_a_missing_environment_and_manifest_are_told(kitchen: Kitchen) -> None:
    kitchen.environment["AWS_ENDPOINT_URL"] = ""
    run = kitchen.run()
    assert run.code == 2
    assert "AWS_ENDPOINT_URL not set" in run.err
    kitchen.environment["AWS_ENDPOINT_URL"] = "not a url"
    assert kitchen.run().code == 2
    kitchen.manifest = {"bucket": BUCKET}
    assert kitchen.run().code == 2


def test_a_target_that_cannot_be_written_is_told(kitchen: Kitchen) -> None:
    kitchen.target.write_text("a file")
    run = kitchen.run()
    assert run.code == 2
    assert f"--target {kitchen.target}" in run.err


def republish(kitchen: Kitchen, path: str, content: bytes) -> None:
    """Another file of the first adapter, with its sum in the manifest: published before anybody looked at values."""
    kitchen.put(f"{FAQ}/{path}", content)
    (file,) = (file for file in kitchen.manifest["adapters"][0]["files"] if file["path"] == path)
    file |= {"sha256": hashlib.sha256(content).hexdigest(), "sizeBytes": len(content)}


@pytest.mark.parametrize("spoilt", SPOILT)
def test_weights_that_would_spoil_a_server_are_refused_though_their_sums_are_right(
    kitchen: Kitchen, artifacts: dict[str, dict[str, bytes]], spoilt: str
) -> None:
    spoil, said = SPOILT[spoilt]
    kitchen.manifest["dtype"] = "bfloat16"
    republish(kitchen, WEIGHTS, spoil(artifacts[FAQ][WEIGHTS]))
    for _ in range(2):
        run = kitchen.run()
        assert run.code == 1
        assert f"{BUCKET}/{FAQ}/{WEIGHTS}: tensor base_model.model.model.layers." in run.err
        assert said in run.err
        assert kitchen.visible() == SALES_ONLY


def test_the_data_type_of_the_server_and_the_scale_of_the_adapter_count(
    kitchen: Kitchen, artifacts: dict[str, dict[str, bytes]]
) -> None:
    republish(kitchen, WEIGHTS, one_value(artifacts[FAQ][WEIGHTS], 200.0))
    for dtype, alpha, code in (("bfloat16", 16, 0), ("float16", 8, 0), ("float16", 16, 1), ("bfloat16", 16, 0)):
        kitchen.manifest["dtype"] = dtype
        republish(kitchen, CONFIG, json.dumps(json.loads(artifacts[FAQ][CONFIG]) | {"lora_alpha": alpha}).encode())
        assert kitchen.run().code == code, (dtype, alpha)
    kitchen.manifest["dtype"] = "float8"
    assert "manifest.dtype" in kitchen.run().err


def test_what_lies_there_already_is_looked_at_too(kitchen: Kitchen, artifacts: dict[str, dict[str, bytes]]) -> None:
    bad = one_value(artifacts[FAQ][WEIGHTS], float("nan"))
    republish(kitchen, WEIGHTS, bad)
    (kitchen.target / "helpdesk-faq").mkdir(parents=True)
    for path, content in ((CONFIG, artifacts[FAQ][CONFIG]), (WEIGHTS, bad)):
        (kitchen.target / "helpdesk-faq" / path).write_bytes(content)
    run = kitchen.run()
    assert (run.code, kitchen.visible()) == (1, SALES_ONLY)
    assert "NaN" in run.err


def test_one_module_without_effect_is_told_alone(kitchen: Kitchen, artifacts: dict[str, dict[str, bytes]]) -> None:
    republish(kitchen, WEIGHTS, all_zero(artifacts[FAQ][WEIGHTS], within="layers.1.self_attn.v_proj.lora_B"))
    run = kitchen.run()
    assert (run.code, kitchen.visible()) == (0, WHOLE)
    assert "1 modules change nothing, lora_A or lora_B is all zeros: base_model.model.model.layers.1." in run.out


@pytest.mark.parametrize("content", [b"no weights", b"", b"\x02\0\0\0\0\0\0\0{}x" * 3])
def test_what_is_no_file_of_weights_is_refused(kitchen: Kitchen, content: bytes) -> None:
    republish(kitchen, WEIGHTS, content)
    run = kitchen.run()
    assert (run.code, kitchen.visible()) == (1, SALES_ONLY)
    assert "no weights of an adapter" in run.err


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Key:
    return new_key(tmp_path_factory.mktemp("key") / "key.pem")


def add_signature(kitchen: Kitchen, ref: str, signature: bytes) -> None:
    """Put a signature into the store and among the adapter's files, with its sum."""
    kitchen.put(f"{ref}/model.sig", signature)
    (adapter,) = (entry for entry in kitchen.manifest["adapters"] if entry["name"] == ref.split("/", maxsplit=1)[0])
    adapter["files"] = [file for file in adapter["files"] if file["path"] != "model.sig"]
    digest = hashlib.sha256(signature).hexdigest()
    adapter["files"].append({"path": "model.sig", "sha256": digest, "sizeBytes": len(signature)})


@pytest.fixture
def signatures(kitchen: Kitchen, artifacts: dict[str, dict[str, bytes]], key: Key, tmp_path: Path) -> dict[str, bytes]:
    """Every adapter is signed, and its signer stated."""
    made = {ref: signed(files, tmp_path / "signed" / ref, key) for ref, files in artifacts.items()}
    for ref, signature in made.items():
        add_signature(kitchen, ref, signature)
    kitchen.manifest["signers"] = [key.signer()]
    return made


SIGNED_SALES = SALES_ONLY | {"sales-summary/model.sig"}
SIGNED = WHOLE | {f"{name}/model.sig" for name in ("helpdesk-faq", "sales-summary")}


@pytest.mark.usefixtures("signatures")
def test_what_a_signer_has_signed_is_served_and_a_restart_downloads_nothing(kitchen: Kitchen) -> None:
    assert (kitchen.run().code, kitchen.visible()) == (0, SIGNED)
    second = kitchen.run()
    assert second.code == 0
    assert "MiB/s" not in second.out


def test_an_unsigned_adapter_is_refused_where_signers_are_stated(
    kitchen: Kitchen, signatures: dict[str, bytes], artifacts: dict[str, dict[str, bytes]]
) -> None:
    assert set(signatures) == set(artifacts)
    kitchen.manifest["adapters"][0]["files"].pop()
    run = kitchen.run()
    assert run.code == 1
    assert f"fault: {FAQ}/model.sig: not among its files; expected a signature by model-board" in run.err
    assert run.err.count("fault: ") == 1
    assert kitchen.visible() == SIGNED_SALES


def test_another_adapters_signature_is_refused(kitchen: Kitchen, signatures: dict[str, bytes]) -> None:
    add_signature(kitchen, FAQ, signatures[SALES])
    run = kitchen.run()
    assert run.code == 1
    assert f"fault: {FAQ}/model.sig: signed for another {WEIGHTS}: sha256" in run.err
    assert kitchen.visible() == SIGNED_SALES


@pytest.mark.usefixtures("signatures")
def test_a_signature_is_a_file_like_any_other_and_is_not_exchanged_behind_the_catalog(
    kitchen: Kitchen, artifacts: dict[str, dict[str, bytes]], key: Key, tmp_path: Path
) -> None:
    kitchen.put(f"{FAQ}/model.sig", signed(artifacts[FAQ], tmp_path / "again", key))
    run = kitchen.run()
    assert run.code == 1
    assert f"{BUCKET}/{FAQ}/model.sig" in run.err
    assert kitchen.visible() == SIGNED_SALES


@pytest.mark.usefixtures("signatures")
def test_what_was_served_before_signers_were_stated_is_held_to_them(kitchen: Kitchen, tmp_path: Path) -> None:
    signers = kitchen.manifest.pop("signers")
    assert (kitchen.run().code, kitchen.visible()) == (0, SIGNED)
    kitchen.manifest["signers"] = [new_key(tmp_path / "other").signer("other-board")]
    run = kitchen.run()
    assert run.code == 1
    assert run.err.count("model.sig: signed with another key; expected one of other-board") == 2
    assert kitchen.visible() == set()
    kitchen.manifest["signers"] += signers
    assert (kitchen.run().code, kitchen.visible()) == (0, SIGNED)


@pytest.mark.usefixtures("signatures")
@pytest.mark.parametrize("signers", [[], None, [{"name": "model-board", "publicKey": "canary"}]])
def test_signers_that_cannot_be_read_serve_nothing(kitchen: Kitchen, signers: object) -> None:
    kitchen.manifest["signers"] = signers
    run = kitchen.run()
    assert run.code == 2
    assert "fault: manifest: signers" in run.err
    assert "canary" not in run.err
    assert kitchen.visible() == set()


@pytest.mark.usefixtures("signatures")
def test_an_image_without_the_package_serves_nothing_and_says_so_once(kitchen: Kitchen, tmp_path: Path) -> None:
    (tmp_path / "without" / "cryptography").mkdir(parents=True)
    (tmp_path / "without" / "cryptography" / "__init__.py").write_text("raise ImportError('not here')")
    kitchen.environment["PYTHONPATH"] = str(tmp_path / "without")
    run = kitchen.run()
    assert run.code == 2
    assert run.err.count("fault: ") == 1
    assert "no signature can be checked: this Python lacks the package cryptography" in run.err
    assert kitchen.visible() == set()
    del kitchen.manifest["signers"]
    assert kitchen.run().code == 0, "without signers the package is not asked for"
