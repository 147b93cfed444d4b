"""What object stores can do, by kind, and how much one request and one object hold.

The abilities of a kind are those that tests saw on the real server (`docs/stores.md`). Of a store of kind `s3` nothing
is assumed: what the settings do not name, it is not asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from components.facts import ABILITIES
from infra.settings import ObjectStore

MIB = 1024**2
GIB = 1024**3
TIB = 1024**4

CHECKSUMS, CONDITIONAL_WRITES, MULTIPART = "checksums", "conditionalWrites", "multipart"
ABORT_UPLOADS = "abortUploads"

WRITING: Mapping[str, str] = {
    CHECKSUMS: "after each upload the file is read back and compared: twice the time",
    CONDITIONAL_WRITES: "two who publish one version at the same time can overwrite each other",
    MULTIPART: "files larger than one request cannot be published",
    ABORT_UPLOADS: "parts of an upload that nobody ends stay until somebody removes them",
}
"""Abilities that uploads count on, and what an organisation goes without where a store lacks one."""

ALL = (*ABILITIES, *WRITING)
"""Every ability that settings may name."""

OF_KIND: Mapping[str, tuple[str, ...]] = {
    "minio": tuple(name for name in ALL if name != ABORT_UPLOADS),
    "seaweedfs": ALL,
}
"""What a kind of store can do, as tests saw it.

MinIO has no rule for uploads that nobody ends: after a day it ends them by itself.
"""

S3 = "s3"
"""The kind of every other store."""

STEP = 16 * MIB
"""Bytes of one part, where an object of so many parts is large enough: several are in memory at once."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The most of one request, of one object in bytes, and of the parts of an object; by default those of S3."""

    put_bytes: int = 5 * GIB
    object_bytes: int = 5 * TIB
    parts: int = 10_000
    step: int = STEP

    def part_bytes(self, size: int) -> int:
        """Bytes of each part but the last of an object of `size` bytes, of which there are `parts` at most.

        Whole steps, or what one request holds where that is less.
        """
        least = -(-size // self.parts)
        return min(max(1, -(-least // self.step)) * self.step, self.put_bytes)

    def most(self, *, multipart: bool) -> int:
        """The largest object that can be uploaded at all."""
        return min(self.object_bytes, self.parts * self.put_bytes) if multipart else self.put_bytes


@dataclass(frozen=True, kw_only=True)
class StoreFacts:
    """What may be counted on when objects are written."""

    abilities: Collection[str] = ALL
    limits: Limits = field(default_factory=Limits)

    def can(self, ability: str) -> bool:
        """Whether the store has an ability."""
        return ability in self.abilities

    @property
    def largest(self) -> int:
        """The largest file that can be published, in bytes."""
        return self.limits.most(multipart=self.can(MULTIPART))


def store_facts(store: ObjectStore) -> StoreFacts:
    """What the settings say of the store: by its kind, or of kind `s3` what they name."""
    can = OF_KIND.get(store.kind, store.abilities or ())
    said = store.limits
    limits = Limits(put_bytes=said.put_mib * MIB, object_bytes=said.object_gib * GIB, parts=said.parts)
    return StoreFacts(abilities=tuple(name for name in ALL if name in can), limits=limits)
