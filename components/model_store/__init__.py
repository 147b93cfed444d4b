"""Base models: the volume of a version, the Job that fills it, and the check before a server starts."""

from __future__ import annotations

from components.model_store.check import BaseModelContent, BaseModelFile
from components.model_store.volume import BaseModelLoad, BaseModelLoadArgs, BaseModelVolume, BaseModelVolumeArgs

__all__ = [
    "BaseModelContent",
    "BaseModelFile",
    "BaseModelLoad",
    "BaseModelLoadArgs",
    "BaseModelVolume",
    "BaseModelVolumeArgs",
]
