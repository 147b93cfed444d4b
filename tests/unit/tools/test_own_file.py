"""The one reader and the one writer of files of our own, and that nothing in `tools/` goes past them."""

from __future__ import annotations

import ast
import resource
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.support.imports import sources
from tools.damaged_error import DamagedError
from tools.local.workspace import REPOSITORY
from tools.own_file import content, create, read_json, read_yaml, remove, text, write
from tools.own_form import each, flag, number, optional, record, rows, words

FORM = record({"name": words, "port": number(1, 9), "on": flag, "more": optional(rows(words))}, may_lack=("more",))


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("", "is empty"),
        (" \n\t", "is empty"),
        ('{"name": "x"', "is cut off or no JSON (Expecting ',' delimiter: line 1 column 13 (char 12))"),
        ("null", "must be a mapping and is null"),
        ("[]", "must be a mapping and is a list"),
        ("7", "must be a mapping and is another number"),
        ("{}", "has no `name`"),
        ('{"name": "x", "port": 70, "on": true}', "`port` must be a whole number from 1 to 9 and is another number"),
        ('{"name": "x", "port": true, "on": true}', "`port` must be a whole number from 1 to 9 and is true or false"),
        ('{"name": 1, "port": 1, "on": true}', "`name` must be a text and is another number"),
        ('{"name": "x", "port": 1, "on": "yes"}', "`on` must be true or false and is a text"),
        ('{"name": "x", "port": 1, "on": true, "more": [""]}', "`more` `0` is an empty text"),
        (
            '{"name": "x", "port": 1, "on": true, "new": 1}',
            "has a key that this release does not know ('new'): a newer release may have written it",
        ),
        ("[" * 100_000, "is cut off or no JSON"),
        ("9" * 5000, "is cut off or no JSON"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(value: str, what: str, tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    path.write_text(value)
    with pytest.raises(DamagedError) as caught:
        read_json(path, FORM)
    assert caught.value.what == what
    assert str(caught.value) == (
        f"{path}: {what}; way out: make recover (sets it aside and rebuilds what can be rebuilt), "
        "or make down (removes everything)"
    )


def test_a_right_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text('{"name": "x", "port": 1, "on": true, "more": null}')
    assert read_json(path, FORM) == read_yaml(path, FORM)
    path.write_text("name: x\nport: 1\n'on': true\n")
    assert read_yaml(path, FORM) == {"name": "x", "port": 1, "on": True}


@pytest.mark.parametrize("value", ["a: [", "a: b: c", "\ta", "a: &x [*x", "- " * 100_000, "{" * 100_000, "[" * 8191])
def test_yaml_of_another_form_is_damaged_and_ends_nothing(value: str, tmp_path: Path) -> None:
    path = tmp_path / "file.yaml"
    path.write_text(value)
    with pytest.raises(DamagedError, match="is cut off or no YAML"):
        read_yaml(path, FORM)


def test_what_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("nowhere")
    with pytest.raises(DamagedError, match="is a folder, and must be a file"):
        content(tmp_path / "folder")
    with pytest.raises(DamagedError, match="is a link to nothing"):
        content(tmp_path / "link")
    with pytest.raises(DamagedError, match="is a pipe, socket or device, and must be a file"):
        content(Path("/dev/null"))
    with pytest.raises(FileNotFoundError):
        content(tmp_path / "absent")
    (tmp_path / "binary").write_bytes(b"ab\xff")
    with pytest.raises(DamagedError, match="is not text: no UTF-8 at byte 2"):
        text(tmp_path / "binary")


def test_a_value_is_never_shown(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    for value in ('{"name": 5, "port": "canary-secret", "on": 1}', '["canary-secret"]', '{"name": "canary-secret", "p'):
        path.write_text(value)
        with pytest.raises(DamagedError) as caught:
            read_json(path, FORM)
        assert "canary" not in str(caught.value)
    path.write_text("name: [canary-secret\n")
    with pytest.raises(DamagedError) as caught:
        read_yaml(path, each(words))
    assert "canary" not in str(caught.value)


def test_a_write_is_whole_or_not_at_all(tmp_path: Path) -> None:
    """The system's own limit on the size of a file stands for a full disk."""
    path = tmp_path / "file"
    write(path, "old")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(OSError, match="File too large") as caught:
            write(path, "n" * 5000)
        with pytest.raises(OSError, match="File too large"):
            create(tmp_path / "other", "n" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.filename == str(path)
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_what_is_there_is_not_made_again(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert create(path, "first")
    assert not create(path, "second")
    assert path.read_text() == "first"
    (tmp_path / "link").symlink_to("nowhere")
    assert not create(tmp_path / "link", "second")


def test_whatever_is_there_can_be_removed(tmp_path: Path) -> None:
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    (tmp_path / "kept").write_text("x")
    (tmp_path / "link").symlink_to("kept")
    for name in ("folder", "link", "absent"):
        remove(tmp_path / name)
    assert [entry.name for entry in tmp_path.iterdir()] == ["kept"]


# Who reads and writes files

READERS = {"read_text", "read_bytes", "open", "fdopen", "load", "loads", "safe_load", "safe_load_all", "load_all"}
WRITERS = {"write_text", "write_bytes", "copyfile", "copy", "copytree"}
MODULES_THAT_OPEN = {"os", "json", "yaml", "shutil", "tarfile", "io", "gzip"}

OTHERS: dict[str, tuple[str, ...]] = {
    "tools/own_file.py": ("path.read_bytes()", "loads(text(path))", "loads(found)", "yaml.load(found"),
    # Of this repository or of the toolchain.
    "tools/cluster/components.py": ("HERE /",),
    "tools/cluster/objects.py": ("HERE /", "folder /", "path.read_bytes()", "values[key]", "answer"),
    "tools/docs/memory_rows.py": ("path.read_text()", "(folder / 'memory.md')"),
    # Of the kernel; logs, which are shown as they are.
    "tools/cluster/processes.py": ("_PROC /", "'environ'", "log.open("),
    "tools/local/orphans.py": ("/proc/",),
    # Answers of the API server, of etcd and of the engine; what the one reader has read.
    "tools/cluster/api.py": ("answer", "line"),
    "tools/kube/cluster.py": ("json.loads(answer)",),
    "tools/drift/trees.py": ("json.loads(said)",),
    "tools/cluster/seed.py": ("json.loads(text)", "content(seed_file())", "_decoded(value)"),
    "tools/engine/change.py": ("json.loads(text)",),
    "tools/engine/follow.py": ("path.open('rb')", "json.loads(line)"),
    "tools/engine/leftovers.py": ("json.loads(text)",),
    "tools/local/engine_process.py": ("os.open(path", "os.fdopen(os.open(path"),
    "tools/local/logs.py": ("self.path.open('a'", "os.open(path"),
    "tools/local/workspace.py": ("json.loads(text)", "json.loads(self._call("),
    # Standard input, and a text that the shelf has read; one that is cut is no error but counts as unknown.
    "tools/engine/unmade_users.py": ("json.load(sys.stdin)",),
    "tools/engine/journal.py": ("json.loads(text)",),
    # Files that are opened to be locked: their content says nothing.
    "tools/cluster/layout.py": ("self.lock.open('w')",),
    "tools/local/work.py": ("os.open(path, os.O_RDWR",),
    "tools/demo/__main__.py": ("(directory / 'demo.lock').open('w')",),
    # The demo's folder is made anew at each start; logs of its processes, which are shown as they are.
    "tools/demo/processes.py": ("self.log(name).open(",),
    # Outside of .kitchen, or written anew whenever they are needed: pages, reports, artifacts, the toolchain's cache.
    "tools/docs/__main__.py": ("",),
    "tools/docs/alert_pages.py": ("(folder / SHARED)", "path.read_text()"),
    "tools/keycloak.py": ("archive.open('rb')",),
    "tools/perses/install.py": ("",),
    "tools/fixtures/__init__.py": ("",),
    "tools/pipeline/state.py": ("",),
    "tools/pipeline/checks.py": ("",),
    **dict.fromkeys(
        (
            f"tools/toolchain/{name}.py"
            for name in ("build", "cache", "download", "engine", "family", "files", "go", "reach", "sums", "unpack")
        ),
        ("",),
    ),
    "tools/venv.py": ("",),
    # What makes a build for CPU known by vLLM's own name, in the demo's folder.
    "tools/demo/on_cpu.py": ("place / 'METADATA'",),
    # The list of vLLM's flags in Git.
    "tools/server_flags/__main__.py": ("FILE.read_text()", "FILE.write_text(", "json.loads("),
    # The settings that people write, and projects in temporary folders.
    "tools/pipeline/stack_file.py": ("",),
    "tools/pipeline/stacks.py": ("",),
    "tools/pipeline/backend.py": ("json.loads(self._call(", "file.write_text(json.dumps(deployment))"),
    # Settings, objects that Git holds, and temporary folders for commands of ours; a commit's files, out of Git.
    "tools/deliver/audit.py": ("exported.write_text(",),
    "tools/gitops/application.py": ("path.read_text()",),
    "tools/gitops/command.py": ("path.read_text()", "path.write_text(text)"),
    "tools/identity/command.py": ("file.read_bytes()",),
    "tools/identity/judged.py": ("file.write_text(", "config.write_text("),
    "tools/plan/git.py": ("tarfile.open(", "(folder / name).write_bytes(content)"),
    # Modules of Git and what Python has compiled of them; the files that say what the packages are.
    "tools/plan/compiled.py": (
        "shutil.copyfile(compiled",
        "compiled.open('rb')",
        "old.read_bytes()",
        "new.read_bytes()",
    ),
    "tools/plan/made_with.py": ("path.read_bytes()",),
    # A file that is locked, with the number of the process that holds it; whether folders can be used at all.
    "tools/plan/place.py": ("(folder / LOCK).open('a')", "(plan / LOCK).open('a')", "os.open(folder"),
    # A report that a person names.
    "tools/drift_report/reviewed.py": ("path.read_bytes()",),
    # CRDs of the toolchain; what the engine and a side's own Python have answered.
    "tools/upgrade/schemas.py": ("yaml.load_all(",),
    "tools/upgrade/settled.py": ("json.loads(text(plan))", "json.loads(done.stdout"),
    "tools/upgrade/sides.py": ("json.loads(done.stdout",),
}
"""By file: parts of the calls that touch no file of our own."""


def touches(path: Path) -> Iterator[str]:
    """Calls in a source that read or write a file, or that parse what was read."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name) and node.func.id == "open":
            yield ast.unparse(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr in READERS | WRITERS:
            owner = ast.unparse(node.func.value)
            if node.func.attr not in {"copy", "load", "loads", "load_all"} or owner in MODULES_THAT_OPEN:
                yield ast.unparse(node)


def test_every_file_of_our_own_is_read_and_written_in_one_place() -> None:
    """A new place that reads or writes a file goes through `tools.own_file`, or says here why it need not."""
    found = {path.relative_to(REPOSITORY).as_posix(): list(touches(path)) for path in sources("tools")}
    past = [
        f"{name}: {call}"
        for name, calls in found.items()
        for call in calls
        if not any(part in call for part in OTHERS.get(name, ()))
    ]
    assert past == []
    needless = [f"{name}: {part}" for name, parts in OTHERS.items() for part in parts
                if not any(part in call for call in found.get(name, []))]  # fmt: skip
    assert needless == []


def test_a_reader_that_goes_past_is_found(tmp_path: Path) -> None:
    source = tmp_path / "past.py"
    for line in (
        "json.loads(path.read_text())",
        "open(path)",
        "path.open('w')",
        "yaml.safe_load(text)",
        "os.open(path, 0)",
        "path.write_bytes(b'')",
    ):
        source.write_text(line)
        assert list(touches(source)), line


def test_text_that_a_form_calls_wrong_is_short() -> None:
    wrong = each(number(1, 2))({"k" * 500: "x"})
    assert len(wrong) < 120
