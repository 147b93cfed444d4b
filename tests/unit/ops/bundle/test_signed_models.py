"""Base models that come in with a signature: held to the signers, and an entry of before gets it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.catalog import load_catalog
from infra.faults import FaultsError
from infra.policy_settings import Signer
from ops.__main__ import main
from ops.bundle.candidates import Arrivals, arrivals, refuse_contradictions
from ops.bundle.manifest import Artifact, BundleFile
from ops.bundle.signatures import told_of_new
from ops.bundle.wanted import wanted_from
from ops.catalog.edit import write as write_edit
from ops.checks import read_artifact
from ops.sums import sha256
from tests.support import bundle_tools as tools
from tests.support.artifacts import MODEL, catalog_folder, write
from tests.support.signing import Key, new_key, sign
from tests.support.signing_authority import SUBJECT, Form, authority, certified
from tools.fixtures import base_model_files

NEW = "tiny/v2"


@pytest.fixture
def key(tmp_path: Path) -> Key:
    return new_key(tmp_path / "key.pem")


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    return catalog_folder(tmp_path / "catalog")


def brought(folder: Path, ref: str = MODEL, signed_by: Key | None = None) -> Artifact:
    """The base model as it lies in a bundle below `folder`."""
    what = wanted_from(tools.entry("base-model", ref))
    place = write(folder / what.folder, base_model_files(MODEL))
    if signed_by is not None:
        sign(place, signed_by)
    return artifact(folder, ref)


def artifact(folder: Path, ref: str) -> Artifact:
    what = wanted_from(tools.entry("base-model", ref) | {"origin": {"from": "x", "date": "2026-02-03"}})
    paths = sorted((folder / what.folder).iterdir())
    return Artifact(
        what=what,
        files=tuple(
            BundleFile(path=f"{what.folder}/{path.name}", size=path.stat().st_size, sha256=sha256(path))
            for path in paths
        ),
    )


def arrived(
    folder: Path, catalog: Path, *artifacts: Artifact, signers: Sequence[Signer] = ()
) -> tuple[Arrivals, list[str]]:
    known = load_catalog(catalog)
    refuse_contradictions(artifacts, known, "platform-team")
    found, faults = arrivals(
        artifacts,
        folder,
        known,
        folder=catalog,
        owner="platform-team",
        signers=lambda *_: signers,
        checks=read_artifact,
    )
    return found, [f"{fault.path}: {fault.rule}" for fault in faults]


def board(key: Key) -> list[Signer]:
    return [Signer(name="model-board", public_key=key.public)]


def test_a_new_base_model_must_be_signed_by_a_signer(key: Key, catalog: Path, tmp_path: Path) -> None:
    _, faults = arrived(tmp_path, catalog, brought(tmp_path, NEW), signers=board(key))
    assert faults == [f"base/{NEW}/model.sig: one of the signers must have signed the files: model-board"]
    shutil.rmtree(tmp_path / "base")
    stranger = brought(tmp_path, NEW, new_key(tmp_path / "other.pem"))
    _, faults = arrived(tmp_path, catalog, stranger, signers=board(key))
    assert "signed with another key; expected one of model-board" in faults[0]
    shutil.rmtree(tmp_path / "base")
    found, faults = arrived(tmp_path, catalog, brought(tmp_path, NEW, key), signers=board(key))
    assert faults == []
    assert "model.sig" in found.candidates[0].entry["files"]


def test_the_signature_travels_in_the_bundle(key: Key, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    brought(tmp_path / "from", signed_by=key)
    listed = tools.bring_in(tmp_path, tools.entry("base-model", MODEL))
    words = ["--list", str(listed), "--from", str(tmp_path / "from"), "--to", str(tmp_path / "bundle"), "--unsigned"]
    assert main(["bundle", "create", *words]) == 0
    capsys.readouterr()
    assert main(["bundle", "verify", str(tmp_path / "bundle"), "--unsigned", "--json"]) == 0
    signature = tmp_path / "bundle" / "base" / MODEL / "model.sig"
    assert signature.read_bytes() == (tmp_path / "from" / "base" / MODEL / "model.sig").read_bytes()
    signature.write_bytes(signature.read_bytes()[:-1] + b" ")
    assert main(["bundle", "verify", str(tmp_path / "bundle"), "--unsigned"]) == 1
    assert f"base/{MODEL}/model.sig" in capsys.readouterr().err


def test_an_entry_of_before_gets_the_signature_that_a_bundle_brings(key: Key, catalog: Path, tmp_path: Path) -> None:
    before = yaml.safe_load((catalog / "base-models.yaml").read_text())
    came = brought(tmp_path, signed_by=key)
    found, faults = arrived(tmp_path, catalog, came, signers=board(key))
    assert (faults, found.candidates) == ([], ())
    (line,) = told_of_new([came], load_catalog(catalog))
    assert line.startswith(f"{MODEL}: its entry gets model.sig: {{sha256: ")
    write_edit(found.plan)
    after = yaml.safe_load((catalog / "base-models.yaml").read_text())
    signature = after["baseModels"][MODEL]["files"].pop("model.sig")
    assert signature["sha256"] == sha256(tmp_path / "base" / MODEL / "model.sig")
    assert after == before
    again, faults = arrived(tmp_path, catalog, came, signers=board(key))
    assert (faults, dict(again.plan.after)) == ([], {})
    (tmp_path / "base" / MODEL / "model.sig").unlink()
    sign(tmp_path / "base" / MODEL, key)
    with pytest.raises(FaultsError, match="the catalog has other files or sums under this reference"):
        arrived(tmp_path, catalog, artifact(tmp_path, MODEL), signers=board(key))


def test_a_signature_that_nobody_can_check_enters_no_entry_of_before(key: Key, catalog: Path, tmp_path: Path) -> None:
    found, faults = arrived(tmp_path, catalog, brought(tmp_path, signed_by=key))
    assert len(faults) == 1
    assert "no signer of --settings signs base models: nobody knows whose it is" in faults[0]
    assert dict(found.plan.after) == {}


def test_a_certificate_must_hold_on_the_day_that_its_signature_comes_in(catalog: Path, tmp_path: Path) -> None:
    root = authority(tmp_path / "root")
    signers = [Signer(name="vendor", authority=root.pem, subject=SUBJECT)]
    brought(tmp_path)
    certified(tmp_path / "ended", root, Form(start=-30, end=-1)).sign(tmp_path / "base" / MODEL)
    _, faults = arrived(tmp_path, catalog, artifact(tmp_path, MODEL), signers=signers)
    assert "was valid until" in faults[0]
    (tmp_path / "base" / MODEL / "model.sig").unlink()
    certified(tmp_path / "board", root).sign(tmp_path / "base" / MODEL)
    found, faults = arrived(tmp_path, catalog, artifact(tmp_path, MODEL), signers=signers)
    assert faults == []
    assert list(found.plan.after) == ["base-models.yaml"]


def test_another_file_beside_a_known_base_model_is_still_another_content(
    key: Key, catalog: Path, tmp_path: Path
) -> None:
    came: Any = brought(tmp_path, signed_by=key)
    (tmp_path / "base" / MODEL / "README.md").write_text("beside")
    with pytest.raises(FaultsError, match=r"README\.md"):
        arrived(tmp_path, catalog, artifact(tmp_path, came.what.ref), signers=board(key))
