"""adopted.json: the sums of the files that an adapter was made of by `kitchen adapter adopt`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from infra.faults import Fault
from ops.checks.files import Content, unsafe_name

ADOPTED = "adopted.json"
_SUM = re.compile("[0-9a-f]{64}")


def origin_of(content: Content) -> dict[str, str]:
    """Sums of the origin's files by name; nothing for an adapter that was not adopted."""
    found = content.parsed.get(ADOPTED)
    return dict(found) if isinstance(found, dict) else {}


def adopted_faults(content: Content) -> Iterator[Fault]:
    """What is wrong with the file, where it is there."""
    if ADOPTED not in content.parsed:
        return
    found = content.parsed[ADOPTED]
    right = isinstance(found, dict) and found
    if not right or not all(not unsafe_name(name) and _is_sum(value) for name, value in found.items()):
        rule = "must map names of the origin's files to their sha256 sums, as kitchen adapter adopt writes it"
        yield Fault(path=ADOPTED, value=found, rule=rule, example='{"adapter_config.json": "<64 digits>"}')


def _is_sum(value: object) -> bool:
    return isinstance(value, str) and _SUM.fullmatch(value) is not None
