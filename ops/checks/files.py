"""The files of an artifact: plain names, regular files, known kinds, and content that is what the name says."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.catalog import ChatTemplate
from infra.faults import Fault
from infra.payload.verify_signature import MAX_BYTES as MAX_SIGNATURE_BYTES
from infra.payload.verify_signature import SIGNATURE
from infra.strict_json import MAX_BYTES, JsonError, parse
from ops.checks.content import archive_or_program, pointer, what_it_is
from ops.checks.left_out import is_left_out
from ops.checks.safetensors_header import HeaderError, Tensor, read_header
from ops.checks.text_content import text_reason
from ops.sums import Sums

SUFFIXES = (".safetensors", ".json", ".txt", ".md", ".jinja", ".model")
"""Kinds of files that an artifact has: weights, configuration, notes, chat templates, sentencepiece models."""

PLAIN = ("LICENSE", "LICENCE", "NOTICE")
"""Files without a suffix that are allowed."""

PICKLES = (
    ".bin",
    ".pt",
    ".pth",
    ".ckpt",
    ".pkl",
    ".pickle",
    ".joblib",
    ".npy",
    ".npz",
    ".dill",
    ".mar",
    ".nemo",
    ".h5",
)
"""Kinds that run code when they are loaded, or may: refused whatever a scanner says of them."""

CODE = (".py", ".pyc", ".so", ".sh", ".dll", ".pyd", ".ipynb", ".js")

MAX_JSON_BYTES = 64 * 1024 * 1024
"""A tokenizer.json of a large vocabulary has 35 MB."""

_LARGE = ("tokenizer.json", "vocab.json", ".index.json")
"""Ends of names of JSON that may be so large; any other has MAX_BYTES of the reader."""

_ALSO = (*PLAIN, SIGNATURE)
_NAME = re.compile("[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
_EXAMPLE = "adapter_model.safetensors"


@dataclass(frozen=True, kw_only=True)
class Content:
    """What was read: `sizes` in bytes of every regular file, `parsed` JSON and `tensors` of the right ones, by name.

    `templates` are the chat templates of a base model. `sums` reads the files whole, when it is asked. `notes` are
    sentences on what is no fault and yet worth knowing, such as what is not counted or could not be compared.
    `withheld` are faults of what may be looked at, and not be published.
    """

    sizes: dict[str, int]
    parsed: dict[str, Any]
    tensors: dict[str, dict[str, Tensor]]
    sums: Sums
    notes: list[str] = field(default_factory=list)
    withheld: list[Fault] = field(default_factory=list)
    templates: list[ChatTemplate] = field(default_factory=list)


def read_folder(folder: Path) -> tuple[Content, list[Fault]]:
    """Read an artifact's folder: headers and JSON, no weights; and every fault of its files.

    Nothing is opened that is no regular file, and no link is followed.
    """
    content = Content(sizes={}, parsed={}, tensors={}, sums=Sums(folder))
    faults: list[Fault] = []
    regular: list[Path] = []
    try:
        found = sorted(folder.iterdir())
    except OSError as error:
        rule = f"must be a folder that can be read: {error.strerror}"
        return content, [Fault(path="(folder)", value=str(folder), rule=rule, example="artifacts/helpdesk-faq")]
    if not found:
        rule = "holds no file"
        return content, [Fault(path="(folder)", value=str(folder), rule=rule, example=_EXAMPLE)]
    faults += _collisions([path.name for path in found])
    for path in found:
        if is_left_out(path):
            content.notes.append(f"{path.name}: left out, it is no part of the artifact")
            continue
        fault = _entry_fault(path)
        faults += [fault] if fault else []
        if fault is None:
            regular.append(path)
    for path in regular:
        try:
            faults += _content_faults(path, content)
        except OSError as error:
            rule = f"must be readable: {error.strerror}"
            faults.append(Fault(path=path.name, value=error.strerror, rule=rule, example=_EXAMPLE))
    return content, faults


def unsafe_name(name: str) -> str | None:
    """Why a name may not be that of an artifact's file, or None.

    A plain name, as the catalog's schema has it: letters, digits and `_.-`, a letter or digit first, at most 128.
    """
    if any(ord(character) < 32 or 127 <= ord(character) < 160 for character in name):
        return "has a control character"
    if "/" in name or "\\" in name:
        return "is a path: an artifact is one flat folder of files"
    if any("\ud800" <= character <= "\udfff" for character in name):
        return "is not UTF-8"
    if name.startswith("."):
        return "begins with a dot"
    if not _NAME.fullmatch(name):
        return "has characters that a plain name does not: letters, digits and _.- only, at most 128"
    return None


def _collisions(names: list[str]) -> Iterator[Fault]:
    first: dict[str, str] = {}
    for name in names:
        twin = first.setdefault(name.casefold(), name)
        if twin != name:
            rule = f"has the same name as {twin} where letter case does not count"
            yield Fault(path=name, value=name, rule=rule, example=_EXAMPLE)


def _entry_fault(path: Path) -> Fault | None:
    """What is wrong with a folder's entry before it is opened."""
    if reason := unsafe_name(path.name):
        return Fault(path=path.name, value=path.name, rule=f"the name {reason}", example=_EXAMPLE)
    mode = path.lstat().st_mode
    if not stat.S_ISREG(mode):
        rule = "must be a regular file"
        if path.name == "additional_chat_templates":
            rule += ": an artifact is one flat folder; put its templates into tokenizer_config.json, each with its name"
        return Fault(path=path.name, value=_kind(mode), rule=rule, example=_EXAMPLE)
    suffix = path.suffix.lower()
    if suffix in PICKLES:
        rule = f"{suffix} files are refused: loading one can run code; convert it to safetensors{_this_is(path)}"
        return Fault(path=path.name, value=path.name, rule=rule, example=_EXAMPLE)
    if suffix in CODE:
        rule = "code is refused: servers never run an artifact's code (no trust_remote_code)"
        return Fault(path=path.name, value=path.name, rule=rule, example=_EXAMPLE)
    if suffix not in SUFFIXES and path.name not in _ALSO:
        rule = f"must be a known kind of file: {', '.join((*SUFFIXES, *_ALSO))}"
        return Fault(path=path.name, value=path.name, rule=rule, example=_EXAMPLE)
    return None


