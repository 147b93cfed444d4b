"""Every file that a command reads, as 40 files that bite: not 0, one clear line, no traceback, no wait."""

from __future__ import annotations

import gzip
import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from infra.catalog import FILES, FOLDER
from ops.__main__ import main
from tests.support import bundle_tools as tools
from tests.support.artifacts import CONFIG, write_adapter
from tools.local.workspace import REPOSITORY

TIMES = 50
"""Of what PyYAML takes for 10,000 keys, about 40 ms of the processor: no command takes longer with a bad file."""

GOOD = b"".join(b"k%d: 1\n" % number for number in range(10_000))

_CLEAR = ("rule: ", "error: ", "; example: ", ": must ")

BOMB = "\n".join(["a0: &a0 [1, 2]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12))])

BAD: dict[str, bytes] = {
    "empty": b"",
    "blank": b" \n\n",
    "NUL": b"\0" * 100,
    "NUL behind": b"a: 1\n\0",
    "byte order": b"\xef\xbb\xbfconfig: {}\n",
    "byte order of JSON": b'\xef\xbb\xbf{"config": {}}',
    "UTF-16": "config: {}\n".encode("utf-16"),
    "UTF-32": "config: {}\n".encode("utf-32"),
    "Latin-1": "config: Gr\xfc\xdfe\n".encode("latin-1"),
    "holds itself": b"config: &a [*a]\n",
    "holds itself in a mapping": b"config: &a {kitchen:tenants: *a}\n",
    "bomb": BOMB.encode(),
    "bomb of texts": f"a: &a {'x' * 5000}\nb: [{', '.join(['*a'] * 100_000)}]\n".encode(),
    "deep": b"[" * 200_000,
    "deep and closed": b"[" * 5000 + b"]" * 5000,
    "deep blocks": b"- " * 200_000,
    "deep mappings": b'{"a": ' * 100_000,
    "key twice": b"config: {}\nconfig: {}\n",
    "key twice in JSON": b'{"config": {}, "config": {}}',
    "merge behind": b"a: &a {b: 1}\nc: {d: 1, <<: *a}\n",
    "tag of Python": b"!!python/object/apply:os.system [true]\n",
    "tag": b"config: !!binary AAAA\n",
    "directive": b"%YAML 1.1\n---\nconfig: {}\n",
    "two documents": b"config: {}\n---\nconfig: {}\n",
    "two values": b"{}{}",
    "NaN": b'{"config": NaN}',
    "infinite": b'{"config": 1e999}',
    "date that is none": b"config: 2026-02-30\n",
    "yes": b"config: yes\n",
    "number as a key": b"1: {}\n",
    "escape": b"config: \x1b[31mred\n",
    "C1": b"config: \xc2\x9b31m\n",
    "cut": b'{"config": [1, 2',
    "text": b"hello\n",
    "half a character": b'"\\ud800"',
    "program": b"\x7fELF\x02\x01\x01\x00",
    "pickle": b"\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00K\x01.",
    "packed": gzip.compress(b"config: {}\n"),
}

LARGE: dict[str, bytes] = {
    "bomb of merges": ("a: &a {b: 1}\n" + "c:\n  <<: [" + ", ".join(["*a"] * 400_000) + "]\n").encode(),
    "deep quotes": b"? " * 100_000,
    "many values": b"[" + b"1," * 1_500_000 + b"1]",
    "many keys": b"".join(b"k%d: 1\n" % n for n in range(400_000)),
    "long line": b"a: " + b"x" * 9_000_000,
    "many directives": b"%TAG !a! tag:x\n" * 200_000,
    "huge number": b"config: " + b"9" * 1_000_000,
    "huge number of JSON": b'{"config": ' + b"9" * 1_000_000 + b"}",
    "huge fraction of JSON": b'{"config": 0.' + b"9" * 1_000_000 + b"}",
}
"""What takes a tenth of a second and more to make or to refuse: for one command of each reader."""

Words = Callable[[Path, bytes], list[str]]


def settings(folder: Path, content: bytes) -> Path:
    (folder / "Pulumi.dev.yaml").write_bytes(content)
    return folder / "Pulumi.dev.yaml"


def catalog(folder: Path, content: bytes, name: str = "adapters.yaml") -> Path:
    for file in FILES:
        shutil.copy(FOLDER / file, folder / file)
    (folder / name).write_bytes(content)
    return folder


def bundle(folder: Path, content: bytes, name: str) -> Path:
    (folder / "bundle").mkdir()
    for file in ("bundle.json", "bundle.sig"):
        (folder / "bundle" / file).write_text("{}")
    (folder / "bundle" / name).write_bytes(content)
    return folder / "bundle"


def adapter(folder: Path, content: bytes, name: str = CONFIG) -> Path:
    made = write_adapter(folder / "menu")
    (made / name).write_bytes(content)
    return made


def written(folder: Path, content: bytes, name: str) -> Path:
    (folder / name).write_bytes(content)
    return folder / name


COMMANDS: dict[str, Words] = {
    "catalog": lambda at, bad: ["adapter", "list", "--catalog", str(catalog(at, bad)), "--stacks", str(REPOSITORY)],
    "images": lambda at, bad: ["image", "list", "--catalog", str(catalog(at, bad, "images.yaml"))],
    "licences": lambda at, bad: ["model", "list", "--catalog", str(catalog(at, bad, "licences.yaml"))],
    "environments": lambda at, bad: ["adapter", "list", "--stacks", str(settings(at, bad).parent)],
    "audit": lambda at, bad: ["audit", "--settings", str(settings(at, bad))],
    "audit of a state": lambda at, bad: [
        *("audit", "--settings", tools.DEV, "--state", str(written(at, bad, "state.json"))),
    ],
    "audit policy": lambda at, bad: ["audit-policy", "--settings", str(settings(at, bad))],
    "alerts": lambda at, bad: ["alerts", "--settings", str(settings(at, bad))],
    "usage": lambda at, bad: ["usage", "--settings", str(settings(at, bad)), "--month", "2026-01"],
    "calls": lambda at, bad: ["calls", "--settings", str(settings(at, bad)), "--from", "2026-01-01", "--to=2026-01-02"],
    "token": lambda at, bad: ["token", "--settings", str(settings(at, bad)), "--client-id", "x"],
    "merged": lambda at, bad: ["merged", "--settings", str(settings(at, bad)), "--metrics", str(at / "x.prom")],
    "rollback": lambda at, bad: ["rollback", "support", "--to", "HEAD", "--settings", str(settings(at, bad))],
    "drift": lambda at, bad: ["drift", "--environment", "dev", str(written(at, bad, "preview.json"))],
    "publish": lambda at, bad: ["publish", "--all", "--settings", str(settings(at, bad)), "--from", str(at)],
    "bring-in list": lambda at, bad: [
        *("bundle", "create", "--list", str(written(at, bad, "list.yaml")), "--from", str(at)),
        *("--to", str(at / "new"), "--unsigned"),
    ],
    "bring-in list as JSON": lambda at, bad: [
        *("bundle", "create", "--list", str(written(at, bad, "list.json")), "--from", str(at)),
        *("--to", str(at / "new"), "--unsigned"),
    ],
    "manifest of a bundle": lambda at, bad: ["bundle", "verify", str(bundle(at, bad, "bundle.json")), "--unsigned"],
    "signature of a bundle": lambda at, bad: [
        *("bundle", "verify", str(bundle(at, bad, "bundle.sig")), *tools.keys(at).trust()),
    ],
    "key of a bundle": lambda at, bad: [
        *("bundle", "verify", str(bundle(at, b"{}", "bundle.sig")), "--public-key", str(written(at, bad, "key.pub"))),
    ],
    "adapter": lambda at, bad: ["adapter", "lint", str(adapter(at, bad))],
    "signature of an adapter": lambda at, bad: ["adapter", "lint", str(adapter(at, bad, "model.sig"))],
    "adopted adapter": lambda at, bad: ["adapter", "adopt", str(adapter(at, bad)), "--to", str(at / "new")],
    "index of an adopted adapter": lambda at, bad: [
        *("adapter", "adopt", str(sharded(at, bad)), "--to", str(at / "new")),
    ],
    "base model": lambda at, bad: ["model", "lint", str(written(at, bad, "config.json").parent)],
    "settings of the pack": lambda at, bad: [
        *("policy", "check", "--settings", str(settings(at, bad)), str(manifest(at))),
    ],
    "levels of the pack": lambda at, bad: [
        *("policy", "check", "--config", str(written(at, bad, "config.json")), str(manifest(at))),
    ],
    "state": lambda at, bad: ["policy", "check", "--state", str(written(at, bad, "state.json"))],
    "manifest": lambda at, bad: ["policy", "check", str(written(at, bad, "manifest.yaml"))],
}  # fmt: skip
"""By what is bad: the words of a command that reads it."""

OF_EACH_READER = (
    "catalog",
    "bring-in list as JSON",
    "manifest of a bundle",
    "adapter",
    "settings of the pack",
    "manifest",
    "state",
)


def sharded(folder: Path, content: bytes) -> Path:
    made = write_adapter(folder / "menu")
    (made / "adapter_model.safetensors").rename(made / "adapter_model-00001-of-00001.safetensors")
    (made / "adapter_model.safetensors.index.json").write_bytes(content)
    return made


def manifest(folder: Path) -> Path:
    (folder / "manifest.yaml").write_text(json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}))
    return folder / "manifest.yaml"


