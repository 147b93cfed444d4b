"""Numbers that a nested config leaves to its config class: transformers writes of it only what is not the default.

The data is transformers' own word (`make architectures` reads its classes), so that a new image changes data, not code.
A whole config.json states every number, and one that does not is not completed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from infra.catalog import FOLDER

FILE = FOLDER / "config-defaults.json"
_DATA = json.loads(FILE.read_text())

VERSION: str = _DATA["version"]
"""The version of transformers that said it."""

_KINDS: Mapping[str, Mapping[str, Any]] = _DATA["kinds"]


def left_out(text: Mapping[str, Any], numbers: Mapping[str, object]) -> dict[str, Any]:
    """What the config class of a nested config has for what it leaves out.

    Nothing where the config states none of `numbers` itself: that is no config of a model, whatever it calls itself.
    """
    if not any(key in text for key in numbers):
        return {}
    return {key: value for key, value in _KINDS.get(str(text.get("model_type")), {}).items() if key not in text}
