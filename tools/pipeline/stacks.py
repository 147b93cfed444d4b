"""Makes a stack on your own backend, and encrypts settings of it; the settings file keeps its text.

Whatever the engine writes into a stack's file, it writes into one of a project of its own, in a folder that is gone
afterwards. From there single lines are taken over.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import yaml

from infra.secret_settings import KEYS
from ops.rollback.block import LayoutError
from tools.local.errors import LocalError
from tools.local.workspace import REPOSITORY
from tools.pipeline.hints import hint
from tools.pipeline.stack_file import ENCRYPTION, encryption, with_encryption, with_secret
from tools.progress import say
from tools.toolchain import PREVIEW, environment

_BACKEND = "PULUMI_BACKEND_URL"
_PASSPHRASES = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")


def init(stack: str, provider: str = "", project: Path = REPOSITORY) -> None:
    """Make the stack where it is not there yet, and give its file the lines that the engine asks for.

    `provider` is the address of a secrets provider; without one a passphrase encrypts. Every other byte of the file
    stays. Raise LocalError, with the file as it was.
    """
    if not os.environ.get(_BACKEND):
        raise LocalError(f"{_BACKEND} not set; rule: it names your backend; example: {_BACKEND}=s3://pulumi-state")
    file = project / f"Pulumi.{stack}.yaml"
    before = _text(file)
    with _layout_of(file):
        said = encryption(before)
    complete = not {"encryptedkey", "encryptionsalt"}.isdisjoint(said)
    if complete and provider:
        raise LocalError(
            f"SECRETS_PROVIDER={provider}: {file.name} states {', '.join(said)} already; rule: another provider "
            "encrypts the state anew; example: pulumi stack change-secrets-provider"
        )
    provider = provider or said.get("secretsprovider", "")
    made = {} if complete else _new_encryption(stack, provider)
    made = {key: value for key, value in made.items() if key not in said}
    with _layout_of(file):
        after = with_encryption(before, made)
    is_there = stack in _stacks(project)
    file.write_bytes(after.encode())
    if not is_there:
        try:
            _init(stack, provider, project)
        except LocalError:
            file.write_bytes(before.encode())
            raise
    say(f"stack {stack}: {'there already' if is_there else 'made'}")
    if made:
        say(f"{file.name}: {', '.join(made)} added at its end, and nothing else changed; commit it")


def secret(stack: str, key: str, value: str, project: Path = REPOSITORY) -> None:
    """Encrypt `value` as the engine does, and write it into the stack's file as the setting `key`; else LocalError."""
    if key not in KEYS:
        raise LocalError(f"KEY={key}: is no secret setting; rule: one of {', '.join(KEYS)}; example: KEY={KEYS[0]}")
    if not value.strip():
        raise LocalError(f"{key}: nothing to read; rule: its value on standard input; example: make secret ... < FILE")
    file = project / f"Pulumi.{stack}.yaml"
    before = _text(file)
    with _layout_of(file):
        said = encryption(before)
    if not said:
        raise LocalError(
            f"{file.name}: states no {ENCRYPTION[-1]} and no secrets provider; rule: the stack is made first; "
            f"example: make init STACK={stack}"
        )
    name = f"{_name(project)}:{key}"
    with tempfile.TemporaryDirectory() as folder:
        place, variables = _throwaway(Path(folder), stack, _name(project), said)
        _call(["config", "set", "--secret", name, "--stack", stack], place, variables, told=value)
        encrypted = str(yaml.safe_load((place / file.name).read_text())["config"][name]["secure"])
    with _layout_of(file):
        after = with_secret(before, name, encrypted)
    file.write_bytes(after.encode())
    say(f"{file.name}: {name} encrypted, and nothing else changed; commit it")


def _new_encryption(stack: str, provider: str) -> dict[str, str]:
    """What the engine writes into the file of a new stack."""
    if not provider and not any(os.environ.get(name) for name in _PASSPHRASES):
        raise LocalError(
            f"{_PASSPHRASES[1]} not set; rule: a passphrase, or another secrets provider, encrypts the state; example: "
            f"{_PASSPHRASES[1]}=/secure/passphrase, or make init STACK={stack} SECRETS_PROVIDER=hashivault://kitchen"
        )
    with tempfile.TemporaryDirectory() as folder:
        place, _ = _throwaway(Path(folder), stack, "kitchen", {}, provider)
        made: dict[str, str] = yaml.safe_load((place / f"Pulumi.{stack}.yaml").read_text())
    return {key: made[key] for key in ENCRYPTION if key in made}


def _throwaway(
    folder: Path, stack: str, name: str, said: Mapping[str, str], provider: str = ""
) -> tuple[Path, dict[str, str]]:
    """A project with the stack, on a backend of its own; its folder, and the variables that lead there."""
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump({"name": name, "runtime": "python"}))
    if said:
        (folder / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump(dict(said)))
    (folder / "state").mkdir()
    variables = {_BACKEND: f"file://{folder / 'state'}"}
    _init(stack, provider or said.get("secretsprovider", ""), folder, variables)
    return folder, variables


def _init(stack: str, provider: str, folder: Path, variables: Mapping[str, str] | None = None) -> None:
    words = [*("stack", "init", stack, "--no-select"), *(["--secrets-provider", provider] if provider else [])]
    _call(words, folder, variables)


def _stacks(project: Path) -> set[str]:
    """Names of the project's stacks on the backend."""
    found = json.loads(_call(["stack", "ls", "--json"], project))
    return {str(entry["name"]).rpartition("/")[2] for entry in found}


def _call(words: list[str], folder: Path, variables: Mapping[str, str] | None = None, told: str = "") -> str:
    done = subprocess.run(
        ["pulumi", *words, "--non-interactive"],
        cwd=folder,
        env=environment(PREVIEW) | dict(variables or {}),
        input=told,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = done.stderr.strip()
        raise LocalError(f"pulumi {' '.join(words[:2])} failed: {said}{hint(said, 'STACK')}")
    return done.stdout


def _text(file: Path) -> str:
    """As bytes are: line ends are not made alike."""
    try:
        return file.read_bytes().decode()
    except UnicodeDecodeError:
        raise LocalError(f"{file.name}: is no UTF-8 text; nothing was written") from None


@contextmanager
def _layout_of(file: Path) -> Iterator[None]:
    try:
        yield
    except LayoutError as error:
        raise LocalError(f"{file.name}: {error}; nothing was written") from None


def _name(project: Path) -> str:
    return str(yaml.safe_load((project / "Pulumi.yaml").read_text())["name"])
