"""What the real Envoy hands over of calls, and of which calls: with an approval alone, and never of refused ones."""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.payload.content_files import ContentFile
from tests.entry.contents.conftest import Running, Start
from tests.entry.counter.callers import Answer, call

PROMPT = "what-the-caller-said"


def ask(entry: Running, model: str = "free", tokens: int = 2, **more: Any) -> Answer:
    return call(entry.plan.ports.callers, entry.token(), model, tokens, **{"prompt": PROMPT, **more})


def test_prompt_and_answer_are_there_for_the_tenant_s_key_by_the_call_s_id(entry: Running) -> None:
    told = ask(entry)
    prompt, answer = entry.pieces(2)
    assert json.loads(entry.read(prompt))["prompt"] == PROMPT
    assert entry.read(answer) == told.body
    said = [(piece["tenant"], piece["part"], piece["number"], piece["last"]) for piece in (prompt, answer)]
    assert said == [("sales", "prompt", 0, True), ("sales", "answer", 1, True)]
    (line,) = entry.calls(1)
    assert {line["requestId"], prompt["requestId"], answer["requestId"]} == {told.headers["x-request-id"]}
    assert line["decision"] == "allowed"


def test_a_stream_is_there_as_it_was(entry: Running) -> None:
    told = ask(entry, tokens=40, stream=True)
    pieces = entry.pieces(2)
    assert b"".join(entry.read(piece) for piece in pieces[1:]) == told.body
    assert [piece["last"] for piece in pieces[1:]] == [False] * (len(pieces) - 2) + [True]


def test_long_prompts_and_answers_come_whole(entry: Running) -> None:
    told = ask(entry, prompt="y" * 390_000, tokens=6000, stream=True)
    assert len(told.body) > 524_288
    pieces = entry.pieces(3)
    assert len(json.loads(entry.read(pieces[0]))["prompt"]) == 390_000
    answers = sorted(pieces[1:], key=lambda piece: int(piece["number"]))
    assert b"".join(entry.read(piece) for piece in answers) == told.body


def whole(pieces: list[dict[str, Any]], lines: Mapping[str, dict[str, Any]]) -> bool:
    """Whether allowed calls have all their pieces, and refused ones the word that their prompt is to be forgotten."""
    parts = defaultdict(set)
    for piece in pieces:
        parts[piece["requestId"]].add(piece["part"])
    ends = {call: line["decision"] for call, line in lines.items() if line["tenant"] == "sales"}
    allowed = {call for call, decision in ends.items() if decision == "allowed"}
    complete = all(parts[call] == {"prompt", "answer"} for call in allowed)
    return complete and all("refused" in parts[call] for call in set(parts) - allowed)


def test_nothing_is_kept_of_refused_calls_and_of_other_tenants(entry: Running) -> None:
    port = entry.plan.ports.callers
    held = [threading.Thread(target=ask, args=(entry,), kwargs={"prompt": "hold"}) for _ in range(2)]
    statuses = [ask(entry, "lawyers").status, ask(entry, "nobody-s").status, ask(entry, tokens=99_999_999).status]
    statuses.append(call(port, "no.good.token", "free", prompt=PROMPT).status)
    few = [ask(entry, "few-requests").status for _ in range(7)]
    for thread in held:
        thread.start()
        assert entry.upstream.holding.acquire(timeout=60)
    # The tenant's share of calls at once is full: Envoy itself refuses, before it hands over the prompt or after it,
    # as its threads happen to have connections.
    over = [ask(entry, tokens=3) for _ in range(6)]
    statuses.extend(answer.status for answer in over)
    entry.upstream.let_go.set()
    for thread in held:
        thread.join(30)
    assert statuses == [200, 403, 400, 401, *[429] * len(over)]
    assert few.count(429) == 1
    lines = {line["requestId"]: line for line in entry.calls(len(statuses) + len(few) + len(held))}
    written = ContentFile(entry.folder)
    deadline = time.monotonic() + 60
    while not whole(entry.pieces(1), lines):
        assert time.monotonic() < deadline, entry.pieces(1)
        time.sleep(0.05)
    written.take()
    (path,) = written.taken()
    pieces = [json.loads(text) for text in written.kept(path).splitlines()]
    assert len(pieces) == 2 * (few.count(200) + len(held)), "of calls over the share nothing is kept"
    assert {lines[piece["requestId"]]["decision"] for piece in pieces} == {"allowed"}
    assert {lines[piece["requestId"]]["tenant"] for piece in pieces} == {"sales"}


def test_what_cannot_be_recorded_does_not_reach_the_server(entry: Running) -> None:
    entry.contents.stop()
    refused = ask(entry)
    assert (refused.status, refused.error()["code"]) == (503, "contents_not_recorded")
    assert ask(entry, "lawyers").status == 200, "the others' calls go on"
    assert len(entry.upstream.seen) == 1
    entry.contents.start()
    assert ask(entry).status == 200
    lines = entry.calls(3)
    assert [(line["decision"], line["reason"]) for line in lines[:1]] == [("refused", "contents_not_recorded")]
    assert len(entry.pieces(2)) == 2


def test_when_too_much_waits_calls_are_refused(start: Start) -> None:
    entry = start("2999-12-31", "--most-waiting-mib=0.001")
    assert ask(entry).status == 200
    entry.pieces(1)
    assert ask(entry).status == 503
    assert "full" in entry.contents.log.read_text()


def test_after_its_last_day_nothing_is_kept_and_calls_go_on(start: Start) -> None:
    entry = start("2026-11-01")
    assert ask(entry).status == 200
    assert len(entry.calls(1)) == 1
    assert not (entry.folder / "contents.jsonl").exists()


def test_nothing_of_it_is_in_the_clear_on_the_disk_or_in_a_log(tmp_path: Path, entry: Running) -> None:
    for stream in (False, True):
        ask(entry, stream=stream)
    entry.pieces(4)
    entry.contents.stop()
    ask(entry)
    entry.contents.start()
    answers = [ask(entry).body, *(entry.read(piece) for piece in entry.pieces(6))]
    assert any(PROMPT.encode() in text for text in answers)
    words = [PROMPT.encode(), b"text_completion"]
    held = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"calls.jsonl", "contents.jsonl", "contents.log"} <= {path.name for path in held}
    assert [path.name for path in held for word in words if word in path.read_bytes()] == []
