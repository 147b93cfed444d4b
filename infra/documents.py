"""YAML as a person means it: safe types only, and no key twice."""

from __future__ import annotations

from typing import Any

import yaml

_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's safe loader where there is one: the catalog is read on every preview, and it is six times as fast."""


class _Loader(_BASE):  # type: ignore[misc]  # which base it is, is known at run time only
    """Refuses a key that stands twice: YAML's last one would win in silence over the one that was reviewed."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Build a mapping; raise yaml.constructor.ConstructorError for a key that stands twice."""
        seen: set[tuple[str, str]] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if (key.tag, key.value) in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} stands twice", key.start_mark
                )
            seen.add((key.tag, key.value))
        built: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return built


def read(text: str) -> Any:
    """Return the content of one document; raise yaml.YAMLError or ValueError (an impossible date) otherwise."""
    return yaml.load(text, Loader=_Loader)  # noqa: S506 (a safe loader, stricter)
