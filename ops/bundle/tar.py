"""The archive form of a bundle: an uncompressed tar of regular files, written and read without unpacking.

The reader is our own and strict: it knows regular files and the two extended-header keys that long names and large
files need, and refuses everything else a tar can hold. So there is no link to follow and no sparse file to expand.
"""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

from infra.faults import Fault
from ops.bundle.entry import Entry, Source, content
from ops.bundle.names import EXAMPLE, folded, rule_broken

_BLOCK = 512
_MAX_EXTENDED_BYTES = 64 * 1024
_MAX_MEMBERS = 200_000
_MAX_PADDING = 1024 * 1024
"""What tools fill a last record with: 10,240 bytes where nothing else is asked for."""

_NO_TAR = "no tar header at its start"
_WRITE_AGAIN = "kitchen bundle create --archive FILE"
_KINDS = {
    b"1": "hard link",
    b"2": "symbolic link",
    b"3": "character device",
    b"4": "block device",
    b"5": "folder",
    b"6": "pipe",
    b"7": "contiguous file",
    b"S": "sparse file",
    b"g": "header for all files",
    b"L": "GNU long name",
    b"K": "GNU long link",
}


class _BrokenError(Exception):
    """The archive cannot be read on; carries value and rule."""

    def __init__(self, value: object, rule: str) -> None:
        super().__init__(rule)
        self.value, self.rule = value, rule


def write_archive(entries: Sequence[Entry], target: BinaryIO, advance: Callable[[int, str], None]) -> None:
    """Write entries in this order: the same bytes for the same files.

    Raise OSError, and EOFError for a file that has become shorter.
    """
    for entry in entries:
        info = tarfile.TarInfo(entry.name)
        info.size, info.mode = entry.size, 0o644
        target.write(info.tobuf(tarfile.PAX_FORMAT, "utf-8", "strict"))
        written = 0
        for chunk in content(entry):
            target.write(chunk)
            written += len(chunk)
            advance(len(chunk), entry.name)
        if written != entry.size:
            raise EOFError(entry.name)
        target.write(bytes(-entry.size % _BLOCK))
    target.write(bytes(2 * _BLOCK))


def read_archive(path: Path) -> Source:
    """List the members of an archive; what must not be in one is a fault. Raise OSError."""
    source = Source(where=path, archive=True)
    length = path.stat().st_size
    try:
        with path.open("rb") as archive:
            _read(archive, length, source)
    except _BrokenError as error:
        source.broken = True
        source.faults.append(Fault(path=str(path), value=error.value, rule=error.rule, example=_WRITE_AGAIN))
    return source


def _read(archive: BinaryIO, length: int, source: Source) -> None:
    position, extended = 0, dict[str, str]()
    seen: dict[str, str] = {}
    while True:
        block = _exactly(archive, _BLOCK, position)
        if block == bytes(_BLOCK):
            _end(archive, position, length)
            return
        kind, name, size = _header(block, position)
        position += _BLOCK
        if kind == b"x":
            extended = _extended(_exactly(archive, size, position), position)
        else:
            name, size = extended.get("path", name), int(extended.get("size", size))
            extended = {}
            if position + size > length:
                raise _BrokenError(name, f"the archive ends inside this member of {size} bytes: it is truncated")
            _take(source, seen, kind, Entry(name=name, path=source.where, size=size, offset=position))
        position += size + -size % _BLOCK
        archive.seek(position)
        if len(seen) > _MAX_MEMBERS:
            raise _BrokenError(len(seen), f"at most {_MAX_MEMBERS} members")


