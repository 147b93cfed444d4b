"""A file of an adapter as it streams by: its sum, and of the weights every value.

Runs in a pod's init container and in the sidecar of hot mode, on Python 3.9+ and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .local_files import Sum
from .tensor_values import Values, ValuesError, lines, scale_of

CONFIG = "adapter_config.json"
_WEIGHTS = ".safetensors"
_MAX_CONFIG_BYTES = 1024 * 1024
_TOLD = 3
_SUMS = ThreadPoolExecutor(4)


class Watch(Sum):
    """Sum and values of one file; `dtype` is the server's, empty where it is not known."""

    def __init__(self, path: str, dtype: str, scale: float) -> None:
        """Begin."""
        self._weights, self._dtype, self._scale = self.looks_at(path), dtype, scale
        super().__init__()

    @staticmethod
    def looks_at(path: str) -> bool:
        """Whether a file has weights, by its name: servers read no others."""
        return path.endswith(_WEIGHTS)

    def begin(self) -> None:
        """Begin anew."""
        super().begin()
        self._values = Values(self._dtype, self._scale) if self._weights else None
        self._fault = ""

    def update(self, piece: bytes) -> None:
        """The next bytes. The sum is made meanwhile: hashlib gives up Python's lock for it."""
        if self._values is None or self._fault:
            super().update(piece)
            return
        summed = _SUMS.submit(super().update, piece)
        self._ask(self._values.update, piece)
        summed.result()

    def faults(self) -> list[str]:
        """Why no server may load the file, whose last byte has been seen; nothing for a file without weights."""
        if self._values is None:
            return []
        if not self._fault:
            self._ask(self._values.finish)
        return [self._fault] if self._fault else lines(self._values.wrong)

    def told(self) -> list[str]:
        """What is worth knowing of a file that may be served."""
        idle = self._values.idle if self._values is not None and not self._fault else []
        if not idle:
            return []
        shown = ", ".join(idle[:_TOLD]) + (", ..." if len(idle) > _TOLD else "")
        return [f"{len(idle)} modules change nothing, lora_A or lora_B is all zeros: {shown}"]

    def _ask(self, what: Callable[..., None], *given: bytes) -> None:
        try:
            what(*given)
        except ValuesError as error:
            self._fault = f"no weights of an adapter: {error}; rule: a safetensors file of F32, F16 or BF16"


def scale_in(folder: Path) -> float:
    """What vLLM multiplies each lora_B by, as the folder's adapter_config.json says; 1 where there is none to read."""
    try:
        with (folder / CONFIG).open("rb") as file:
            return scale_of(json.loads(file.read(_MAX_CONFIG_BYTES)))
    except (OSError, ValueError, RecursionError):
        return 1.0
