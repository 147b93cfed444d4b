"""Ten thousand generated calls: none gets a model that its groups do not have, and servers read what Envoy has read.

`KITCHEN_GENERATED_CALLS` and `KITCHEN_GENERATED_SEED` change how many and which.
"""

from __future__ import annotations

import collections
import hashlib
import json
import os
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from tests.entry.support import generated
from tests.entry.support.callers import Answer, Connection, chunked, request
from tests.entry.support.plan import GROUPS, KITCHEN, PATHS, POOLING
from tests.entry.support.running import Entry
from tests.entry.support.upstream import Upstream

CALLS = int(os.environ.get("KITCHEN_GENERATED_CALLS", "10000"))
SEED = int(os.environ.get("KITCHEN_GENERATED_SEED", "14"))
WORKERS = 4
CALLERS = (
    *("ana", "ana", "ben", "ben", "eva", "eva", "eva", "yuki", "nested", "guest"),
    *("expired", "wrong audience", "groups as text", "no groups"),
)
MAY: dict[str, set[str]] = {
    "ana": {"helpdesk"},
    "nested": {"helpdesk"},
    "ben": {"legal"},
    "eva": {"legal", "helpdesk", "staff"},
    "guest": {"visitors"},
    "yuki": {"\u55b6\u696d"},
}
"""Groups of the callers whose token is good and has groups."""


@dataclass
class Tally:
    """What became of calls: by status, and by how they were bent; `wrong` is whatever should not be."""

    status: collections.Counter[int] = field(default_factory=collections.Counter)
    through: collections.Counter[str] = field(default_factory=collections.Counter)
    wrong: list[str] = field(default_factory=list)
    hashes: collections.Counter[str] = field(default_factory=collections.Counter)


def test_no_generated_call_gets_a_model_of_others(
    entry: Entry, servers: dict[str, Upstream], tokens: dict[str, str]
) -> None:
    with ThreadPoolExecutor(WORKERS) as pool:
        tallies = list(pool.map(lambda worker: _work(worker, entry.port, tokens), range(WORKERS)))
    wrong = [text for tally in tallies for text in tally.wrong]
    assert wrong == [], f"seed {SEED}: {len(wrong)}"
    status: collections.Counter[int] = sum((tally.status for tally in tallies), collections.Counter())
    through: collections.Counter[str] = sum((tally.through for tally in tallies), collections.Counter())
    hashes: collections.Counter[str] = sum((tally.hashes for tally in tallies), collections.Counter())
    seen = [one for server in servers.values() for one in server.seen]
    assert collections.Counter(hashlib.sha256(one.body).hexdigest() for one in seen) == hashes
    assert {one.path for one in seen} <= {*PATHS, *POOLING}
    assert sum(status.values()) == CALLS
    print(f"\n{CALLS} calls, seed {SEED}: {dict(sorted(status.items()))}; through: {dict(through)}")
    assert status[200] > CALLS // 10, "few calls go through: nothing is shown"
    assert {200, 400, 401, 403, 404} <= set(status)


def _work(worker: int, port: int, tokens: dict[str, str]) -> Tally:
    source, tally = random.Random(f"{SEED}/{worker}"), Tally()  # noqa: S311 - the same calls for the same seed
    connection = Connection(port)
    for _ in range(worker, CALLS, WORKERS):
        who, one = source.choice(CALLERS), generated.call(source)
        headers = (("authorization", f"Bearer {tokens[who]}"), *one.headers)
        if source.random() < 0.1:
            cut = source.randrange(len(one.body) + 1)
            pieces = [piece for piece in (one.body[:cut], one.body[cut:]) if piece]
            raw = request("POST", one.written_path, (*headers, ("transfer-encoding", "chunked")), None) + chunked(
                pieces
            )
        else:
            raw = request("POST", one.written_path, headers, one.body)
        answer = connection.say(raw)
        if answer.status == 0 or answer.headers.get("connection") == "close":
            connection.close()
            connection = Connection(port)
        _judge(who, one, answer, tally)
    connection.close()
    return tally


def _judge(who: str, one: generated.Call, answer: Answer, tally: Tally) -> None:
    tally.status[answer.status] += 1
    where = f"{who} {one.written_path} {one.headers} {one.bent} {one.body[:300]!r}: {answer.status}"
    if answer.status != 200:
        if answer.status not in (400, 401, 403, 404, 413):
            tally.wrong.append(f"{where}: not a refusal")
        elif set(answer.error) != {"message", "type", "param", "code"}:
            tally.wrong.append(f"{where}: not in OpenAI's form")
        return
    tally.through[one.bent or "as it should be"] += 1
    tally.hashes[hashlib.sha256(one.body).hexdigest()] += 1
    # As vLLM reads it; a stream's answer does not repeat the model.
    model = json.loads(one.body)["model"]
    if not MAY.get(who, set()) & set(GROUPS.get(model, ())):
        tally.wrong.append(f"{where}: {who} got {model!r}")
    if not answer.headers["content-type"].startswith("text/event-stream"):
        said = json.loads(answer.body)
        if (said["model"], said["server"]) != (model, KITCHEN[model]):
            tally.wrong.append(f"{where}: {said}")


def test_the_same_seed_is_the_same_calls() -> None:
    one, other = ([generated.call(source) for _ in range(50)] for source in map(random.Random, "11"))
    assert one == other
    assert len({call.bent for call in one}) > 3
