"""Bad days of a kitchen as data: what happens to it, what `make up` must say, and that nothing is lost or doubled.

A module of this folder holds groups of days; `groups.py` collects them. Days of one group happen together, before one
`make up`. `python -m tests.cluster.support.days` plays all of them and writes docs/days.md.
"""

from __future__ import annotations

from tests.cluster.support.days.day import Day, Group, Row
from tests.cluster.support.days.play import play
from tests.cluster.support.days.scene import Scene

__all__ = ["Day", "Group", "Row", "Scene", "play"]
