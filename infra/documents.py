"""YAML as a person means it: safe types only, and no key twice."""

from __future__ import annotations

from pathlib import Path
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


class DocumentError(Exception):
    """A file that cannot be read as YAML; `str()` is one line that says why."""


def read(path: Path) -> Any:
    """Return the content of a file with one document; raise DocumentError."""
    try:
        return yaml.load(path.read_text(), Loader=_Loader)  # noqa: S506 (a safe loader, stricter)
    except (OSError, yaml.YAMLError, ValueError) as error:  # ValueError: no UTF-8, or a date that cannot be
        raise DocumentError(" ".join(str(error).split())) from error
    except RecursionError:
        raise DocumentError("is nested too deeply") from None