@pytest.fixture
def pace() -> float:
    """Seconds of the processor that PyYAML takes now for a good file."""
    started = time.process_time()
    yaml.load(GOOD, yaml.CSafeLoader)
    return time.process_time() - started


@pytest.mark.parametrize("command", COMMANDS)
def test_a_bad_file_is_one_clear_line(
    command: str, pace: float, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = []
    bad = BAD | LARGE if command in OF_EACH_READER else BAD
    for number, (case, content) in enumerate(bad.items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        words = COMMANDS[command](folder, content)
        started = time.process_time()
        try:
            status = main(words)
        except SystemExit as error:
            status = f"argparse: {error}"
        times = (time.process_time() - started) / pace
        said = capsys.readouterr()
        lines = (said.err + said.out).splitlines()
        clear = any(
            "rule: " in line or "error: " in line or "; example: " in line or ": must " in line for line in lines
        )
        if status == 0 or not isinstance(status, int) or "Traceback" in said.err or times > TIMES or not clear:
            wrong.append((case, status, round(times), [line[:300] for line in lines[:4]]))
        elif any(len(line) > 1500 for line in lines) or not "".join(lines).isprintable():
            wrong.append((case, "long or unseen", 0, [line[:300] for line in lines[:4]]))
        shutil.rmtree(folder)
    assert wrong == []
