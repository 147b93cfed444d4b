"""What a file is by its first and last bytes, whatever its name says, and picklescan's word on it."""

from __future__ import annotations

import io
import logging
import pickletools
import warnings
import zipfile
from pathlib import Path

from picklescan import scanner

_SCANNED_BYTES = 64 * 1024 * 1024
_RUN_BYTES = 1024 * 1024
_TAIL_BYTES = 65_557
"""A ZIP file's end record of 22 bytes and its longest comment (APPNOTE.TXT, 4.3.16)."""

_MAGIC = (
    (b"PK\x03\x04", "a ZIP archive"),
    (b"PK\x05\x06", "a ZIP archive"),
    (b"PK\x07\x08", "a ZIP archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\x1f\x8b", "a gzip file"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ\x00", "an xz file"),
    (b"\x28\xb5\x2f\xfd", "a zstd file"),
    (b"\x93NUMPY", "a NumPy file"),
    (b"\x89HDF", "an HDF5 file"),
    (b"GGUF", "a GGUF file"),
    (b"\x7fELF", "a program (ELF)"),
    (b"MZ", "a program (PE)"),
    (b"\xfe\xed\xfa", "a program (Mach-O)"),
    (b"\xcf\xfa\xed\xfe", "a program (Mach-O)"),
    (b"\xce\xfa\xed\xfe", "a program (Mach-O)"),
    (b"\xca\xfe\xba\xbe", "a program (Java or Mach-O)"),
    (b"\0asm", "a program (WebAssembly)"),
    (b"!<arch>", "a library or package (ar)"),
    (b"Rar!", "a RAR archive"),
    (b"MSCF", "a CAB archive"),
    (b"\x04\x22\x4d\x18", "an lz4 file"),
    (b"\x5d\0\0", "an lzma file"),
    (b"%PDF-", "a PDF file"),
    (b"\xd0\xcf\x11\xe0", "an office document"),
    (b"#!", "a script"),
)
_POINTERS = (
    (b"version https://git-lfs.github.com/spec/", "a Git LFS pointer"),
    (b"version https://hawser.github.com/spec/", "a Git LFS pointer"),
    (b"# xet version ", "a pointer of the hub's store (xet)"),
    (b"/annex/objects/", "a git-annex pointer"),
    (b"outs:\n", "a DVC pointer"),
)
_POINTER_BYTES = 1024
"""A pointer is smaller (git-lfs, docs/spec.md)."""

_PAGES = (b"<!doctype html", b"<html", b"<?xml")
_TORCH_MAGIC = bytes.fromhex("6cfc9c46f9206aa85019")
"""The number in the first pickle of torch's older files (torch/serialization.py, MAGIC_NUMBER)."""


def pointer(path: Path) -> str | None:
    """What a file stands for another one as, None for a file that is itself; raise OSError.

    A pointer is small, but what begins as one is none of the kinds that an artifact has, however long it is.
    """
    with path.open("rb") as content:
        head = content.read(_POINTER_BYTES + 1)
    begin = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    found = next((what for magic, what in _POINTERS if begin.startswith(magic)), None)
    if found is None and len(head) <= _POINTER_BYTES and b"\n" not in begin.strip() and b"annex/objects/" in begin:
        return "a git-annex pointer"
    return found


def archive_or_program(path: Path) -> str | None:
    """Name what a file is when its bytes say that it is an archive, a pickle or a program; None for anything else.

    Raise OSError when the file cannot be read.
    """
    head, tail, size = _ends(path)
    found = _by_magic(head) or ("a ZIP archive behind other data" if _ends_as_zip(tail) else None)
    return _with_scan(found, path, size)


def what_it_is(path: Path) -> str | None:
    """Name what a file is that is not what its name says, None if that is not known; raise OSError if it is unreadable.

    A pickle of the older protocols has no magic number: it is known by running through as one (pickletools executes
    nothing). Text may do so by chance, so this is asked of files only that are broken anyway.
    """
    found = archive_or_program(path) or _page(path)
    if found is None and _runs_as_pickle(path):
        found = _with_scan("a pickle", path, path.stat().st_size)
    return found or (_said_instead(path) if path.suffix == ".safetensors" else None)


def _said_instead(path: Path) -> str | None:
    """A short text in place of a file, such as `Entry not found`: what a server says."""
    with path.open("rb") as content:
        start = content.read(_POINTER_BYTES + 1)
    try:
        text = start.decode("utf-8").strip()
    except UnicodeDecodeError:
        return None
    short = 0 < len(text) <= _POINTER_BYTES and len(start) <= _POINTER_BYTES
    words = short and all(sign.isprintable() or sign in "\n\r\t" for sign in text)
    return f"a text that says {text[:60]!a}" if words else None


def _page(path: Path) -> str | None:
    with path.open("rb") as content:
        start = content.read(512).lstrip().lower()
    return (
        "a page of HTML or XML: what a server says when it does not give the file" if start.startswith(_PAGES) else None
    )


def _ends(path: Path) -> tuple[bytes, bytes, int]:
    with path.open("rb") as content:
        head = content.read(512)
        size = content.seek(0, io.SEEK_END)
        content.seek(max(0, size - _TAIL_BYTES))
        return head, content.read(), size


def _with_scan(found: str | None, path: Path, size: int) -> str | None:
    scanned = found is not None and any(word in found for word in ("ZIP", "pickle"))
    return f"{found}; {picklescan(path, size)}" if scanned else found


def _by_magic(head: bytes) -> str | None:
    if head[:1] == b"\x80" and head[1:2] <= b"\x05" and head[8:9] != b"{":  # `{`: the size of a safetensors header
        return "a torch file (pickle)" if _TORCH_MAGIC in head else "a pickle"
    if head[257:262] == b"ustar":
        return "a tar archive"
    return next((what for magic, what in _MAGIC if head.startswith(magic)), None)


def _ends_as_zip(tail: bytes) -> bool:
    """Whether an end record is there whose comment reaches exactly to the end: chance does not make one."""
    at = tail.rfind(b"PK\x05\x06")
    return at >= 0 and len(tail) - at >= 22 and int.from_bytes(tail[at + 20 : at + 22], "little") == len(tail) - at - 22


def _runs_as_pickle(path: Path) -> bool:
    """Whether the bytes reach a pickle's end, or name a global on the way: then loading runs code."""
    with path.open("rb") as content:
        start = io.BytesIO(content.read(_RUN_BYTES))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # escapes in foreign text are no business of the reader's
        return _reaches_its_end(start)


def _reaches_its_end(start: io.BytesIO) -> bool:
    steps = 0
    try:
        for opcode, _argument, _position in pickletools.genops(start):
            steps += 1
            if opcode.name in ("GLOBAL", "STACK_GLOBAL", "INST"):
                return True
    except Exception:  # noqa: BLE001 (a reader of foreign bytes: whatever it raises, they are no pickle)
        return False
    return steps > 1


def _unpacked_bytes(path: Path) -> int:
    """What an archive's files say that they unpack to (zipfile never exceeds it); too many for a damaged one."""
    if not zipfile.is_zipfile(path):
        return 0
    try:
        with zipfile.ZipFile(path) as archive:
            return sum(entry.file_size for entry in archive.infolist())
    except Exception:  # noqa: BLE001 (a reader of foreign bytes raises what it likes)
        return _SCANNED_BYTES + 1


def picklescan(path: Path, size: int) -> str:
    """What picklescan says of a file, in one phrase. It is a second opinion: its silence allows nothing."""
    if max(size, _unpacked_bytes(path)) > _SCANNED_BYTES:
        return f"picklescan was not run: more than {_SCANNED_BYTES} bytes, or a damaged archive"
    logger = logging.getLogger("picklescan")
    before, logger.disabled = logger.disabled, True
    try:
        result = scanner.scan_bytes(io.BytesIO(path.read_bytes()), path.name, ".bin", strict=True)
    except Exception as error:  # noqa: BLE001 (a scanner of foreign bytes raises what it likes)
        return f"picklescan cannot read it ({type(error).__name__})"
    finally:
        logger.disabled = before
    names = sorted({f"{entry.module}.{entry.name}" for entry in result.globals})
    shown = ascii(", ".join(names[:5]))[1:-1][:80]
    said = f"picklescan: {result.issues_count} dangerous, {result.suspicious_count} suspicious imports"
    return f"{said} ({shown})" if names else said
