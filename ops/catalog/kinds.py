"""The three kinds of catalog entries, and where each lies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from infra.catalog import FILES, Adapter, BaseModel, Catalog, Image
from infra.days import day


@dataclass(frozen=True, kw_only=True)
class Kind:
    """`word` is the command's, `key` the catalog's, `artifact` that of the checks; `bucket` holds its files.

    `pattern` is that of its references.
    """

    word: str
    key: str
    example: str
    pattern: str
    artifact: str = ""
    bucket: str = ""

    @property
    def file(self) -> str:
        """Name of the catalog's file."""
        return next(name for name, key in FILES.items() if key == self.key)

    def entries(self, catalog: Catalog) -> Mapping[str, Adapter | BaseModel | Image]:
        """The catalog's entries of this kind."""
        found: Mapping[str, Mapping[str, Adapter | BaseModel | Image]]
        found = {"adapters": catalog.adapters, "baseModels": catalog.base_models, "images": catalog.images}
        return found[self.key]

    def rule_broken(self, ref: str) -> str | None:
        """The rule that a reference breaks, None for a right one."""
        if not re.fullmatch(self.pattern, ref):
            return f"must match {self.pattern}"
        if self.word == "adapter" and day(ref.partition("/v")[2][:10]) is None:
            return "an adapter's version is v and a day that there is"
        return None


KINDS = {
    kind.word: kind
    for kind in (
        Kind(
            word="adapter",
            key="adapters",
            example="helpdesk-faq/v2026-02-01",
            pattern=r"[a-z0-9]([-a-z0-9]{0,60}[a-z0-9])?/v[0-9]{4}-[0-9]{2}-[0-9]{2}(\.[0-9]+)?",
            artifact="adapter",
            bucket="lora",
        ),
        Kind(
            word="model",
            key="baseModels",
            example="tsuzumi-7b-instruct/v1",
            pattern=r"[a-z0-9]([-a-z0-9.]{0,60}[a-z0-9])?/v[0-9]+",
            artifact="base-model",
            bucket="models",
        ),
        Kind(word="image", key="images", example="vllm", pattern=r"[a-z]([-a-z0-9]{0,38}[a-z0-9])?"),
    )
}
"""By the word that a person types."""
