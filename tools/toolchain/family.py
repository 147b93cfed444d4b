"""What a tool family is: its version, executables and data files, and the digest that names a build of it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

GO_SOURCES = Path(__file__).resolve().parent.parent / "go"


@dataclass(frozen=True, kw_only=True)
class Binary:
    """One executable: its file name and the Go package that it is built from."""

    name: str
    package: str = "."
    ldflags: str = ""


@dataclass(frozen=True, kw_only=True)
class ModuleFile:
    """Files copied out of a module into the cache: `glob` is relative to the module's root."""

    source: str
    glob: str
    target: str


@dataclass(frozen=True, kw_only=True)
class Module:
    """A Go module used as a source of data files, pinned by version and by its `h1:` sum."""

    path: str
    version: str
    sum: str = ""


@dataclass(frozen=True, kw_only=True)
class DataSource:
    """A pinned module and the files of it that are needed."""

    module: Module
    files: tuple[ModuleFile, ...]


@dataclass(frozen=True, kw_only=True)
class Family:
    """Tools that share a Go module and are installed together."""

    name: str
    version: str
    binaries: tuple[Binary, ...] = ()
    data: tuple[DataSource, ...] = ()
    prepare: str | None = None
    plugin: str | None = None
    needed_gib: float = 2.0
    tags: str = ""

    @property
    def sources(self) -> Path:
        """The folder of the family's go.mod, go.sum and sources."""
        return GO_SOURCES / self.name

    def key(self) -> str:
        """A digest over everything that decides what a build yields; 12 hexadecimal digits."""
        fields = asdict(self)
        if not self.tags:  # what was installed before there were tags stays as it is
            del fields["tags"]
        digest = hashlib.sha256(json.dumps(fields, sort_keys=True).encode())
        if self.sources.is_dir():
            for path in sorted(p for p in self.sources.rglob("*") if p.is_file()):
                digest.update(str(path.relative_to(self.sources)).encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()[:12]
