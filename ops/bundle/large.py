"""Files of a bundle beyond what one request of a store takes: told where they are brought in, not behind the gap."""

from __future__ import annotations

from collections.abc import Sequence

from infra.faults import Fault, FaultsError
from infra.stores import GIB, StoreFacts
from ops.bundle.entry import Entry


def large_notes(entries: Sequence[Entry], store: StoreFacts) -> list[str]:
    """What to know of files that need a store with uploads in parts; raise FaultsError for those that none takes.

    `store` is what the closed side's store takes; where nobody has said it, that is what S3 takes.
    """
    files = [entry for entry in entries if not entry.name.startswith("images/")]
    faults = [
        Fault(
            path=str(entry.path),
            value=entry.size,
            rule=f"a store takes {store.largest} bytes at most",
            example="several safetensors files",
        )
        for entry in files
        if entry.size > store.largest
    ]
    if faults:
        raise FaultsError("bundle", faults)
    large = [entry.name for entry in files if entry.size > store.limits.put_bytes]
    if not large:
        return []
    more = "" if len(large) == 1 else f" and {len(large) - 1} more"
    limit = store.limits.put_bytes / GIB
    return [
        f"note: {large[0]}{more}: more than {limit:g} GiB, which needs a store with uploads in parts (docs/stores.md)"
    ]
