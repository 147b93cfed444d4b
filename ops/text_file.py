"""Text files in Git that commands edit: read byte for byte, replaced by one rename."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from infra.faults import Fault, FaultsError


def read_text(path: Path, source: str, example: str) -> str:
    """The text with its line ends; raise FaultsError when it cannot be read as UTF-8."""
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        raise _fault(path, "must be a readable text file", source, example) from None


def replace_text(path: Path, before: str, after: str, source: str, example: str) -> None:
    """Put the new text in place; raise FaultsError when the file is no longer `before`, or cannot be written."""
    if read_text(path, source, example) != before:
        raise _fault(path, "has changed meanwhile: run the command again", source, example)
    temporary: Path | None = None
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        temporary = Path(name)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(after)
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(path, temporary)
        temporary.replace(path)
    except OSError as error:
        raise _fault(path, f"must be writable: {error.strerror}", source, example) from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _fault(path: Path, rule: str, source: str, example: str) -> FaultsError:
    return FaultsError(source, [Fault(path=path.name, value=str(path), rule=rule, example=example)])
