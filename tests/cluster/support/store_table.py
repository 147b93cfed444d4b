"""`make stores`: the table of docs/stores.md anew, each cell as the real server has just answered."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.rules.object_store import LACKS
from tests.support.minio_server import MinioServer
from tests.support.seaweed_server import SeaweedServer
from tests.support.store_abilities import Probe
from tests.support.store_server import StoreServer
from tools.docs import DOCS
from tools.toolchain import ensure

PAGE = DOCS / "stores.md"
KINDS: Mapping[str, type[StoreServer]] = {"minio": MinioServer, "seaweedfs": SeaweedServer}
_BEGIN, _END = "<!-- written by make stores -->\n", "<!-- end -->\n"


@dataclass(frozen=True, kw_only=True)
class Row:
    """A question to a store: the method of `Probe`, words, and the ability of the settings that it decides."""

    probe: str
    text: str
    ability: str = ""
    without: str = ""

    @property
    def told(self) -> str:
        """What is missing without it."""
        return self.without or LACKS[self.ability]


ROWS = (
    Row(probe="tagging", text="tags of buckets", ability="tagging"),
    Row(probe="versioning", text="versions: old ones are read, a deletion leaves a marker", ability="versioning"),
    Row(probe="object_lock", text="object lock, mode GOVERNANCE: a version is not deleted", ability="objectLock"),
    Row(
        probe="governance_is_passed_over",
        text="GOVERNANCE: whoever may pass over it does",
        without="a wrong retention of years cannot be ended",
    ),
    Row(
        probe="compliance",
        text="object lock, mode COMPLIANCE: nobody deletes a version, the administrator included",
        without="records hold against everybody but the administrator of the store",
    ),
    Row(
        probe="locked_bucket_is_kept",
        text="a bucket that holds a version is not deleted",
        without="whoever may delete buckets deletes what is locked in them",
    ),
    Row(probe="lifecycle", text="lifecycle: old versions go after days", ability="lifecycle"),
    Row(probe="abort_uploads", text="lifecycle: parts of forgotten uploads go after days", ability="abortUploads"),
    Row(probe="bucket_policy", text="bucket policy: nothing without a key", ability="bucketPolicy"),
    Row(
        probe="policy_holds_for_users",
        text="bucket policy: nobody deletes versions, users with every right included",
        without="the policies of users deny it, and object lock",
    ),
    Row(
        probe="users",
        text="keys of users, made and ended by an API",
        without="consumers share the key of existingSecret",
    ),
    Row(
        probe="prefixes",
        text="policies of users: one prefix is read and listed, nothing else",
        without="a consumer reads what others have",
    ),
    Row(
        probe="denials",
        text="policies of users: a denial holds beside a wider policy",
        without="whoever attaches a wider policy to a consumer's user widens it",
    ),
    Row(probe="checksums", text="SHA256 of objects and of parts is checked and kept", ability="checksums"),
    Row(probe="multipart", text="uploads in parts, listed while they last", ability="multipart"),
    Row(
        probe="conditional_writes",
        text="what is there is not written again (If-None-Match), in parts too",
        ability="conditionalWrites",
    ),
    Row(probe="ranges", text="a download goes on where it was cut off", without="a cut download begins anew"),
    Row(probe="quota", text="quota of a bucket by an API", without=LACKS["quota"]),
    Row(
        probe="encryption",
        text="encryption at rest without a key service (SSE-S3)",
        without="encrypt the disks: the program asks for none",
    ),
)


def answers(server: StoreServer) -> dict[str, bool]:
    """What a server can do, by the name of the probe."""
    probe = Probe(server)
    return {row.probe: bool(getattr(probe, row.probe)()) for row in ROWS}


def table(found: Mapping[str, Mapping[str, bool]]) -> str:
    """The table of these answers, by kind of store."""
    lines = [
        f"| what | ability | {' | '.join(found)} | without it |",
        f"|---|---|{'---|' * len(found)}---|",
        *(
            f"| {row.text} | {f'`{row.ability}`' if row.ability else ''} | "
            f"{' | '.join('yes' if found[kind][row.probe] else '**no**' for kind in found)} | {row.told} |"
            for row in ROWS
        ),
    ]
    return "\n".join(lines) + "\n"


def written(page: str) -> str:
    """The table that a page holds."""
    return page.partition(_BEGIN)[2].partition(_END)[0].strip() + "\n"


def main() -> None:
    """Ask both servers and write the table."""
    ensure(["minio", "seaweedfs"])
    found = {}
    for kind, server in KINDS.items():
        with tempfile.TemporaryDirectory() as folder, server(Path(folder)) as running:
            found[kind] = answers(running)
    before, _, rest = PAGE.read_text().partition(_BEGIN)
    PAGE.write_text(f"{before}{_BEGIN}\n{table(found)}\n{_END}{rest.partition(_END)[2]}")
    print(f"wrote {PAGE.relative_to(DOCS.parent)}")


if __name__ == "__main__":
    main()
