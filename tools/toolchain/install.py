"""Carries out a plan: downloads beside builds, each family in one rename, all of it ended when a part fails."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tools.progress import elapsed_text, say, step
from tools.toolchain import build, cache, download, mirror, official, sums, unpack
from tools.toolchain.errors import Stopped, ToolchainError, UnavailableError
from tools.toolchain.estimate import Estimate
from tools.toolchain.family import Family
from tools.toolchain.plan import Choice, Plan

_DOWNLOADS_AT_ONCE = 3
_END_SECONDS = 5.0


def run(plan: Plan) -> None:
    """Provide every family of the plan; raise ToolchainError for the first one that cannot be."""
    _Run(plan).all()


def adopt(families: Sequence[Family]) -> None:
    """Record the sums of what an earlier release installed without them."""
    for family in families:
        receipt = cache.receipt(family)
        if receipt is None or isinstance(receipt.get("files"), dict):
            continue
        with cache.locked(family):
            folder = cache.folder_of(family)
            cache.write_receipt(folder, receipt | {"files": sums.taken(folder)})
            say(f"{family.name}: an earlier release installed it; the sums of its files are recorded from now on")


class _Run:
    """One run: builds in this thread, downloads and modules of later builds in others."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._stop = threading.Event()
        self._estimate = Estimate(plan.built)
        self._fault: BaseException | None = None

    def all(self) -> None:
        """Do it."""
        fetched = [choice for choice in self._plan.choices if choice.source != "build"]
        built = [choice for choice in self._plan.choices if choice.source == "build"]
        waiting: queue.SimpleQueue[Choice] = queue.SimpleQueue()
        for choice in fetched:
            waiting.put(choice)
        workers: list[Callable[[], None]] = [lambda: self._drain(waiting)] * min(_DOWNLOADS_AT_ONCE, len(fetched))
        if built:
            workers.append(lambda: self._modules_of(built[1:]))
        threads = [threading.Thread(target=worker, daemon=True) for worker in workers]
        for thread in threads:
            thread.start()
        try:
            for choice in built:
                self._one(choice)
            for thread in threads:
                while thread.is_alive():
                    thread.join(1.0)
        except Stopped:
            pass
        finally:
            self._stop.set()
            for thread in threads:
                thread.join(_END_SECONDS)
        if self._fault is not None:
            raise self._fault
        download.clear(file for choice in fetched for file in choice.files)

    def _drain(self, waiting: queue.SimpleQueue[Choice]) -> None:
        while not self._stop.is_set():
            try:
                self._one(waiting.get_nowait())
            except (queue.Empty, Stopped):
                return
            except BaseException as error:  # noqa: BLE001 (raised again in the thread that waits for this one)
                self._fault = self._fault or error
                self._stop.set()

    def _modules_of(self, later: Sequence[Choice]) -> None:
        for choice in later:
            if self._stop.is_set():
                return
            if choice.family.name in self._estimate.families:
                build.fetch_modules(choice.family, self._stop)

    def _one(self, choice: Choice) -> None:
        family = choice.family
        position = f"[{self._plan.choices.index(choice) + 1}/{len(self._plan.choices)}]"
        with cache.locked(family, self._stop):
            seconds = None if _is_sound(family) else self._install(choice, f"{position} {family.name} {family.version}")
        if choice.source == "build":
            self._estimate.end(family.name, seconds)

    def _install(self, choice: Choice, title: str) -> float:
        family, start = choice.family, time.monotonic()
        with cache.staging(family) as stage:
            if choice.source == "build":
                self._estimate.begin(family.name)
                left, _ = self._estimate.left_seconds()
                say(f"{title}: building from pinned modules, about {elapsed_text(left)}")
                with step(lambda: f"{title}: building{self._left()}", f"{title}: ready"):
                    build.build(family, stage, self._stop)
            else:
                self._download(choice, title, stage)
            seconds = round(time.monotonic() - start, 1)
            cache.write_receipt(stage, _receipt(choice, seconds) | {"files": sums.taken(stage)})
        return seconds

    def _left(self) -> str:
        mine, every = self._estimate.left_seconds()
        if mine < 1:
            return f", longer than expected, about {elapsed_text(every)} for the builds after it"
        return f", about {elapsed_text(mine)} left of this one, {elapsed_text(every)} of all builds"

    def _download(self, choice: Choice, title: str, stage: Path) -> None:
        meter = download.Meter()
        hosts = ", ".join(sorted({file.host for file in choice.files}))
        say(f"{title}: downloading from {hosts}")
        with step(lambda: f"{title}: downloading, {meter}", f"{title}: ready"):
            try:
                for file in choice.files:
                    with download.downloaded(file, self._stop, meter) as content:
                        unpack.lay(choice.family, file, content, stage)
                unpack.complete(choice.family, choice.files, stage)
            except UnavailableError as error:
                raise ToolchainError(f"{choice.family.name}: {error}; {_way_out(choice)}") from error
            except ToolchainError as error:
                raise ToolchainError(f"{choice.family.name}: {error}") from error


def _is_sound(family: Family) -> bool:
    receipt = cache.receipt(family)
    return receipt is not None and not sums.damage(family, cache.folder_of(family), receipt)


def _way_out(choice: Choice) -> str:
    if choice.source == "mirror":
        return (
            f"the entry in {mirror.mirror_file()} decides: make it reachable, or remove the entry to build from the "
            "pinned modules"
        )
    return f"run it again, or with {official.SWITCH}=0 to build it from the pinned modules instead"


def _receipt(choice: Choice, seconds: float) -> dict[str, object]:
    return {
        "family": choice.family.name,
        "version": choice.family.version,
        "source": choice.source,
        "origin": ", ".join(file.url for file in choice.files) or "pinned Go modules",
        "checked": [f"{file.algorithm}:{file.digest}" for file in choice.files],
        "seconds": seconds,
    }
