"""Load and check of a signed base model, each in a process of its own: who signed, and what nobody may be served."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import pytest

from components.model_store import BaseModelContent, BaseModelFile
from tests.support import pod_package
from tests.support.signing import Key, new_key, sign, statement
from tests.support.signing import sign_again as sign_payload
from tests.support.signing_authority import Form, authority, certified

FILES = {"config.json": b"{}", "model.safetensors": bytes(range(256)) * 100, "tokenizer.json": b"[]"}
OTHERS = {**FILES, "config.json": b"{ }"}
REF = "tiny/v1"
SEEN = "model.sig: signed with another key; expected one of model-board"


@dataclass(kw_only=True)
class Volume:
    """A source with `base/tiny/v1`, a volume beside it, and who must have signed."""

    folder: Path
    signers: Sequence[Mapping[str, str]] = ()
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def source(self) -> Path:
        return self.folder / "source" / "base" / REF

    @property
    def version(self) -> Path:
        return self.folder / "models" / "base" / REF

    def bring(self, files: Mapping[str, bytes]) -> None:
        self.source.mkdir(parents=True, exist_ok=True)
        self.files = dict(files)
        for name, content in files.items():
            (self.source / name).write_bytes(content)

    def run(self, *words: str) -> tuple[int, str]:
        content = BaseModelContent(
            base_model=REF,
            files=[
                BaseModelFile(path=name, sha256=sha256(data).hexdigest(), size_bytes=len(data))
                for name, data in self.files.items()
            ],
            scripts={},
            image="",
            signers=self.signers,
        )
        manifest = self.folder / "manifest.json"
        manifest.write_text(content.data()["manifest.json"])
        argv = [*pod_package.started("load_base_model"), f"--manifest={manifest}", f"--models={self.folder / 'models'}"]
        done = subprocess.run(
            [*argv, *words], cwd=pod_package.HOME, capture_output=True, text=True, check=False, env=dict(os.environ)
        )
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout + done.stderr

    def load(self, *words: str) -> tuple[int, str]:
        return self.run(f"--from={self.folder / 'source'}", *words)

    def check(self) -> tuple[int, str]:
        return self.run("--wait=0")

    def marker(self) -> dict[str, object]:
        found: dict[str, object] = json.loads((self.version / ".kitchen-complete.json").read_bytes())
        return found

    def lies_there(self) -> list[str]:
        return sorted(path.name for path in self.version.iterdir()) if self.version.exists() else []


@pytest.fixture
def key(tmp_path: Path) -> Key:
    return new_key(tmp_path / "key.pem")


@pytest.fixture
def volume(tmp_path: Path, key: Key) -> Volume:
    """A base model that the key has signed, and its volume, which asks for that signature."""
    made = Volume(folder=tmp_path, signers=[key.signer()])
    made.bring(FILES)
    made.bring({**FILES, "model.sig": sign(made.source, key)})
    return made


def test_a_signed_model_is_loaded_and_served_and_the_marker_says_by_whom(volume: Volume) -> None:
    code, text = volume.load()
    assert code == 0, text
    assert volume.marker()["signedBy"] == "model-board"
    assert volume.lies_there() == sorted([*volume.files, ".kitchen-complete.json"])
    assert volume.check() == (0, f"base/{REF}: complete: marker and sizes are right, signed by model-board\n")


def test_a_certificate_signs_a_base_model_too(tmp_path: Path) -> None:
    root = authority(tmp_path / "root")
    volume = Volume(folder=tmp_path, signers=[root.signer(name="vendor")])
    volume.bring(FILES)
    board = certified(tmp_path / "board", root, Form(start=-300, end=-2))
    volume.bring({**FILES, "model.sig": board.sign(volume.source)})
    assert volume.load()[0] == 0
    assert volume.marker()["signedBy"] == "vendor"
    assert volume.check()[0] == 0


def test_without_a_right_signature_nothing_else_is_even_fetched(volume: Volume, tmp_path: Path) -> None:
    """The signature comes first: a wrong one is told before hours of copying."""
    volume.signers = [new_key(tmp_path / "other").signer()]
    code, text = volume.load()
    assert (code, SEEN in text) == (1, True)
    assert volume.lies_there() == ["model.sig"]
    assert volume.check()[0] == 1


def test_a_model_without_a_signature_is_refused(volume: Volume) -> None:
    volume.bring(FILES)
    code, text = volume.load()
    assert (code, f"base/{REF}/model.sig: not among its files; expected a signature by model-board" in text) == (
        1,
        True,
    )
    assert volume.lies_there() == []


@pytest.mark.parametrize(
    ("files", "says"),
    [(OTHERS, "signed for another config.json"), ({**FILES, "notes.md": b"x"}, "does not cover notes.md")],
)
def test_another_model_s_signature_is_refused(files: Mapping[str, bytes], says: str, volume: Volume) -> None:
    """Also that of an older content of the very version, and one over fewer files than the catalog names."""
    volume.bring({**files, "model.sig": volume.files["model.sig"]})
    code, text = volume.load()
    assert (code, says in text) == (1, True)


def test_an_empty_list_of_files_covers_none(volume: Volume, key: Key) -> None:
    signature = volume.files["model.sig"]
    said = statement(signature)
    said["predicate"]["resources"] = []
    volume.bring({**FILES, "model.sig": sign_payload(signature, json.dumps(said).encode(), key)})
    code, text = volume.load()
    assert (code, "covers no file at all" in text) == (1, True)


def test_a_signature_that_changes_on_the_volume_stops_the_start(volume: Volume, key: Key, tmp_path: Path) -> None:
    assert volume.load()[0] == 0
    placed = volume.version / "model.sig"
    placed.write_bytes(placed.read_bytes().replace(b'"keyid"', b'"keyie"'))
    code, text = volume.check()
    assert (code, "signatures[0]: must be an object of sig, keyid" in text) == (1, True)
    placed.unlink()
    placed.symlink_to(volume.source / "model.sig")
    code, text = volume.check()
    assert (code, "expected a file of" in text) == (1, True)


def test_a_marker_alone_starts_no_server(volume: Volume, tmp_path: Path) -> None:
    """Whoever writes the volume can write a marker: the check asks the signature itself."""
    assert volume.load()[0] == 0
    volume.signers = [new_key(tmp_path / "other").signer("model-board")]
    (volume.version / ".kitchen-complete.json").write_text(json.dumps(volume.marker()))
    code, text = volume.check()
    assert (code, SEEN in text) == (1, True)


def test_other_signers_read_nothing_again_and_the_marker_tells_the_new_name(volume: Volume, key: Key) -> None:
    signers, volume.signers = volume.signers, ()
    assert volume.load()[0] == 0
    assert "signedBy" not in volume.marker()
    volume.signers = signers
    code, text = volume.load()
    assert (code, text) == (0, f"base/{REF}: already there, sizes are right, signed by model-board\n")
    loaded = volume.marker()
    assert loaded["signedBy"] == "model-board"
    volume.signers = [key.signer("board-2027")]
    assert volume.load()[0] == 0
    assert volume.marker() == {**loaded, "signedBy": "board-2027"}


def test_a_signature_that_comes_later_reads_nothing_again_and_stops_no_server_of_before(volume: Volume) -> None:
    signed, signers, volume.signers = volume.files, volume.signers, ()
    volume.bring(FILES)
    assert volume.load()[0] == 0
    loaded = volume.marker()
    weights = volume.version / "model.safetensors"
    weights.write_bytes(b"0" * len(FILES["model.safetensors"]))  # would be brought again if it were read
    volume.signers = signers
    volume.bring(signed)
    code, text = volume.load()
    assert (code, text) == (0, f"base/{REF}: already there, sizes are right, signed by model-board\n")
    assert volume.marker() == {**loaded, "signedBy": "model-board"}
    assert weights.read_bytes()[:1] == b"0"
    assert volume.check()[0] == 0
    volume.signers, volume.files = (), dict(FILES)
    assert volume.check() == (0, f"base/{REF}: complete: marker and sizes are right\n")


def test_another_signature_than_the_manifest_s_is_replaced(volume: Volume) -> None:
    assert volume.load()[0] == 0
    placed = volume.version / "model.sig"
    right = placed.read_bytes()
    placed.write_bytes(b"x" * len(right))
    assert volume.check()[0] == 1
    assert volume.load()[0] == 0
    assert placed.read_bytes() == right


def test_a_signer_who_is_withdrawn_fails_the_load_and_leaves_the_servers_that_run(
    volume: Volume, tmp_path: Path
) -> None:
    before, _ = volume.load(), volume.marker()
    assert before[0] == 0
    old, volume.signers = volume.signers, [new_key(tmp_path / "other").signer("board-2027")]
    code, text = volume.load()
    assert (code, "expected one of board-2027" in text) == (1, True)
    assert volume.check()[0] == 1
    volume.signers = old
    assert volume.check()[0] == 0


def test_a_file_beside_the_signed_ones_does_not_stay(volume: Volume) -> None:
    volume.version.mkdir(parents=True)
    for name in (".gitattributes", "modeling.py"):
        (volume.version / name).write_text("x")
    (volume.version / ".git").mkdir()
    (volume.version / ".git" / "config").write_text("x")
    assert volume.load()[0] == 0
    assert volume.lies_there() == sorted([*volume.files, ".kitchen-complete.json", ".git"])
    assert list((volume.version / ".git").iterdir()) == []


@pytest.mark.parametrize("signers", [[], "x", [{"name": "x"}]])
def test_signers_that_are_none_stop_load_and_check(signers: object, volume: Volume) -> None:
    volume.run("--wait=0")
    path = volume.folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "signers": signers}))
    for words in ([f"--from={volume.folder / 'source'}"], ["--wait=0"]):
        argv = [*pod_package.started("load_base_model"), f"--manifest={path}", f"--models={volume.folder / 'models'}"]
        done = subprocess.run([*argv, *words], cwd=pod_package.HOME, capture_output=True, text=True, check=False)
        assert (done.returncode, "manifest: signers" in done.stderr) == (2, True)
    assert volume.lies_there() == []
