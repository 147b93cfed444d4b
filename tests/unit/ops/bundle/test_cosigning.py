"""Two people sign a bundle: each with a key of their own, whom `verify` and `import` may both ask for."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from ops.__main__ import main
from ops.bundle.names import SIGNATURES
from tests.support import bundle_tools as tools


@pytest.fixture
def keys(tmp_path: Path) -> dict[str, tools.Keys]:
    found = {}
    for name in ("alice", "bob", "eve"):
        (tmp_path / name).mkdir()
        found[name] = tools.keys(tmp_path / name)
    return found


@pytest.fixture
def bundle(tmp_path: Path, keys: dict[str, tools.Keys]) -> Path:
    listed = tools.bring_in(tmp_path, tools.entry("adapter", tools.FAQ))
    made = tmp_path / "bundle"
    words = ["--from", str(tools.artifacts(tmp_path)), "--to", str(made), *keys["alice"].sign()]
    assert main(["bundle", "create", "--list", str(listed), *words]) == 0
    return made


def sign(bundle: Path, own: tools.Keys, *trusted: str) -> int:
    return main(["bundle", "sign", str(bundle), *own.sign(), *trusted])


def test_two_people_sign(
    bundle: Path, keys: dict[str, tools.Keys], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alice, bob, eve = (keys[name].trust() for name in ("alice", "bob", "eve"))
    before = {path: path.read_bytes() for path in bundle.rglob("*") if path.is_file()}
    archive = tmp_path / "both.tar"
    assert sign(bundle, keys["bob"], *alice, "--archive", str(archive)) == 0
    assert "bundle.2.sig added to 1 artifacts" in capsys.readouterr().out
    assert {path: path.read_bytes() for path in before} == before
    for place in (bundle, archive):
        verify = ["bundle", "verify", str(place)]
        assert main([*verify, *alice, *bob]) == 0
        said = capsys.readouterr()
        assert "bundle.sig: signed by " in said.err
        assert "bundle.2.sig: signed by " in said.err
        for one in (alice, bob):
            assert main([*verify, *one]) == 0, "a signature that nobody asks for changes nothing"
        assert main([*verify, "--unsigned"]) == 0
        for wrong in ([*alice, *eve], eve):
            assert main([*verify, *wrong]) == 1
            assert "each of bundle.sig, bundle.2.sig is by another key" in capsys.readouterr().err
        assert main([*verify, *alice, *bob, "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert [entry["file"] for entry in told["signers"]] == ["bundle.sig", "bundle.2.sig"]


def test_a_number_is_asked_for(bundle: Path, keys: dict[str, tools.Keys], capsys: pytest.CaptureFixture[str]) -> None:
    alice, bob = keys["alice"].trust(), keys["bob"].trust()
    verify = ["bundle", "verify", str(bundle)]
    for words, told in (
        ([*alice, "--signatures", "2"], "2 signers are asked for: give the key of each"),
        ([*alice, *alice], "is the key of"),
        (["--unsigned", "--signatures", "2"], "2 signers are asked for: there is no --unsigned"),
        ([*alice, "--signatures", "0"], "a number of signers, 1 to 4"),
        ([*alice, "--signatures", "5"], "a number of signers, 1 to 4"),
    ):
        assert main([*verify, *words]) == 2
        assert told in capsys.readouterr().err
    assert main([*verify, *alice, *bob]) == 1, "bob has not signed"


def test_who_has_signed_does_not_sign_again(
    bundle: Path, keys: dict[str, tools.Keys], capsys: pytest.CaptureFixture[str]
) -> None:
    assert sign(bundle, keys["alice"], *keys["alice"].trust()) == 2
    assert "this key has signed already" in capsys.readouterr().err
    assert sign(bundle, keys["bob"], *keys["eve"].trust()) == 1, "what one does not believe one does not sign"
    assert main(["bundle", "sign", str(bundle), *keys["alice"].trust()]) == 2
    assert "whoever adds a signature has a key" in capsys.readouterr().err
    assert [path.name for path in sorted(bundle.glob("*.sig"))] == ["bundle.sig"]


def test_an_archive_is_not_changed(
    bundle: Path, keys: dict[str, tools.Keys], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = tmp_path / "a.tar"
    assert sign(bundle, keys["bob"], *keys["alice"].trust(), "--archive", str(archive)) == 0
    content = archive.read_bytes()
    assert sign(archive, keys["eve"], *keys["alice"].trust()) == 2
    assert "must be the bundle's folder" in capsys.readouterr().err
    assert sign(bundle, keys["eve"], *keys["alice"].trust(), "--archive", str(archive)) == 2
    assert "must not be there yet" in capsys.readouterr().err
    assert archive.read_bytes() == content


def test_a_run_that_was_killed_before_its_archive_is_run_again(
    bundle: Path, keys: dict[str, tools.Keys], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Killed while the signature was written, and again while the archive was."""
    alice, bob = keys["alice"].trust(), keys["bob"].trust()
    left, archive = bundle / ".bundle.2.sig.ab_c12de", tmp_path / "both.tar"
    left.write_bytes(b"{")
    assert main(["bundle", "verify", str(bundle), *alice]) == 1
    assert sign(bundle, keys["bob"], *alice) == 0
    assert not left.exists()
    signature = (bundle / "bundle.2.sig").read_bytes()
    (tmp_path / "both.tar.part").write_bytes(b"half")
    capsys.readouterr()
    assert sign(bundle, keys["bob"], *alice, "--archive", str(archive)) == 0
    said = capsys.readouterr()
    assert "bundle.2.sig: is there already, by this key over this bundle: only the archive is written" in said.err
    assert f"{bundle}: bundle.2.sig is in 1 artifacts" in said.out
    assert (bundle / "bundle.2.sig").read_bytes() == signature
    assert sorted(path.name for path in bundle.glob("*.sig")) == ["bundle.2.sig", "bundle.sig"]
    assert not list(tmp_path.glob("*.part"))
    assert main(["bundle", "verify", str(archive), *alice, *bob]) == 0


