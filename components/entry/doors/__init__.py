"""Doors: what stands between callers outside the cluster and the entry, by pure functions, one module a kind."""

from __future__ import annotations

from components.entry.doors.door import Door, DoorArgs
from components.entry.doors.parts import Part, Way

__all__ = ["Door", "DoorArgs", "Part", "Way"]
