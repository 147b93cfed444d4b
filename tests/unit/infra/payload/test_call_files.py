"""The files of the record of calls: what is complete, what is found in them, and when one may go."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.payload.call_files import NO_TENANT, UNREADABLE, CallFiles, batches
from tests.support.quiet_server import QuietServer

DAY = "2026-11-29"


def line(number: int, tenant: str | None = "sales", **more: Any) -> str:
    said = {"adapter": None, "requestId": f"r{number}", "tenant": tenant, "time": f"2026-11-28T10:00:0{number % 10}.1Z"}
    return json.dumps({**said, **more}, separators=(",", ":"))


def lines_of(content: str) -> dict[tuple[str, str], list[Any]]:
    return {
        (batch.tenant, batch.day): [json.loads(text) for text in gzip.decompress(batch.body).decode().splitlines()]
        for batch in batches(content.encode(), DAY)
    }


def test_lines_go_to_their_tenant_and_day_in_their_order() -> None:
    texts = [line(1), line(2, "legal"), line(3), line(4, time="2026-11-29T00:00:00.0Z"), line(5, None)]
    found = lines_of("\n".join(texts) + "\n")
    assert {key: [entry["requestId"] for entry in entries] for key, entries in found.items()} == {
        ("sales", "2026/11/28"): ["r1", "r3"],
        ("legal", "2026/11/28"): ["r2"],
        ("sales", "2026/11/29"): ["r4"],
        (NO_TENANT, "2026/11/28"): ["r5"],
    }


@pytest.mark.parametrize("tenant", ["../other", "Sales", "", "a/b", "x" * 64, 7, ["sales"]])
def test_what_is_no_tenant_s_name_is_no_part_of_a_key(tenant: Any) -> None:
    assert list(lines_of(line(1, tenant) + "\n")) == [(NO_TENANT, "2026/11/28")]


def test_the_same_lines_are_the_same_object_and_others_are_another() -> None:
    first, again, other = (batches(f"{line(number)}\n".encode(), DAY)[0] for number in (1, 1, 2))
    assert first.key("calls", "17-entry-0") == again.key("calls", "17-entry-0")
    assert first.key("calls", "17-entry-0").startswith("calls/sales/2026/11/28/17-entry-0-")
    assert first.key("calls", "17-entry-0") != other.key("calls", "17-entry-0")


@given(cut=st.integers(0, len(line(1))))
def test_the_line_behind_one_that_envoy_could_not_finish_is_found(cut: int) -> None:
    """Envoy was killed within a line; the next Envoy appends behind it."""
    found = lines_of(line(1)[:cut] + line(2) + "\n")
    whole = [entry["requestId"] for entry in found[("sales", "2026/11/28")]]
    assert whole == (["r1", "r2"] if cut == len(line(1)) else ["r2"])
    lost = [entry["unreadable"] for entry in found.get((UNREADABLE, "2026/11/29"), [])]
    assert lost == ([line(1)[:cut]] if 0 < cut < len(line(1)) else []), "what is no line is kept as it is"


def test_a_caller_s_words_do_not_make_two_lines_of_one() -> None:
    forged = line(1, asked='x"}{"adapter":"forged","tenant":"legal"}')
    found = lines_of(f"{forged}\n")
    assert list(found) == [("sales", "2026/11/28")]
    assert len(found["sales", "2026/11/28"]) == 1
    # And neither does one that Envoy could not finish: its quotes are escaped.
    assert list(lines_of(f"{forged[:-3]}{line(2)}\n")) == [(UNREADABLE, "2026/11/29"), ("sales", "2026/11/28")]


def test_bytes_that_are_no_text_are_kept() -> None:
    (batch,) = batches(b"\xff\xfe not json\n", DAY)
    assert json.loads(gzip.decompress(batch.body))["unreadable"] == "\\xff\\xfe not json"


class Admin:
    """Envoy's administration: opens the live file anew when it is asked and `does`."""

    def __init__(self, folder: Path) -> None:
        self.asked, self.does = 0, True
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.asked += 1
                assert self.path == "/reopen_logs"
                if outer.does:
                    (folder / "calls.jsonl").touch()
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = QuietServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        self.port = self.server.server_address[1]


@pytest.fixture
def admin(tmp_path: Path) -> Iterator[Admin]:
    made = Admin(tmp_path)
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_a_file_is_complete_when_envoy_has_opened_the_next_one(tmp_path: Path, admin: Admin) -> None:
    files = CallFiles(tmp_path, admin.port)
    assert files.take() and files.taken() == [] and admin.asked == 0, "there is nothing to take"
    files.live.write_text(line(1) + "\n")
    admin.does = False
    threading.Timer(0.2, files.live.touch).start()  # Envoy answers at once, and opens the file a little later
    assert files.take()
    assert files.live.exists() and len(files.complete()) == 1


def test_envoy_is_asked_again_after_a_kill_between_the_two(tmp_path: Path, admin: Admin) -> None:
    files = CallFiles(tmp_path, admin.port)
    (tmp_path / "taken-0000000000000000001.jsonl").write_text(line(1) + "\n")
    (tmp_path / "taken-0000000000000000002.jsonl").write_text(line(2) + "\n")
    assert [path.name for path in files.complete()] == ["taken-0000000000000000001.jsonl"], "Envoy may write the last"
    assert files.take()
    assert (admin.asked, len(files.complete())) == (1, 2)


def test_without_envoy_nothing_is_complete_but_what_it_has_left(tmp_path: Path, admin: Admin) -> None:
    admin.server.shutdown()
    admin.server.server_close()
    files = CallFiles(tmp_path, admin.port)
    files.live.write_text(line(1) + "\n")
    assert not files.take()
    assert files.complete() == [] and len(files.complete(ended=True)) == 1


def test_a_file_that_has_grown_is_not_deleted(tmp_path: Path) -> None:
    path = tmp_path / "taken-1.jsonl"
    path.write_text("123")
    assert not CallFiles.delete(path, 2) and path.exists()
    assert CallFiles.delete(path, 3) and not path.exists()
