"""Previews of a kitchen that is not as it should be: each says what it was compared with, and shows no more."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence

from tests.cluster.support.days.day import Day, Row
from tests.cluster.support.days.play import row_of, said
from tests.cluster.support.days.removed import SALES
from tests.cluster.support.days.scene import Scene
from tests.cluster.support.environments import summary


def end_api_server(scene: Scene) -> None:
    components = scene.kitchen.cluster.status().components
    pid = next(entry.pid for entry in components if entry.name == "kube-apiserver")
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


PREVIEWS: Sequence[Day] = (
    Day(
        case="`make preview` after an object was removed",
        harm=lambda scene: scene.delete(SALES, "limitrange", "limits"),
        says=["was removed by hand: LimitRange sales-dev/limits; `make up` makes it again"],
    ),
    Day(
        case="`make preview` beside a broken cluster",
        harm=end_api_server,
        says=[r"compared with what the last update recorded.*is broken \(kube-apiserver: ended"],
    ),
    Day(
        case="`make preview` beside a stopped cluster",
        harm=lambda scene: scene.kitchen.cluster.stop(),
        says=[r"compared with what the last update recorded.*is stopped; `make up` starts it"],
    ),
)


def previews(scene: Scene) -> list[Row]:
    """Play all, one after the other; in the end `make up` brings everything back."""
    before = scene.identities()
    rows = []
    for day in PREVIEWS:
        day.harm(scene)
        text, status = said(scene, ("preview",))
        rows.append(row_of(day, text, converged=status == 0 and set(summary(text)) == {"unchanged"}, kept=True))
    _, up = said(scene, ("up",))
    text, again = said(scene, ("up",))
    quiet = up == again == 0 and set(summary(text)) == {"unchanged"} and "by hand" not in text
    kept = set(scene.identities()) == set(before) and not scene.told_twice()
    return [
        Row(case=row.case, saw=row.saw, missing=row.missing, converged=row.converged and quiet, kept=kept)
        for row in rows
    ]
