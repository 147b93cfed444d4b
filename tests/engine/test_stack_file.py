"""Stacks are made, and secrets encrypted, as the README and the runbook say; the tracked files keep every byte."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from importlib.util import cache_from_source
from pathlib import Path

import pytest
import yaml

from tests.support.quiet_server import QuietServer
from tools.local.errors import LocalError
from tools.local.offline import offline_workspace
from tools.local.workspace import REPOSITORY
from tools.pipeline.deploy import deploy
from tools.pipeline.stacks import init, secret
from tools.toolchain import PREVIEW, environment

CANARY = base64.b64encode(b"reader:not-to-be-seen-7f1e").decode()
CREDENTIALS = json.dumps({"auths": {"registry.kitchen.example": {"auth": CANARY}}})
FILE = "Pulumi.prod.yaml"


class Checkout:
    """The tracked files somewhere else, and an operator's environment: a backend, a passphrase, no cluster."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "checkout"
        words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(words, cwd=REPOSITORY, capture_output=True, check=True).stdout.decode().split("\0")
        names = [name for name in names if name and not name.startswith("tests/")]
        # A module's compiled form holds for a copy of the same time and size: nothing has to be compiled again.
        compiled = [str(Path(cache_from_source(name))) for name in names if name.endswith(".py")]
        names += [name for name in compiled if (REPOSITORY / name).is_file()]
        self.folder.mkdir()
        copy = ["cp", "--archive", "--parents", "--target-directory", str(self.folder), "--", *names]
        subprocess.run(copy, cwd=REPOSITORY, capture_output=True, check=True)
        (self.folder / ".venv").symlink_to(REPOSITORY / ".venv")
        for name in ("requirements.lock", "pyproject.toml"):
            os.utime(self.folder / name, (0, 0))  # older than the environment: `make venv` must not touch that
        (folder / "state").mkdir()
        (folder / "passphrase").write_text("of the test")
        self.variables = {
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(folder / "passphrase"),
            "KUBECONFIG": str(offline_workspace("prod", folder / "offline").kubeconfig),
            "KITCHEN_OBJECT_STORE_ACCESS_KEY": "nobody",
            "KITCHEN_OBJECT_STORE_SECRET_KEY": "of-nobody",
        }
        self.tracked = self.content()

    @property
    def file(self) -> Path:
        return self.folder / FILE

    def content(self) -> dict[str, bytes]:
        """Every file that Git would see, by name."""
        paths = (path for path in self.folder.rglob("*") if path.is_file() and not path.is_symlink())
        found = {str(path.relative_to(self.folder)): path for path in paths if "__pycache__" not in path.parts}
        return {name: path.read_bytes() for name, path in found.items() if not name.startswith(".venv")}

    def changed(self) -> set[str]:
        now = self.content()
        return {name for name in now | self.tracked if now.get(name) != self.tracked.get(name)}

    def run(self, script: str, told: str = "") -> subprocess.CompletedProcess[str]:
        taken = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PULUMI_CONFIG_PASSPHRASE")
        env = {key: value for key, value in environment(PREVIEW).items() if key not in taken}
        return subprocess.run(
            ["bash", "-ec", script],
            cwd=self.folder,
            env=env | self.variables,
            input=told,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def use(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let this process have the operator's environment."""
        monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE", raising=False)
        for name, value in self.variables.items():
            monkeypatch.setenv(name, value)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def block(path: Path, words: str) -> str:
    """The commands of the one block of a document that has these words, for the stack prod."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", path.read_text(), re.MULTILINE | re.DOTALL)
    (found,) = (text for text in blocks if words in text)
    return str(found.replace("STACK=STACK", "STACK=prod").replace("--stack STACK", "--stack prod"))


def salt(text: str) -> str:
    return str(yaml.safe_load(text)["encryptionsalt"])


def test_the_readme_s_commands_add_one_line_and_change_no_other_byte(checkout: Checkout) -> None:
    before = checkout.file.read_bytes()
    for _ in ("the stack is made", "the stack is there already"):
        done = checkout.run(block(REPOSITORY / "README.md", "make init STACK=prod"))
        assert done.returncode == 0, done.stdout + done.stderr
        after = checkout.file.read_bytes()
        assert after == before + f"encryptionsalt: {salt(after.decode())}\n".encode()
        assert checkout.changed() == {FILE}
    assert "to create" in done.stdout, "it was previewed"
    assert block(REPOSITORY / "README.ja.md", "make init STACK=prod") == block(REPOSITORY / "README.md", "make init")


def test_without_the_line_the_engine_would_write_the_file_anew(checkout: Checkout) -> None:
    """What all this is for; when this fails, the engine leaves files alone by itself."""
    before = checkout.file.read_text()
    assert checkout.run("pulumi stack init prod").returncode == 0
    assert not checkout.file.read_text().startswith(before)


def test_a_secret_is_encrypted_in_its_place_as_the_runbook_says(checkout: Checkout) -> None:
    assert checkout.run("make init STACK=prod").returncode == 0
    text = checkout.file.read_text().replace(
        "  kitchen:protect:", "  kitchen:pullSecret: registry-pull\n  kitchen:protect:"
    )
    checkout.file.write_text(text)
    (checkout.folder / "config.json").write_text(CREDENTIALS)
    lines = block(REPOSITORY / "docs" / "runbook.md", "make secret STACK=STACK").splitlines()
    for _ in ("the first password", "another one"):
        done = checkout.run(lines[0])
        assert done.returncode == 0, done.stdout + done.stderr
        assert CANARY not in done.stdout + done.stderr
        after = checkout.file.read_text()
        encrypted = yaml.safe_load(after)["config"]["kitchen:registryCredentials"]["secure"]
        added = f"  kitchen:registryCredentials:\n    secure: {encrypted}\n"
        assert after.replace(added, "") == text
        assert CANARY not in after
    shown = checkout.run("pulumi config get --stack prod kitchen:registryCredentials")
    assert json.loads(shown.stdout) == json.loads(CREDENTIALS)
    previewed = checkout.run("pulumi preview --stack prod --policy-pack policies")
    assert previewed.returncode == 0, previewed.stdout + previewed.stderr
    assert CANARY not in previewed.stdout + previewed.stderr
    assert checkout.file.read_text() == after
    assert checkout.changed() == {FILE, "config.json"}


def test_a_deployment_without_the_line_gives_the_file_its_text_again(
    checkout: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """And the state of the first one can be read by the second one. In a small environment: its size shows no more."""
    target = f"  kitchen:renderTo: {tmp_path / 'rendered'}\n  kitchen:protect:"
    text = checkout.file.read_text().replace("  kitchen:protect:", target).partition("  kitchen:kitchens:")[0]
    text = re.sub(r"  kitchen:monitoring:.*\n(    .*\n)+", "", text)  # objectives are of kitchens
    checkout.file.write_text(re.sub("kitchen:phase: .", "kitchen:phase: 1", text) + "  kitchen:kitchens: {}\n")
    before = checkout.file.read_bytes()
    assert checkout.run("pulumi stack init prod").returncode == 0
    checkout.file.write_bytes(before)
    checkout.use(monkeypatch)
    monkeypatch.delenv("KUBECONFIG")
    for _ in range(2):
        assert deploy("prod", ("--suppress-outputs",), checkout.folder, tmp_path / "kitchen") == 0
        assert checkout.file.read_bytes() == before
    said = capfd.readouterr()
    assert "`make init STACK=prod` adds the line" in said.err
    assert re.search(r"update of prod: nothing changed: \d+ objects as declared", said.err)


class Vault(BaseHTTPRequestHandler):
    """The two calls of HashiCorp Vault's transit engine that encrypt a stack's key."""

    def do_PUT(self) -> None:
        said = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if "encrypt" in self.path.split("/"):
            answer = {"ciphertext": "vault:v1:" + base64.b64encode(said["plaintext"].encode()).decode()}
        else:
            answer = {"plaintext": base64.b64decode(said["ciphertext"].removeprefix("vault:v1:")).decode()}
        body = json.dumps({"data": answer}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with QuietServer(("127.0.0.1", 0), Vault) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        for name in ("VAULT_ADDR", "VAULT_SERVER_URL"):
            monkeypatch.setenv(name, address)
        for name in ("VAULT_TOKEN", "VAULT_SERVER_TOKEN"):
            monkeypatch.setenv(name, "of the test")
        yield
        server.shutdown()


@pytest.mark.usefixtures("vault")
def test_a_key_service_is_two_lines(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout.use(monkeypatch)
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE_FILE")
    before = checkout.file.read_text()
    init("prod", "hashivault://kitchen", checkout.folder)
    text = checkout.file.read_text()
    said = yaml.safe_load(text)
    lines = f"secretsprovider: hashivault://kitchen\nencryptedkey: {said['encryptedkey']}\n"
    assert text == before + lines
    secret("prod", "registryCredentials", CREDENTIALS, checkout.folder)
    after = checkout.file.read_text()
    assert after.endswith(lines)
    del checkout.variables["PULUMI_CONFIG_PASSPHRASE_FILE"]
    shown = checkout.run("pulumi config get --stack prod kitchen:registryCredentials")
    assert json.loads(shown.stdout) == json.loads(CREDENTIALS), shown.stderr
    assert checkout.file.read_text() == after
    with pytest.raises(LocalError, match="states secretsprovider, encryptedkey already"):
        init("prod", "hashivault://other", checkout.folder)


@pytest.mark.parametrize(
    ("command", "lacking", "told"),
    [
        ("make init STACK=prod", "PULUMI_BACKEND_URL", "PULUMI_BACKEND_URL not set; rule: "),
        ("make init STACK=prod", "PULUMI_CONFIG_PASSPHRASE_FILE", "PULUMI_CONFIG_PASSPHRASE_FILE not set; rule: "),
        ("make init STACK=prood", "", "STACK=prood: there is no Pulumi.prood.yaml"),
        ("make init STACK=prod PULUMI_BACKEND_URL=file:///proc/nowhere", "", "pulumi stack ls failed: "),
        ("make secret STACK=prod KEY=registryCredentials", "", "make init STACK=prod"),
        ("make secret STACK=prod KEY=tenants", "", "KEY=tenants: is no secret setting; rule: one of "),
        ("make secret STACK=prod KEY=registryCredentials < /dev/null", "", "registryCredentials: nothing to read; "),
        ("sed -i 's/^config:/configs:/' Pulumi.prod.yaml; make init STACK=prod", "", "has no mapping `config`"),
    ],
)  # fmt: skip
def test_bad_input_is_one_message_and_changes_nothing(
    command: str, lacking: str, told: str, checkout: Checkout
) -> None:
    checkout.variables.pop(lacking, None)
    *first, last = command.split("; ")
    if first:
        assert checkout.run(first[0]).returncode == 0
    before = checkout.content()
    done = checkout.run(last, CREDENTIALS)
    assert done.returncode != 0
    assert sum(line.startswith("error: ") for line in done.stderr.splitlines()) == 1, done.stderr
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert CANARY not in done.stdout + done.stderr
    assert checkout.content() == before


def test_a_wrong_passphrase_encrypts_nothing(checkout: Checkout) -> None:
    assert checkout.run("make init STACK=prod").returncode == 0
    before = checkout.content()
    Path(checkout.variables["PULUMI_CONFIG_PASSPHRASE_FILE"]).write_text("another one")
    done = checkout.run("make secret STACK=prod KEY=registryCredentials", CREDENTIALS)
    assert done.returncode != 0
    assert "incorrect passphrase" in done.stderr
    assert checkout.content() == before
    assert os.linesep.join(done.stderr.splitlines()).count("error: pulumi stack init failed") == 1
