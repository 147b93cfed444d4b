"""Files that people write, as values: YAML, or JSON by the file's name. Limits are those of the two readers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from infra import strict_json, strict_yaml


class DocumentError(Exception):
    """A file that cannot be read; `str()` is one line that says why."""


def read(path: Path) -> Any:
    """Return the content of a file with one document; raise DocumentError."""
    try:
        if path.suffix == ".json":
            return strict_json.read(path)
        with path.open("rb") as file:
            return strict_yaml.parse(file.read(strict_yaml.MAX_BYTES + 1))
    except OSError as error:
        raise DocumentError(error.strerror or type(error).__name__) from error
    except (strict_json.JsonError, strict_yaml.YamlError) as error:
        raise DocumentError(str(error)) from error
