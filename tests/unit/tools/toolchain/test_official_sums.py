"""The recorded sums themselves: of our pins, over https, each with a document that states it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tools.toolchain import official
from tools.toolchain.families import ETCD_VERSION, FAMILIES

SOURCES = Path(official.__file__).with_name("official.yaml")
NIX_DIGITS = "0123456789abcdfghijklmnpqrsvwxyz"
PLATFORMS = ("linux-amd64", "linux-arm64")


def from_nix(text: str) -> str:
    """The hexadecimal form of a sha256 in Nix's base 32: the last digit comes first, five bits each."""
    number = 0
    for digit in text:
        number = number * 32 + NIX_DIGITS.index(digit)
    return number.to_bytes(32, "little").hex()


@pytest.mark.parametrize("machine", PLATFORMS)
def test_every_sum_is_of_the_pinned_version(machine: str) -> None:
    recorded = official.on_record(SOURCES, machine)
    taken = {name for name, family in recorded.items() if family.files}
    assert taken == {"pulumi", "language-python", "kubernetes-provider", "kubernetes"}
    for name in taken:
        for file in recorded[name].files:
            version = ETCD_VERSION if "etcd" in file.url else FAMILIES[name].version
            assert f"v{version}" in file.url
            assert file.url.startswith("https://")
            assert (
                machine.replace("amd64", "x64") in file.url
                or machine.replace("-", "/") in file.url
                or machine in file.url
            )


def test_no_sum_stands_for_two_files() -> None:
    files = {
        file for machine in PLATFORMS for found in official.on_record(SOURCES, machine).values() for file in found.files
    }
    assert len({file.digest for file in files}) == len({file.url for file in files}) == 12


def test_sums_that_are_written_otherwise_are_the_same_number() -> None:
    content = yaml.safe_load(SOURCES.read_text())["families"]
    written = [
        (file["sha256"], record["written"])
        for family in content.values()
        for files in family.get("files", {}).values()
        for file in files
        for record in file["read"]
        if "written" in record
    ]
    assert len(written) == 2
    for digest, text in written:
        assert from_nix(text) == digest


def test_what_is_built_says_why() -> None:
    for name, recorded in official.on_record(SOURCES, PLATFORMS[0]).items():
        assert bool(recorded.built) != bool(recorded.files), name
