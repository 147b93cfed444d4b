"""Which approved adapters were evaluated on an older version of their base model than the newest: do them again."""

from __future__ import annotations

from infra.catalog import Adapter, Catalog


def newer_base_model(adapter: Adapter, catalog: Catalog) -> str | None:
    """The newest version, not retired, of the adapter's base model, if it is newer than the one it was evaluated on.

    An approval holds for one version of a base model: what an adapter answers on another one nobody has seen.
    """
    name, number = _parts(adapter.base_model)
    numbers = [
        other
        for ref, model in catalog.base_models.items()
        for known, other in (_parts(ref),)
        if known == name and model.state != "retired"
    ]
    newest = max(numbers, default=number)
    return f"{name}/v{newest}" if newest > number else None


def to_validate_again(catalog: Catalog) -> dict[str, str]:
    """Every approved adapter for which there is a newer version of its base model, with that version."""
    return {
        ref: newer
        for ref, adapter in catalog.adapters.items()
        if adapter.state == "approved" and (newer := newer_base_model(adapter, catalog))
    }


def told_for(catalog: Catalog, ref: str) -> list[str]:
    """For a new version of a base model, one line for each adapter whose approval does not hold for it."""
    return [
        f"evaluate again on {ref}: {adapter}, approved on {catalog.adapters[adapter].base_model}"
        for adapter, newer in to_validate_again(catalog).items()
        if newer == ref
    ]


def _parts(ref: str) -> tuple[str, int]:
    name, _, version = ref.partition("/")
    return name, int(version.removeprefix("v"))
