"""What the catalog's vLLM knows of architectures: which there are, what it runs them for, which serve LoRA.

The data is vLLM's own word (`make architectures` reads its model classes), so that a new image changes data, not code.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

FILE = Path(__file__).resolve().parent / "catalog" / "architectures.json"
_DATA = json.loads(FILE.read_text())

VERSION: str = _DATA["version"]
"""The version of vLLM that said it."""

ARCHITECTURES: Mapping[str, frozenset[str]] = {name: frozenset(said) for name, said in _DATA["architectures"].items()}
"""What is said of each: `generate`, `pool`, `draft`, `lora`, `media`, `hybrid`, `blockStates`, `stateOnly`, `backend`.

The file itself says what each word means.
"""


def said_of(architecture: str) -> frozenset[str]:
    """What vLLM says of an architecture; nothing of one that it does not know."""
    return ARCHITECTURES.get(architecture, frozenset())


def tasks(architecture: str) -> tuple[str, ...]:
    """What vLLM runs the architecture for: `generate` (chat and completions), `pool` (embeddings and scores)."""
    return tuple(task for task in ("generate", "pool") if task in said_of(architecture))


def serves_lora(architecture: str) -> bool:
    """Whether vLLM serves LoRA adapters of it: of others it refuses to start ("does not support LoRA yet")."""
    return "lora" in said_of(architecture)


def why_not(architecture: str) -> str | None:
    """Why no server runs models of an architecture; None where one does."""
    if architecture not in ARCHITECTURES:
        return f"is no architecture that vLLM {VERSION} knows: what its layers keep is not guessed"
    if "draft" in said_of(architecture):
        return "is a draft model, which only proposes tokens to another one"
    return None
