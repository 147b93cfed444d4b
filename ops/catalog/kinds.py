"""The three kinds of catalog entries, and where each lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from infra.catalog import FILES, Adapter, BaseModel, Catalog, Image


@dataclass(frozen=True, kw_only=True)
class Kind:
    """`word` is the command's, `key` the catalog's, `artifact` that of the checks; `bucket` holds its files."""

    word: str
    key: str
    example: str
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


KINDS = {
    kind.word: kind
    for kind in (
        Kind(word="adapter", key="adapters", example="helpdesk-faq/v2026-02-01", artifact="adapter", bucket="lora"),
        Kind(word="model", key="baseModels", example="tsuzumi-7b-instruct/v1", artifact="base-model", bucket="models"),
        Kind(word="image", key="images", example="vllm"),
    )
}
"""By the word that a person types."""
