"""Data classes that an artifact must bring: those of the version before it, and of the same weights elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from infra.catalog import Adapter, BaseModel, Catalog
from infra.catalog.classes import Classed, lacking, weights
from infra.faults import MISSING, Fault
from ops.catalog.kinds import Kind


def option_faults(
    kind: Kind, ref: str, stated: Sequence[str], sums: Mapping[str, str], catalog: Catalog
) -> list[Fault]:
    """A line for each entry whose classes `stated` lacks, with the options to add; `sums` are those of the files."""
    one = Classed(ref=ref, weights=weights(sums), classes=frozenset(stated))
    others = [_classed(entry) for entry in kind.entries(catalog).values() if isinstance(entry, Adapter | BaseModel)]
    return [
        Fault(
            path="--data-class",
            value=sorted(one.classes) or MISSING,
            rule=f"must have the classes of {whose}; what is declassified has other files and a new name",
            example=" ".join(f"--data-class {name}" for name in missing),
        )
        for whose, missing in lacking(one, others)
    ]


def _classed(entry: Adapter | BaseModel) -> Classed:
    sums = {file.path: file.sha256 for file in entry.files}
    return Classed(ref=entry.ref, weights=weights(sums), classes=frozenset(entry.data_classes))
