"""Which copy of the state is taken, and what a passphrase that is gone means."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.support.whole_kitchen import BACKUPS, PASSPHRASE, SALT, STACK_URN, STATE, harm, state, whole_kitchen
from tools.damaged_error import DamagedError
from tools.local import checkpoint
from tools.local.recover import recover
from tools.local.up import LocalKitchen
from tools.own_file import read_yaml
from tools.toolchain import ToolchainError

OTHER_SALT = SALT.replace("xQmX", "AAAA")


@pytest.fixture(autouse=True)
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> dict[str, str]:
        raise ToolchainError("not installed here")

    monkeypatch.setattr("tools.local.workspace.environment", missing)


@pytest.fixture
def kitchen(tmp_path: Path) -> LocalKitchen:
    return whole_kitchen(tmp_path / "kitchen")


def when(kitchen: LocalKitchen) -> str:
    return str(kitchen.workspace.latest()["manifest"]["time"])


def test_the_backend_s_own_backup_is_taken_first(kitchen: LocalKitchen, capsys: pytest.CaptureFixture[str]) -> None:
    harm(kitchen.folder / STATE, "half")
    assert recover(kitchen) == 0
    assert when(kitchen) == "2026-11-28T22:59:00Z"
    assert kitchen.workspace.was_restored(), "the next `make up` compares it with what is there"
    said = capsys.readouterr().out
    assert "taken from dev.json.bak, which is of 2026-11-28T22:59:00Z" in said
    assert [line.split()[0] for line in said.splitlines()[:2]] == ["FILE", STATE]
    assert f"set aside in {kitchen.folder / 'set-aside'}" in said
    assert "next: make up" in said


def test_then_the_newest_copy_after_an_update(kitchen: LocalKitchen, capsys: pytest.CaptureFixture[str]) -> None:
    for path in (STATE, f"{STATE}.bak"):
        harm(kitchen.folder / path, "half")
    assert recover(kitchen) == 0
    assert when(kitchen) == "2026-11-28T21:00:00Z"
    rows = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line.startswith("local/")]
    assert rows == [STATE, f"{STATE}.bak"]


def test_copies_that_are_damaged_or_of_another_passphrase_are_passed_over(kitchen: LocalKitchen) -> None:
    for path in (STATE, f"{STATE}.bak"):
        harm(kitchen.folder / path, "empty")
    (kitchen.folder / BACKUPS / "dev.3.json").write_text(state("2026-11-28T22:00:00Z", salt=OTHER_SALT))
    harm(kitchen.folder / BACKUPS / "dev.2.json", "half")
    assert recover(kitchen) == 0
    assert when(kitchen) == "2026-11-28T20:00:00Z"


def test_without_a_copy_there_is_no_state_and_up_takes_over(
    kitchen: LocalKitchen, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in (STATE, f"{STATE}.bak"):
        harm(kitchen.folder / path, "object")
    for path in (kitchen.folder / BACKUPS).iterdir():
        path.unlink()
    assert recover(kitchen) == 0
    assert not kitchen.workspace.exists()
    assert kitchen.damages(deep=True) == []
    assert "takes over everything that is there, with new keys" in capsys.readouterr().out


def test_a_state_that_is_gone_while_its_backup_is_there(kitchen: LocalKitchen) -> None:
    (kitchen.folder / STATE).unlink()
    (found,) = kitchen.damages()
    assert str(found).startswith(f"{kitchen.folder / STATE}: is gone, and its backup dev.json.bak is there; way out: ")
    assert recover(kitchen) == 0
    assert when(kitchen) == "2026-11-28T22:59:00Z"


def test_a_full_disk_leaves_the_state_as_it_was(kitchen: LocalKitchen, monkeypatch: pytest.MonkeyPatch) -> None:
    harm(kitchen.folder / STATE, "half")
    before = (kitchen.folder / STATE).read_bytes()

    def full(path: Path, *_: object) -> None:
        raise OSError(28, "No space left on device", str(path))

    with monkeypatch.context() as patched:
        patched.setattr("tools.local.recover_state.write", full)
        with pytest.raises(OSError, match="No space left"):
            recover(kitchen)
    assert (kitchen.folder / STATE).read_bytes() == before
    assert recover(kitchen) == 0
    assert when(kitchen) == "2026-11-28T22:59:00Z"


def test_a_lost_passphrase_says_what_it_means(kitchen: LocalKitchen, capsys: pytest.CaptureFixture[str]) -> None:
    (kitchen.folder / "local/passphrase").unlink()
    (found,) = kitchen.damages()
    assert str(found) == (
        f"{kitchen.folder / 'local/passphrase'}: is gone; only it opens the secrets in the state, which are the keys "
        "of the object store's users; way out: make recover (sets the state aside; `make up` then makes new keys and "
        "takes over what is there), or make down (removes everything)"
    )
    assert recover(kitchen) == 0
    assert not kitchen.workspace.exists()
    assert not kitchen.workspace.config_file.exists(), "it holds the salt of the lost passphrase"
    assert "is encrypted with a passphrase that is lost" in capsys.readouterr().out
    assert kitchen.damages(deep=True) == []


def test_another_passphrase_is_found_out_before_the_engine_does(kitchen: LocalKitchen) -> None:
    kitchen.workspace.passphrase.write_text("x" * 43)
    assert kitchen.damages() == [], "half a second is not spent on a preview"
    (found,) = kitchen.damages(deep=True)
    assert found.what.startswith("is not the one that dev.json was encrypted with; only it opens the secrets")
    assert recover(kitchen) == 0
    assert kitchen.damages(deep=True) == []


def test_a_passphrase_that_opens_a_copy_stays(kitchen: LocalKitchen) -> None:
    (kitchen.folder / STATE).write_text(state(salt=OTHER_SALT))
    (found,) = kitchen.damages(deep=True)
    assert found.path == kitchen.workspace.passphrase
    assert recover(kitchen) == 0
    assert kitchen.workspace.passphrase.read_text() == PASSPHRASE
    assert when(kitchen) == "2026-11-28T22:59:00Z"


def test_derived_settings_that_are_gone_get_the_state_s_salt_again(
    kitchen: LocalKitchen, monkeypatch: pytest.MonkeyPatch
) -> None:
    harm(kitchen.workspace.config_file, "binary")
    assert recover(kitchen) == 0
    kitchen.workspace.prepare({})
    assert read_yaml(kitchen.workspace.config_file, lambda _: "")["encryptionsalt"] == SALT


def test_the_engine_s_passphrase_is_recognised() -> None:
    assert checkpoint.opens(PASSPHRASE, SALT)
    assert not checkpoint.opens(PASSPHRASE[:-1], SALT)
    for odd in ("", "v1", "v1:x:v1:y:z", OTHER_SALT):
        assert not checkpoint.opens(PASSPHRASE, odd)


LATEST = json.loads(state())["checkpoint"]["latest"]


@pytest.mark.parametrize(
    ("latest", "what"),
    [
        (LATEST | {"manifest": {"version": "v3.259.0", "magic": "0" * 64}}, "a manifest that does not fit"),
        (LATEST | {"resources": LATEST["resources"][1:]}, "names a resource that it does not hold before it"),
        (LATEST | {"resources": LATEST["resources"][::-1]}, "names a resource that it does not hold before it"),
        (LATEST | {"resources": [*LATEST["resources"], LATEST["resources"][1]]}, "holds a resource twice"),
        (LATEST | {"resources": [{"urn": STACK_URN}]}, "has no `type`"),
        (LATEST | {"resources": [LATEST["resources"][0] | {"dependencies": 7}]}, "a resource of another form"),
        (LATEST | {"resources": {}}, "must be a list and is a mapping"),
    ],
)
def test_a_state_that_the_engine_would_refuse(latest: object, what: str, tmp_path: Path) -> None:
    (tmp_path / "dev.json").write_text(json.dumps({"version": 3, "checkpoint": {"stack": "s", "latest": latest}}))
    with pytest.raises(DamagedError) as caught:
        checkpoint.read(tmp_path / "dev.json")
    assert what in caught.value.what


@pytest.mark.parametrize(
    "latest",
    [
        None,
        {},
        LATEST | {"resources": [*LATEST["resources"], LATEST["resources"][1] | {"delete": True}]},
        LATEST | {"resources": [LATEST["resources"][0], *(LATEST["resources"][1] | {"delete": d} for d in (1, 0))]},
        {key: value for key, value in LATEST.items() if key != "manifest"},
    ],
)
def test_a_state_that_the_engine_takes_is_taken_here(latest: object, tmp_path: Path) -> None:
    (tmp_path / "dev.json").write_text(json.dumps({"version": 3, "checkpoint": {"stack": "s", "latest": latest}}))
    assert checkpoint.read(tmp_path / "dev.json") == (latest or {})


def test_the_first_word_of_stack_init_is_a_whole_state(tmp_path: Path) -> None:
    """It is the backup until the first update's second write; a kill before that leaves it so."""
    (tmp_path / "dev.json").write_text('{"version":0,"checkpoint":{"stack":"organization/kitchen/dev"}}')
    assert checkpoint.read(tmp_path / "dev.json") == {}


def test_a_state_cut_anywhere_is_damaged(tmp_path: Path) -> None:
    whole = state()
    for end in range(len(whole)):
        (tmp_path / "dev.json").write_text(whole[:end])
        with pytest.raises(DamagedError):
            checkpoint.read(tmp_path / "dev.json")
