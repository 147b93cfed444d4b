"""Bytes that stand packed in an object: compressed, in archives, and one in another.

What cannot be opened is named and never passed over. Bytes that are no archive, such as a key store, hold no manifest.
"""

from __future__ import annotations

import bz2
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from policies.manifests.coded import in_base64


class _Stream(Protocol):
    """What the decompressors of the standard library have in common."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


_MOST = 16 * 2**20
"""Most bytes that come out of one value; etcd takes no object of more than 1.5 MiB."""

_DEPTH = 4
"""Packings within packings that are opened; a release of Helm has three."""

_GZIP, _BZIP2, _XZ, _ZIP, _ZSTD, _LZ4 = (
    b"\x1f\x8b\x08",
    b"BZh",
    b"\xfd7zXZ\x00",
    b"PK\x03\x04",
    b"\x28\xb5\x2f\xfd",
    b"\x04\x22\x4d\x18",
)
_CLOSED = (_ZSTD, _LZ4, b"7z\xbc\xaf\x27\x1c", b"Rar!")
"""How archives begin that nothing here opens."""

_STREAMS: Mapping[bytes, Callable[[], _Stream]] = {
    _GZIP: lambda: zlib.decompressobj(wbits=31),
    _BZIP2: bz2.BZ2Decompressor,
    _XZ: lambda: lzma.LZMADecompressor(memlimit=2**28),
}
_ZIP_END, _ZIP_COMMENT = b"PK\x05\x06", 2**16 + 22
"""A zip is found from its end, whatever stands before it."""

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_TAR, _TAR_AT = b"ustar", 257


@dataclass(frozen=True, kw_only=True)
class Packed:
    """A text that came out of a value; None where an archive cannot be opened."""

    text: str | None


class _ClosedError(Exception):
    """An archive cannot be opened, or more comes out of it than can be looked at."""


def unpacked(data: bytes) -> Iterator[Packed]:
    """Every text in some bytes that may hold a manifest, and what cannot be opened."""
    try:
        yield from (Packed(text=text) for text in _texts(data, 0))
    except (_ClosedError, OSError, EOFError, ValueError, RuntimeError, NotImplementedError, zlib.error, lzma.LZMAError):
        yield Packed(text=None)
    except (zipfile.BadZipFile, tarfile.TarError):
        yield Packed(text=None)


def _is_archive(data: bytes) -> bool:
    if data.startswith((_GZIP, _BZIP2, _XZ, _ZIP, *_CLOSED)) or data[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR:
        return True
    return _ZIP_END in data[-_ZIP_COMMENT:]


def _texts(data: bytes, depth: int) -> Iterator[str]:
    if _is_archive(data):
        if depth == _DEPTH:
            raise _ClosedError
        for inner in _opened(data):
            yield from _texts(inner, depth + 1)
        return
    try:
        text = data.decode("utf-16" if data.startswith(_UTF_16) else "utf-8")
    except UnicodeDecodeError:
        return
    coded = in_base64(text) if depth < _DEPTH else None
    if coded is None:
        yield text
    else:
        yield from _texts(coded, depth + 1)


def _opened(data: bytes) -> Iterator[bytes]:
    if data.startswith(_ZIP) or _ZIP_END in data[-_ZIP_COMMENT:]:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _MOST:
                raise _ClosedError
            for entry in archive.infolist():
                with archive.open(entry) as file:
                    yield _bounded(file.read(_MOST + 1))
    elif (magic := next((start for start in _STREAMS if data.startswith(start)), None)) is not None:
        yield _inflated(data, magic)
    elif data.startswith(_CLOSED):
        raise _ClosedError
    else:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as tar:
            for member in tar:
                content = tar.extractfile(member)
                if content is not None:
                    yield _bounded(content.read(_MOST + 1))


def _inflated(data: bytes, magic: bytes) -> bytes:
    """What compressed data holds, all of its streams."""
    found = b""
    while data.startswith(magic):
        stream = _STREAMS[magic]()
        found = _bounded(found + stream.decompress(data, _MOST + 1))
        if not stream.eof:
            raise _ClosedError
        data = stream.unused_data
    return found


def _bounded(data: bytes) -> bytes:
    if len(data) > _MOST:
        raise _ClosedError
    return data
