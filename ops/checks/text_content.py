"""Whether a file of text or of a vocabulary is what its name says, by every byte of it."""

from __future__ import annotations

import io
import pickletools
import re
import warnings
from pathlib import Path

MAX_TEXT_BYTES = 64 * 1024 * 1024
_RUN_BYTES = 1024 * 1024
_TEXTS = (".txt", ".md", ".jinja")
_MODEL = ".model"
_CONTROLS = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]")
"""What no text has: control characters but tab, line feed, form feed and carriage return."""

_TIKTOKEN = re.compile(rb"(?:[A-Za-z0-9+/]+={0,2} [0-9]{1,9}\r?\n)*[A-Za-z0-9+/]+={0,2} [0-9]{1,9}\s*")
_MODULE = re.compile(r"[A-Za-z_][A-Za-z0-9_.]* [A-Za-z_][A-Za-z0-9_.]*")
_LAST_FIELD, _FIRST_EXTENSION = 5, 200
_BYTES = 2
"""The wire type of what has a length (protobuf, encoding)."""


def text_reason(path: Path) -> str | None:
    """Why a file is not what its name says, as a phrase that follows it; None where it is. Raise OSError."""
    suffix = path.suffix.lower()
    if suffix not in (*_TEXTS, _MODEL) and suffix:
        return None
    if path.stat().st_size > MAX_TEXT_BYTES:
        return f"has {path.stat().st_size} bytes, at most {MAX_TEXT_BYTES} are read"
    content = path.read_bytes()
    return _vocabulary_reason(content) if suffix == _MODEL else _plain_reason(content)


def _plain_reason(content: bytes) -> str | None:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return f"must be text in UTF-8: it is not at byte {error.start}"
    if found := _CONTROLS.search(text):
        return f"must be text: it has the control character {found[0]!a}"
    if text.startswith("#!"):
        return "must be what its name says; this is a script"
    if _is_pickle(content):
        return "must be text: read as a pickle (protocol 0) it imports something"
    return None


def _is_pickle(content: bytes) -> bool:
    """Whether text is a whole pickle that names what it imports; pickletools executes nothing.

    Asked of sound text, so all of it must be so: up to the end mark, with a name that could be a module's.
    """
    imports = False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # escapes in foreign text are no business of the reader's
        try:
            for opcode, argument, _ in pickletools.genops(io.BytesIO(content[:_RUN_BYTES])):
                if opcode.name in ("GLOBAL", "INST"):
                    imports |= isinstance(argument, str) and _MODULE.fullmatch(argument) is not None
                imports |= opcode.name == "STACK_GLOBAL"
        except Exception:  # noqa: BLE001 (a reader of foreign bytes: whatever it raises, they are no pickle)
            return False
    return imports


def _vocabulary_reason(content: bytes) -> str | None:
    """A sentencepiece model (sentencepiece_model.proto, ModelProto) or a list of tokens as tiktoken has it."""
    if _is_sentencepiece(content) or _TIKTOKEN.fullmatch(content):
        return None
    return "must be a sentencepiece model, or tiktoken's lines of a token and its number"


def _is_sentencepiece(content: bytes) -> bool:
    position, pieces = 0, 0
    while position < len(content):
        tag, position = _varint(content, position)
        length, position = _varint(content, position)
        field = tag >> 3
        if tag & 7 != _BYTES or not (1 <= field <= _LAST_FIELD or field >= _FIRST_EXTENSION) or length < 0:
            return False
        pieces += field == 1
        position += length
    return pieces > 0 and position == len(content)


def _varint(content: bytes, position: int) -> tuple[int, int]:
    """A number and the place behind it; -1 where none is."""
    value = shift = 0
    while position < len(content) and shift < 35:
        byte = content[position]
        position, value, shift = position + 1, value | (byte & 127) << shift, shift + 7
        if byte < 128:
            return value, position
    return -1, position
