"""What a run says of the time it needs: before it starts, while it builds, and when one part fails."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.support.waiting import until
from tests.unit.support.file_server import FileServer, How
from tests.unit.support.toolchain_sources import entry, script, write_sources
from tools.progress import step
from tools.toolchain import ToolchainError, build, ensure, estimate, install, look_up, make_plan, official, plan
from tools.toolchain.estimate import Estimate
from tools.toolchain.families import FAMILIES


@pytest.fixture(autouse=True)
def _two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "cores", lambda: 2)
    monkeypatch.setattr(estimate, "cores", lambda: 2)


def test_every_family_has_a_recorded_time() -> None:
    assert estimate.TYPICAL_SECONDS.keys() == FAMILIES.keys()


def test_the_wait_is_named_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    total = sum(estimate.TYPICAL_SECONDS.values())
    headline = make_plan(list(FAMILIES)).headline
    assert headline == (
        f"{len(FAMILIES)} tools to build, about {round(total / 60)} minutes on 2 cores; later runs start in seconds"
    )
    assert make_plan(["kwok"]).headline == "1 tool to build, about 2 minutes on 2 cores; later runs start in seconds"
    assert make_plan(["crds"]).headline == "1 tool to build, under a minute on 2 cores; later runs start in seconds"
    assert make_plan([]).headline == ""
    monkeypatch.setattr(plan, "cores", lambda: 1)
    assert "on 1 core;" in make_plan(["kwok"]).headline


def test_downloads_are_counted_apart(tmp_path: Path, server: FileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    content = script("minio")
    sources = write_sources(
        tmp_path / "official.yaml", minio=[entry(server.put("/minio", content), content, name="minio")]
    )
    monkeypatch.setenv(official.SOURCES, str(sources))
    monkeypatch.setenv(official.SWITCH, "1")
    assert make_plan(["minio"]).headline == "1 tool to download; later runs start in seconds"
    assert make_plan(["kwok", "minio"]).headline.startswith("1 tool to download, 1 to build, about 2 minutes on 2 c")


def test_more_cores_help_what_is_not_serial() -> None:
    one, two, sixteen, many = (estimate.expected_seconds(["kserve"], cores)["kserve"] for cores in (1, 2, 16, 10**6))
    assert one > two > sixteen > many
    assert two == estimate.TYPICAL_SECONDS["kserve"]
    assert many > two / 5, "linking is left"


def test_packages_that_an_earlier_build_has_compiled_are_not_counted_again() -> None:
    def expected(*names: str) -> float:
        return estimate.expected_seconds(names, 2)["random-provider"]

    assert expected("pulumi", "random-provider") == expected("kubernetes-provider", "random-provider")
    assert expected("random-provider", "kwok") > expected("pulumi", "random-provider")
    assert expected("pulumi", "random-provider") == estimate.TYPICAL_SECONDS["random-provider"]


def test_the_estimate_is_corrected_by_what_the_run_has_needed() -> None:
    def left(seconds: float) -> float:
        run = Estimate(["pulumi", "kserve"], on_cores=2)
        run.end("pulumi", seconds)
        return run.left_seconds()[1]

    recorded = estimate.TYPICAL_SECONDS["pulumi"]
    assert left(recorded) == pytest.approx(estimate.TYPICAL_SECONDS["kserve"])
    assert left(recorded / 2) < left(recorded) < left(recorded * 2)
    assert left(recorded * 2) > 1.5 * estimate.TYPICAL_SECONDS["kserve"]


def test_what_another_process_has_built_is_not_left_and_says_nothing_of_the_speed() -> None:
    run = Estimate(["pulumi", "kserve"], on_cores=2)
    run.end("pulumi", None)
    assert run.left_seconds()[1] == pytest.approx(estimate.TYPICAL_SECONDS["kserve"])
    assert run.families == ("kserve",)


def test_a_build_counts_down_and_never_below_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    run = Estimate(["kwok", "minio"], on_cores=2)
    run.begin("kwok")
    assert run.left_seconds() == pytest.approx((90, 90 + 165))
    now[0] += 60
    assert run.left_seconds() == pytest.approx((30, 30 + 165))
    now[0] += 90
    mine, every = run.left_seconds()
    assert mine == 0
    assert every > 165, "the others are expected to take longer too"


def test_a_slow_build_never_makes_the_rest_look_shorter(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    run = Estimate(["random-provider", "kwok", "kserve"], on_cores=2)
    run.end("random-provider", 600)
    run.begin("kwok")
    rest = []
    for _ in range(60):
        now[0] += 10
        mine, every = run.left_seconds()
        rest.append(every - mine)
    assert rest == sorted(rest)
    assert rest[-1] > rest[0]


def test_each_family_is_told_with_its_place_and_its_time(
    tiny_modules: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ensure(["minio", "kwok"])
    lines = capsys.readouterr().err.splitlines()
    assert re.fullmatch(
        r"toolchain: 2 tools to build, about 4 minutes on 2 cores; later runs start in seconds", lines[0]
    )
    assert re.fullmatch(r"\[1/2\] minio 2026-02-12: building from pinned modules, about 2m4\ds", lines[1])
    assert re.fullmatch(r"\[1/2\] minio 2026-02-12: ready \(\d+s\)", lines[2])
    assert lines[3].startswith("[2/2] kwok 0.7.0: building from pinned modules, about ")
    ensure(["minio", "kwok"])
    assert capsys.readouterr().err == "", "there is nothing to wait for"


def test_downloads_go_on_beside_a_build_and_a_wrong_one_ends_it(
    tmp_path: Path, server: FileServer, monkeypatch: pytest.MonkeyPatch, tiny_modules: Path
) -> None:
    """The build waits for the download here: one after the other it would wait for ever."""

    def wait_for_download(family: object, stage: object, stop: threading.Event) -> None:
        while not server.whole("/minio"):
            time.sleep(0.01)
        assert stop.wait(60), "the failed download ends the build"
        raise build.Stopped

    content = script("minio", 300_000)
    url = server.put("/minio", content, How(pause_seconds=0.02))
    sources = write_sources(tmp_path / "official.yaml", minio=[entry(url, b"other", name="minio")])
    monkeypatch.setenv(official.SOURCES, str(sources))
    monkeypatch.setenv(official.SWITCH, "1")
    monkeypatch.setattr(build, "build", wait_for_download)
    with pytest.raises(ToolchainError, match="nothing was installed"):
        ensure(["kwok", "minio"])
    assert look_up("kwok") is None
    assert not list((tmp_path / "cache" / "toolchain").glob(".staging-*"))


def test_the_line_of_a_build_goes_on_after_a_download_has_ended(
    tmp_path: Path,
    server: FileServer,
    monkeypatch: pytest.MonkeyPatch,
    tiny_modules: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    content = script("minio", 2**20)
    url = server.put("/minio", content, How(pause_seconds=0.05))
    sources = write_sources(tmp_path / "official.yaml", minio=[entry(url, content, name="minio")])
    monkeypatch.setenv(official.SOURCES, str(sources))
    monkeypatch.setenv(official.SWITCH, "1")
    make, said = build.build, list[str]()

    def heard_step(what: Callable[[], str], done: str) -> AbstractContextManager[None]:
        def tell() -> str:
            said.append(what())
            return said[-1]

        return step(tell, done, beat_seconds=0.02)

    def after_the_download(family: build.Family, stage: Path, stop: threading.Event) -> None:
        until(lambda: look_up("minio"))
        before = len(said)
        until(lambda: sum("building" in text for text in said[before:]) >= 2)  # the first of them is on the screen
        make(family, stage, stop)

    monkeypatch.setattr(install, "step", heard_step)
    monkeypatch.setattr(build, "build", after_the_download)
    ensure(["kwok", "minio"])
    lines = capsys.readouterr().err.splitlines()
    ready = next(number for number, line in enumerate(lines) if "minio 2026-02-12: ready" in line)
    told = r"\[1/2\] kwok 0.7.0: building, about \w+ left of this one, \w+ of all builds \.\.\. \w+"
    assert any(re.fullmatch(told, line) for line in lines[ready:]), lines
    assert any(re.search(r"downloading, \d of 1 MB, about \w+ left \.\.\. \w+", line) for line in lines[:ready]), lines


def test_a_failed_build_ends_the_downloads(
    tmp_path: Path, server: FileServer, monkeypatch: pytest.MonkeyPatch, tiny_modules: Path
) -> None:
    (tiny_modules / "kwok" / "main.go").write_text("package main\n\nfunc main() { nothing }\n")
    content = script("minio", 64 * 1024 * 1000)
    url = server.put("/minio", content, How(pause_seconds=0.05))
    sources = write_sources(tmp_path / "official.yaml", minio=[entry(url, content, name="minio")])
    monkeypatch.setenv(official.SOURCES, str(sources))
    monkeypatch.setenv(official.SWITCH, "1")
    make = build.build

    def after_the_first_bytes(family: build.Family, stage: Path, stop: threading.Event) -> None:
        while not list((tmp_path / "cache" / "toolchain" / "downloads").glob("*.part")):
            time.sleep(0.01)
        make(family, stage, stop)

    monkeypatch.setattr(build, "build", after_the_first_bytes)
    with pytest.raises(ToolchainError, match=r"(?s)kwok: `go build` failed.*undefined: nothing") as raised:
        ensure(["kwok", "minio"])
    assert "GOPROXY" in str(raised.value)
    assert look_up("minio") is None
    assert list((tmp_path / "cache" / "toolchain" / "downloads").glob("*.part")), "what came is kept"


def test_modules_of_later_builds_are_fetched_meanwhile(
    tiny_modules: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen: list[str] = []
    fetch, make = build.fetch_modules, build.build
    fetched = threading.Event()

    def watched(family: build.Family, stop: threading.Event) -> None:
        seen.append(family.name)
        fetch(family, stop)
        fetched.set()

    def building(family: build.Family, stage: Path, stop: threading.Event) -> None:
        if family.name == "minio":
            assert fetched.wait(120), "the modules of the next family come while this one is built"
        make(family, stage, stop)

    monkeypatch.setattr(build, "fetch_modules", watched)
    monkeypatch.setattr(build, "build", building)
    ensure(["minio", "kwok"])
    assert seen == ["kwok"]
    assert (tmp_path / "cache" / "toolchain" / "logs" / "kwok-modules.log").read_text() == ""
