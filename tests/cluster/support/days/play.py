"""Plays a group of days: harm, `make up`, what a person does then, and a last `make up` that finds nothing to do."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence

from tests.cluster.support.days.day import Act, Day, Group, Row
from tests.cluster.support.days.scene import Scene
from tests.cluster.support.environments import start, summary

_SHOWN = 260
_WRAPPED = re.compile(r"\n {2,}(?=\S)")
"""Where a line for people goes on in the next one."""
_TRACE = "Traceback (most recent call last)"


def play(scene: Scene, group: Group) -> list[Row]:
    """Play all days of a group together; a row each."""
    before, files = scene.identities(), scene.files()
    for day in group.days:
        day.harm(scene)
    left = scene.identities()
    text, status = said(scene, group.first, group.heard, group.meanwhile)
    ended = (status != 0) == group.fails and _TRACE not in text
    mended = group.fails or any(day.mend is not Day.__dataclass_fields__["mend"].default for day in group.days)
    for day in group.days:
        day.mend(scene)
    if mended or tuple(group.then) != ("up",):
        _, status = said(scene, group.then)
        ended = ended and status == 0
    last, status = said(scene, ("up",))
    quiet = (
        status == 0 and set(summary(last)) == {"unchanged"} and not re.search(r"by hand|in no state|not Ready", last)
    )
    after = scene.identities()
    renewed = {key for day in group.days for key in day.renews(scene)} | (set(before) - set(left))
    stayed = {key: uid for key, uid in left.items() if key in before and key not in renewed}
    kept = (
        set(after) == set(before) == scene.told()
        and all(after.get(key) == uid for key, uid in stayed.items())
        and scene.files() >= files - {row for row in files if row[0] in scene.notes.get("emptied", ())}
        and not scene.told_twice()
    )
    return [row_of(day, text, converged=ended and quiet, kept=kept) for day in group.days]


def said(scene: Scene, words: Sequence[str], heard: str = "", meanwhile: Act | None = None) -> tuple[str, int]:
    """All that a make target prints, and its status; `meanwhile` is done once when a line has `heard` in it."""
    process = start(words[0], scene.kitchen.folder, *words[1:])
    limit = threading.Timer(600, process.kill)
    limit.start()
    lines = []
    assert process.stdout
    for line in process.stdout:
        lines.append(line)
        if meanwhile and heard in line:
            meanwhile(scene)
            meanwhile = None
    limit.cancel()
    text = "".join(lines)
    print(text)  # shown when a test fails
    return text, process.wait()


def row_of(day: Day, text: str, *, converged: bool, kept: bool) -> Row:
    """What became of a day after a command that printed `text`."""
    lines = [line.strip() for line in _WRAPPED.sub(" ", text).splitlines()]
    saw = [next((line for line in lines if re.search(words, line)), "") for words in day.says]
    missing = [words for words, line in zip(day.says, saw, strict=True) if not line]
    shown = [line if len(line) <= _SHOWN else f"{line[:_SHOWN]} ..." for line in saw if line]
    return Row(case=day.case, saw=shown, missing=missing, converged=converged, kept=kept)
