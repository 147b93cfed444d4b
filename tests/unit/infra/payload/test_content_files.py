"""Lines of encrypted contents: none is lost between writer and shipper, and none of a refused call is kept."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest

from infra.payload import content_files
from infra.payload.content_files import ContentFile


def line(number: int, part: str = "prompt") -> str:
    return json.dumps({"tenant": "sales", "requestId": f"r{number}", "part": part, "cms": "x" * 600})


def kept(file: ContentFile) -> list[str]:
    return [json.loads(text)["requestId"] for path in file.taken() for text in file.kept(path).splitlines()]


def test_no_line_is_lost_when_files_are_taken_away_meanwhile(tmp_path: Path) -> None:
    taken = threading.Event()

    def write(first: int) -> None:
        mine = ContentFile(tmp_path)
        for number in range(first, first + 200):
            if number == first + 100:
                assert taken.wait(60)
            mine.append(line(number))

    threads = [threading.Thread(target=write, args=(1000 * number,)) for number in range(4)]
    reader = ContentFile(tmp_path)
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        reader.take()
        if reader.taken():
            taken.set()
        time.sleep(0.001)
    reader.take()
    assert len(reader.taken()) > 1
    found = kept(reader)
    assert len(found) == len(set(found)) == 800


def test_nothing_is_kept_of_a_call_that_was_refused_after_all(tmp_path: Path) -> None:
    file = ContentFile(tmp_path)
    file.append(json.dumps({"requestId": "r2", "part": "refused"}))
    for number in range(4):
        file.append(line(number))
    file.take()
    file.append(json.dumps({"requestId": "r1", "part": "refused"}))
    assert kept(file) == ["r0", "r3"]
    file.take()
    assert kept(file) == ["r0", "r3"]


def test_a_file_waits_until_all_refusals_are_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = ContentFile(tmp_path)
    file.append(line(1))
    file.take()
    assert file.complete(ended=False) == []
    assert file.complete(ended=True) == file.taken()
    monkeypatch.setattr(content_files, "SECONDS_TO_REFUSE", 0.0)
    assert file.complete(ended=False) == file.taken()


def test_a_torn_line_spoils_no_other(tmp_path: Path) -> None:
    file = ContentFile(tmp_path)
    file.append(line(1))
    with file.live.open("ab") as live:
        live.write(line(2).encode()[:40])
    file.append(line(3))
    file.take()
    (path,) = file.taken()
    texts = file.kept(path).splitlines()
    assert [len(texts), json.loads(texts[2])["requestId"]] == [3, "r3"]