def _take(source: Source, seen: dict[str, str], kind: bytes, entry: Entry) -> None:
    rule = rule_broken(entry.name)
    if kind not in (b"0", b"\0"):
        shown = _KINDS.get(kind, f"type {kind!r}")
        fault = Fault(path=entry.name, value=shown, rule="a bundle holds regular files only", example=EXAMPLE)
        source.faults.append(fault)
    elif rule is not None:
        source.faults.append(Fault(path=str(source.where), value=entry.name, rule=rule, example=EXAMPLE))
    elif (same := seen.setdefault(folded(entry.name), entry.name)) == entry.name and entry.name in source.entries:
        rule = "a member stands once: of two, tools take one or the other"
        source.faults.append(Fault(path=entry.name, value="twice", rule=rule, example=EXAMPLE))
    elif same != entry.name:
        rule = f"names must differ in more than case: there is {same} already"
        source.faults.append(Fault(path=str(source.where), value=entry.name, rule=rule, example=EXAMPLE))
    else:
        source.entries[entry.name] = entry


def _header(block: bytes, position: int) -> tuple[bytes, str, int]:
    stated = _octal(block[148:156], position)
    if stated != sum(block[:148]) + 8 * 32 + sum(block[156:]):
        rule = "must be an uncompressed tar: this header's checksum is wrong"
        raise _BrokenError(_looks_like(block) if position == 0 else f"byte {position}", rule)
    try:
        name, prefix = (_text(part).decode() for part in (block[:100], block[345:500]))
    except UnicodeDecodeError as error:
        raise _BrokenError(f"byte {position}", "names must be UTF-8") from error
    return block[156:157], f"{prefix}/{name}" if prefix else name, _octal(block[124:136], position)


def _octal(text: bytes, position: int) -> int:
    digits = text.strip(b" \0")
    if not digits or any(digit not in b"01234567" for digit in digits):
        rule = "must be an uncompressed tar with octal numbers in its headers"
        raise _BrokenError(_looks_like(text) if position == 0 else f"byte {position}", rule)
    return int(digits, 8)


def _text(field: bytes) -> bytes:
    return field.split(b"\0", 1)[0]


def _looks_like(block: bytes) -> str:
    known = {b"PK\3\4": "a zip file", b"\x1f\x8b": "a gzip file", b"\x28\xb5\x2f\xfd": "a zstd file"}
    return next((what for magic, what in known.items() if block.startswith(magic)), _NO_TAR)


def _extended(content_: bytes, position: int) -> dict[str, str]:
    """Read `<length> <key>=<value>` records; only a long name and a large size are allowed."""
    found: dict[str, str] = {}
    while content_:
        digits, _, rest = content_.partition(b" ")
        count = int(digits) if digits.isdigit() and len(digits) < 8 else 0
        key, equals, value = rest[: count - len(digits) - 2].partition(b"=")
        if not equals or count > len(content_) or content_[count - 1 : count] != b"\n":
            raise _BrokenError(f"byte {position}", "an extended header must be <length> <key>=<value>")
        if key not in (b"path", b"size") or (key == b"size" and not (value.isdigit() and len(value) < 16)):
            raise _BrokenError(key.decode(errors="replace"), "only path and size may stand in an extended header")
        try:
            found[key.decode()] = value.decode()
        except UnicodeDecodeError as error:
            raise _BrokenError(f"byte {position}", "names must be UTF-8") from error
        content_ = content_[count:]
    return found


def _exactly(archive: BinaryIO, count: int, position: int) -> bytes:
    if count > _MAX_EXTENDED_BYTES:
        raise _BrokenError(f"{count} bytes", f"an extended header has at most {_MAX_EXTENDED_BYTES} bytes")
    read = archive.read(count)
    if position == 0 and _looks_like(read) != _NO_TAR:
        raise _BrokenError(_looks_like(read), "must be an uncompressed tar")
    if len(read) < count:
        raise _BrokenError(f"{position + len(read)} bytes", "the archive must end in two empty blocks: it is truncated")
    return read


def _end(archive: BinaryIO, position: int, length: int) -> None:
    if archive.read(_BLOCK) != bytes(_BLOCK):
        raise _BrokenError(f"{position} bytes", "the archive must end in two empty blocks: it is truncated")
    rest = length - position - 2 * _BLOCK
    if rest > _MAX_PADDING or archive.read(_MAX_PADDING).strip(b"\0"):
        rule = f"nothing may follow the end of the archive but {_MAX_PADDING} zeros at most: {rest} bytes do"
        raise _BrokenError(f"{length} bytes", rule)