def test_a_wrong_signature_that_names_the_key_is_not_taken_for_it(
    bundle: Path, keys: dict[str, tools.Keys], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alice = keys["alice"].trust()
    assert sign(bundle, keys["bob"], *alice) == 0
    path = bundle / "bundle.2.sig"
    content = json.loads(path.read_bytes())
    other = json.loads((bundle / "bundle.sig").read_bytes())["dsseEnvelope"]
    path.write_text(json.dumps(content | {"dsseEnvelope": other}))
    archive = tmp_path / "both.tar"
    assert sign(bundle, keys["bob"], *alice, "--archive", str(archive)) == 2
    assert "this key has signed already" in capsys.readouterr().err
    assert not archive.exists()


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b"[" * 100_000, b'{"a": 1, "a": 2}'])
def test_a_second_signature_that_is_none(
    content: bytes, bundle: Path, keys: dict[str, tools.Keys], capsys: pytest.CaptureFixture[str]
) -> None:
    (bundle / "bundle.2.sig").write_bytes(content)
    verify = ["bundle", "verify", str(bundle), *keys["alice"].trust()]
    assert main(verify) == 0
    assert main([*verify, *keys["bob"].trust()]) == 1
    assert "is by another key, or over another bundle.json" in capsys.readouterr().err


def test_the_same_signature_twice_is_one(bundle: Path, keys: dict[str, tools.Keys]) -> None:
    for name in SIGNATURES[1:]:
        shutil.copy(bundle / "bundle.sig", bundle / name)
    words = ["bundle", "verify", str(bundle), *keys["alice"].trust()]
    assert main(words) == 0
    assert main([*words, *keys["bob"].trust()]) == 1
    assert main(["bundle", "sign", str(bundle), *keys["bob"].sign(), *keys["alice"].trust()]) == 2, "no place is free"


def test_certificates_of_two_people(tmp_path: Path, bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (bundle / "bundle.sig").unlink()
    people = []
    for name in ("carol", "dave"):
        (tmp_path / name).mkdir()
        people.append(tools.certificates(tmp_path / name, name=name))
    roots = [word for paths in people for word in ("--certificate-chain", str(paths["root.crt"]))]
    first, second = (
        ["--private-key", str(paths["signer.key"]), "--certificate", str(paths["signer.crt"])] for paths in people
    )
    verify = ["bundle", "verify", str(bundle), *roots]
    assert main(["bundle", "sign", str(bundle), "--unsigned", *first]) == 0
    assert main(verify) == 0
    assert main([*verify, "--signatures", "2"]) == 1
    assert "2 different signers must have signed, of those whom you trust; found: 1" in capsys.readouterr().err
    assert main(["bundle", "sign", str(bundle), *roots, *second]) == 0
    assert main([*verify, "--signatures", "2"]) == 0
    said = capsys.readouterr().err
    assert "bundle.sig: signed by CN=carol" in said
    assert "bundle.2.sig: signed by CN=dave" in said
    shutil.copy(bundle / "bundle.sig", bundle / "bundle.2.sig")
    assert main([*verify, "--signatures", "2"]) == 1


def test_an_environment_asks_for_two(
    bundle: Path,
    keys: dict[str, tools.Keys],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Asked for before the store is: what an import finds, `verify` with the same keys has found."""
    for name in ("KITCHEN_OBJECT_STORE_ACCESS_KEY", "KITCHEN_OBJECT_STORE_SECRET_KEY"):
        monkeypatch.setenv(name, "x" * 20)
    settings = tmp_path / "Pulumi.dev.yaml"
    settings.write_text(f"{Path(tools.DEV).read_text()}  kitchen:bundles: {{signatures: 2}}\n")
    words = ["bundle", "import", str(bundle), "--settings", str(settings), "--endpoint", "http://127.0.0.1:1"]
    alice, bob = keys["alice"].trust(), keys["bob"].trust()
    for given, told in (
        (["--unsigned"], "2 signers are asked for: there is no --unsigned"),
        (alice, "2 signers are asked for: give the key of each"),
    ):
        assert main([*words, *given]) == 2
        assert told in capsys.readouterr().err
    assert main([*words, *alice, *bob]) == 1
    assert "--public-key: " in capsys.readouterr().err
    assert sign(bundle, keys["bob"], *alice) == 0
    assert main([*words, *alice, *bob]) == 1
    assert "EndpointConnectionError" in capsys.readouterr().err, "signed by both, it goes on to the store"