def _kind(mode: int) -> str:
    kinds = ((stat.S_ISLNK, "a symbolic link"), (stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"))
    return next((kind for test, kind in kinds if test(mode)), "a device or socket")


def _this_is(path: Path) -> str:
    """What a refused file is by its bytes, as the end of a rule."""
    try:
        found = what_it_is(path)
    except OSError as error:
        return f"; not readable: {error.strerror}"
    return f"; this is {found}" if found else ""


def _content_faults(path: Path, content: Content) -> list[Fault]:
    """Read a file as what its name says; tell what it is when it is not that."""
    name, size = path.name, path.stat().st_size
    content.sizes[name] = size
    if size == 0:
        return [Fault(path=name, value=0, rule="is empty", example=_EXAMPLE)]
    if stands_for := pointer(path):
        rule = f"is {stands_for} and not the file: fetch it (git lfs pull, or the hub's own client), and look again"
        return [Fault(path=name, value=f"{size} bytes", rule=rule, example=_EXAMPLE)]
    reasons: tuple[str, ...] = ()
    if path.suffix.lower() == ".safetensors":
        try:
            content.tensors[name] = read_header(path)
        except HeaderError as error:
            reasons = error.faults
    elif path.suffix.lower() == ".json":
        try:
            most = MAX_JSON_BYTES if name.lower().endswith(_LARGE) else MAX_BYTES
            content.parsed[name] = _parsed(path, size, most)
        except JsonError as error:
            reasons = (str(error),)
    elif name == SIGNATURE:
        try:
            _parsed(path, size, MAX_SIGNATURE_BYTES)
        except JsonError as error:
            reasons = (str(error),)
    if reasons:
        rules = [f"{reason}{_this_is(path)}" for reason in reasons]
        return [Fault(path=name, value=f"{size} bytes", rule=rule, example=_EXAMPLE) for rule in rules]
    disguise = archive_or_program(path)
    if disguise:
        rule = f"must be what its name says; this is {disguise}"
        return [Fault(path=name, value=f"{size} bytes", rule=rule, example=_EXAMPLE)]
    if reason := text_reason(path):
        return [Fault(path=name, value=f"{size} bytes", rule=reason, example=_EXAMPLE)]
    return []


def _parsed(path: Path, size: int, most: int) -> Any:
    if size > most:
        raise JsonError(f"has {size} bytes, at most {most} are read")
    return parse(path.read_bytes(), most=most)
