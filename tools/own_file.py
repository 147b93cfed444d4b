"""Files that the tools write for themselves below `.kitchen/`: read with a form check, written whole or not at all.

Nothing else in `tools/` reads or writes such a file (a test looks), so that a damaged one is always one line: which
file, what is wrong with it, and the way out.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from ops.whole_file import put
from tools.damaged_error import DamagedError
from tools.own_form import Form

PRIVATE, OPEN = 0o600, 0o644
_SHOWN_CHARACTERS = 160
_FAST: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SHALLOW_CHARACTERS = 8192
"""A shorter text is not nested deep enough to end the process: libyaml bears 16,000 levels, of a character each."""


def is_there(path: Path) -> bool:
    """Whether anything has this name, a link to nothing included."""
    return os.path.lexists(path)


def content(path: Path) -> bytes:
    """The bytes of a regular file that is not empty; raise DamagedError, or FileNotFoundError where nothing is."""
    if not is_there(path):
        raise FileNotFoundError(2, os.strerror(2), str(path))
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):  # a pipe would be waited for
            raise DamagedError(path, f"is {kind(mode)}, and must be a file")
        found = path.read_bytes()
    except FileNotFoundError:
        raise DamagedError(path, "is a link to nothing") from None
    except OSError as error:
        raise DamagedError(path, f"cannot be read: {error.strerror}") from None
    if not found.strip():
        raise DamagedError(path, "is empty")
    return found


def text(path: Path) -> str:
    """The text of a file; raise DamagedError, or FileNotFoundError where nothing is."""
    try:
        return content(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise DamagedError(path, f"is not text: no UTF-8 at byte {error.start}") from None


def read_json(path: Path, form: Form) -> Any:
    """The value of a JSON file of this form; raise DamagedError, or FileNotFoundError where nothing is."""
    return _formed(path, lambda: json.loads(text(path)), "JSON", form)


def read_yaml(path: Path, form: Form) -> Any:
    """The value of a YAML file of this form; raise DamagedError, or FileNotFoundError where nothing is."""
    return _formed(path, lambda: _parsed(text(path)), "YAML", form)


def damage(read: Callable[[Path], object], path: Path) -> list[DamagedError]:
    """What `read` says is wrong with a file: one entry or none; a file that is not there is not damaged."""
    try:
        read(path)
    except FileNotFoundError:
        return []
    except DamagedError as error:
        return [error]
    return []


def folder_damage(path: Path) -> list[DamagedError]:
    """One entry when something else stands where a folder must be."""
    if not is_there(path) or path.is_dir():
        return []
    return [DamagedError(path, "is no folder, and must be one")]


def write(path: Path, value: str | bytes, mode: int = PRIVATE) -> None:
    """Replace a file by one rename; raise OSError that names it, and the old one is still there."""
    try:
        put(path, value.encode() if isinstance(value, str) else value, mode)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None


def create(path: Path, value: str, mode: int = PRIVATE) -> bool:
    """Make a file whole; False when there is one already, which stays. Raise OSError that names it."""
    if is_there(path):
        return False
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
        fresh = Path(folder) / path.name
        write(fresh, value, mode)
        try:
            os.link(fresh, path)
        except FileExistsError:
            return False
        except OSError:  # a file system without hard links
            if is_there(path):
                return False
            fresh.replace(path)
    return True


def remove(path: Path) -> None:
    """Remove whatever has this name; nothing there is fine. Raise OSError for what cannot be removed."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def kind(mode: int) -> str:
    """What stands there instead of a file."""
    if stat.S_ISDIR(mode):
        return "a folder"
    return "a pipe, socket or device"


def _parsed(found: str) -> Any:
    """JSON is YAML, and twenty times as fast to read. libyaml would end the process on a file that is nested deep."""
    try:
        return json.loads(found)
    except ValueError:
        loader = _FAST if len(found) < _SHALLOW_CHARACTERS else yaml.SafeLoader
        return yaml.load(found, Loader=loader)  # noqa: S506 - both are safe loaders


def _formed(path: Path, read: Callable[[], Any], language: str, form: Form) -> Any:
    try:
        value = read()
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        why = " ".join(str(error).split())[:_SHOWN_CHARACTERS] if isinstance(error, json.JSONDecodeError) else ""
        raise DamagedError(path, f"is cut off or no {language}" + (f" ({why})" if why else "")) from None
    wrong = form(value)
    if wrong:
        raise DamagedError(path, wrong)
    return value
