"""What a catalog entry says of an artifact beyond its format: every file by sum and size, and the licence."""

from __future__ import annotations

from collections.abc import Iterator

from infra.catalog import Adapter, BaseModel, Catalog
from infra.faults import MISSING, Fault
from infra.payload.verify_signature import SIGNATURE
from ops.checks.files import Content


def entry_faults(content: Content, entry: Adapter | BaseModel, catalog: Catalog) -> Iterator[Fault]:
    """Every file must have the entry's size and sha256, no file more and none less; the licence must be allowed.

    A base model may get its signature later: it is over the very sums that the entry states.
    """
    if entry.licence not in catalog.licences:
        rule = f"must be a licence of infra/catalog/licences.yaml: {', '.join(catalog.licences)}"
        yield Fault(path="licence", value=entry.licence, rule=rule, example=next(iter(catalog.licences), "Apache-2.0"))
    expected = {file.path: file for file in entry.files}
    for name in sorted(expected.keys() - content.sizes.keys()):
        yield Fault(path=name, value=MISSING, rule="every file of the catalog's entry must be there", example=name)
    later = {SIGNATURE} if isinstance(entry, BaseModel) else set()
    for name in sorted(content.sizes.keys() - expected.keys() - later):
        rule = "is not in the catalog's entry: what was approved has no such file"
        yield Fault(path=name, value=name, rule=rule, example=next(iter(sorted(expected))))
    both = sorted(expected.keys() & content.sizes.keys())
    content.sums.ahead([name for name in both if content.sizes[name] == expected[name].size_bytes])
    for name in both:
        file = expected[name]
        if content.sizes[name] != file.size_bytes:
            rule = "must have the catalog's size in bytes: other content is a new version"
            yield Fault(path=name, value=content.sizes[name], rule=rule, example=str(file.size_bytes))
        elif (found := _sum(content, name)) != file.sha256:
            rule = "must have the catalog's sha256 sum: other content is a new version"
            yield Fault(path=name, value=found, rule=rule, example=file.sha256)


def _sum(content: Content, name: str) -> str:
    """The sum, or why there is none: such a file is not the catalog's either."""
    try:
        return content.sums.of(name)
    except OSError as error:
        return f"not readable: {error.strerror}"
