"""Lines of a stack's settings file: one is added or replaced, and every other byte stays."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
import yaml

from ops.rollback.block import LayoutError
from tools.local.workspace import REPOSITORY
from tools.pipeline.stack_file import encryption, kept, with_encryption, with_secret

SALT = {"encryptionsalt": "v1:GnWUcPq+o/A=:v1:DYqLieBPbkZoxSfL:Lox6rYJgwCMYJA13Hf7JN/Zw5qKCOw=="}
KEY, VALUE = "kitchen:registryCredentials", "v1:x/AtiUUiRemtbx1L:PvwQWkyqCi5K61cTjjQBd0a54K8umw=="
ADDED = f"  {KEY}:\n    secure: {VALUE}\n"
TEXT = """\
# an environment
config:
  kitchen:phase: 3                # remarks stay where they are
  kitchen:pullSecret: "pull"
  kitchen:tenants: {sales: {owner: sales-operations}}

  # what the last one is for
  kitchen:kitchens:
    summary:
      pool: l40s
# the end
"""


@pytest.mark.parametrize("name", ["dev", "prod"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_the_salt_is_one_line_at_the_end_of_the_real_files(name: str, ending: str) -> None:
    text = (REPOSITORY / f"Pulumi.{name}.yaml").read_text().replace("\n", ending)
    assert encryption(text) == {}
    after = with_encryption(text, SALT)
    assert after == f"{text}encryptionsalt: {SALT['encryptionsalt']}{ending}"
    assert encryption(after) == SALT
    assert with_encryption(after, {}) == after


def test_a_provider_is_two_lines() -> None:
    said = {"secretsprovider": "hashivault://kitchen", "encryptedkey": "dmF1bHQ6djE6=="}
    after = with_encryption(TEXT, said)
    assert after == f"{TEXT}secretsprovider: hashivault://kitchen\nencryptedkey: dmF1bHQ6djE6==\n"
    assert encryption(after) == said


def test_a_last_line_without_an_end_gets_one() -> None:
    text = TEXT.rstrip("\n")
    assert with_encryption(text, SALT).startswith(f"{TEXT}encryptionsalt: ")


def test_a_secret_comes_behind_the_last_setting() -> None:
    after = with_secret(TEXT, KEY, VALUE)
    assert after == TEXT.replace("# the end\n", f"{ADDED}# the end\n")
    salted = with_encryption(TEXT, SALT)
    assert with_secret(salted, KEY, VALUE) == with_encryption(after, SALT)


@pytest.mark.parametrize(
    "former",
    [f"  {KEY}: {{secure: v1:a:b==}}   # a remark of its own\n", f"  {KEY}:\n    secure: v1:a:b==\n", f"  {KEY}: x\n"],
)
@pytest.mark.parametrize("behind", ["  kitchen:pullSecret", "# the end"])
def test_a_secret_that_is_there_is_replaced_in_its_place(former: str, behind: str) -> None:
    text = TEXT.replace(behind, former + behind)
    assert with_secret(text, KEY, VALUE) == TEXT.replace(behind, ADDED + behind)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("config: [", "no YAML"),
        ("kitchens: {}\n", "no mapping `config`"),
        ("config: {kitchen:phase: 3}\n", "no `config` in block style"),
        ("config: {}\n", "no `config` in block style"),
    ],
)
def test_a_text_without_room_for_a_line_is_refused(text: str, told: str) -> None:
    with pytest.raises(LayoutError, match=told):
        with_secret(text, KEY, VALUE)


def test_a_document_that_ends_early_is_refused() -> None:
    """A line behind `...` would not be read."""
    with pytest.raises(LayoutError):
        with_encryption(f"{TEXT}...\n", SALT)


@pytest.mark.parametrize("fails", [False, True])
def test_a_file_that_was_written_anew_has_its_text_again(
    fails: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_bytes(TEXT.encode())
    with suppress(KeyboardInterrupt), kept(file):
        file.write_text(yaml.safe_dump(yaml.safe_load(TEXT)))
        if fails:
            raise KeyboardInterrupt
    assert file.read_bytes() == TEXT.encode()
    assert "`make init STACK=dev` adds the line" in capsys.readouterr().err
    with kept(file), kept(tmp_path / "Pulumi.none.yaml"):
        pass
    assert capsys.readouterr().err == ""
