"""The sidecar's script as a process of its own, against a real MinIO and a server that answers as vLLM does."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import signal
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from components.object_store.minio.users import MinioUserProvider
from infra.payload.reconcile_adapters import FIRST_RETRY
from tests.cluster.support.object_store import in_provider
from tests.cluster.support.sidecar import Sidecar, beside_a_server
from tests.support.minio_server import REGION, MinioServer
from tests.support.signing import new_key
from tests.support.values import SPOILT, changed

BUCKET = "hot-lora"
FAQ, SALES = "helpdesk-faq/v2026-02-01", "sales-summary/v2026-03-15"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MinioServer]:
    with MinioServer(tmp_path_factory.mktemp("minio")) as server:
        server.client().create_bucket(Bucket=BUCKET)
        yield server


@pytest.fixture
def sidecar(tmp_path: Path, store: MinioServer) -> Iterator[Sidecar]:
    with beside_a_server(Sidecar(tmp_path, store, BUCKET)) as made:
        yield made


def refused(sidecar: Sidecar) -> dict[str, str]:
    """By adapter the reason for which its version is refused, as Prometheus reads it."""
    found = re.findall(
        r'kitchen_adapter_refused{adapter="(.*)",version=".*",reason="(.*)"} 1', sidecar.get("/metrics")[1]
    )
    return dict(found)


def test_the_declared_list_is_loaded_changed_and_reported(sidecar: Sidecar) -> None:
    faq, sales = sidecar.publish(FAQ), sidecar.publish(SALES)
    sidecar.declare(sales)
    sidecar.start()
    sidecar.wait(sidecar.ready)
    assert set(sidecar.server.loaded) == {"sales-summary"}
    sidecar.declare(sales, faq)
    sidecar.wait(lambda: sidecar.states() == {"sales-summary": "loaded", "helpdesk-faq": "loaded"})
    path = Path(sidecar.server.loaded["helpdesk-faq"])
    assert sha256((path / "adapter_model.safetensors").read_bytes()).hexdigest() in json.dumps(faq)
    (told,) = [a for a in sidecar.status()["adapters"] if a["name"] == "helpdesk-faq"]
    assert told["serving"] == str(path)
    assert told["sums"] == {file["path"]: file["sha256"] for file in faq["files"]}
    metrics = sidecar.get("/metrics")[1]
    assert 'kitchen_adapter_loaded{adapter="helpdesk-faq",version="v2026-02-01"} 1' in metrics
    assert 'kitchen_adapter_declared{adapter="helpdesk-faq",version="v2026-02-01"} 1' in metrics
    assert "kitchen_adapter_refused{" not in metrics
    sidecar.declare(faq)
    sidecar.wait(lambda: set(sidecar.server.loaded) == {"helpdesk-faq"})
    assert sidecar.server.calls == [("load", "sales-summary"), ("load", "helpdesk-faq"), ("unload", "sales-summary")]
    assert sidecar.get("/elsewhere")[0] == 404


def test_another_version_lies_in_another_folder_and_the_old_one_goes_after_a_while(sidecar: Sidecar) -> None:
    sidecar.declare(sidecar.publish(SALES))
    sidecar.start()
    sidecar.wait(sidecar.ready)
    before = sidecar.server.loaded["sales-summary"]
    sidecar.declare(sidecar.publish("sales-summary/v2026-09-01"))
    sidecar.wait(lambda: sidecar.server.loaded.get("sales-summary", before) != before)
    assert sidecar.server.calls[1:] == [("unload", "sales-summary"), ("load", "sales-summary")]
    sidecar.passes()
    assert Path(before).is_dir(), "requests that run still read it"
    sidecar.end()
    sidecar.options["keep-seconds"] = "0"
    sidecar.start()
    sidecar.wait(lambda: sidecar.versions() == {"sales-summary/v2026-09-01"})


def test_a_tampered_adapter_is_told_and_takes_nothing_out_of_service(sidecar: Sidecar) -> None:
    sidecar.declare(sidecar.publish(SALES), sidecar.publish("log-triage/v2026-06-10", damage=True))
    sidecar.start()
    sidecar.wait(sidecar.ready)
    assert sidecar.states() == {"sales-summary": "loaded", "log-triage": "refused"}
    assert ("load", "log-triage") not in sidecar.server.calls
    assert "sha256" in sidecar.log()
    assert refused(sidecar) == {"log-triage": "sum"}
    assert 'kitchen_adapter_loaded{adapter="log-triage",version="v2026-06-10"} 0' in sidecar.get("/metrics")[1]
    sidecar.publish("log-triage/v2026-06-10")
    sidecar.wait(lambda: sidecar.states()["log-triage"] == "loaded")
    assert refused(sidecar) == {}, "the series of a refusal goes with it"


@pytest.mark.parametrize("spoilt", ["not a number", "zeros"])
def test_weights_that_would_spoil_the_server_never_reach_it(sidecar: Sidecar, spoilt: str) -> None:
    """Their sums are right: this is what was published before anybody looked at values."""
    spoil, said = SPOILT[spoilt]
    sidecar.declare(sidecar.publish(SALES), sidecar.publish("log-triage/v2026-06-10", spoil=spoil))
    sidecar.start()
    sidecar.wait(sidecar.ready)
    assert sidecar.states() == {"sales-summary": "loaded", "log-triage": "refused"}
    assert ("load", "log-triage") not in sidecar.server.calls
    (told,) = [entry["reason"] for entry in sidecar.status()["adapters"] if entry["name"] == "log-triage"]
    assert said in told
    assert refused(sidecar) == {"log-triage": "values"}
    assert "lora_B" in told or "layers." in told


def test_a_tampered_new_version_leaves_the_old_one_serving(sidecar: Sidecar) -> None:
    sidecar.declare(sidecar.publish(SALES))
    sidecar.start()
    sidecar.wait(sidecar.ready)
    before = dict(sidecar.server.loaded)
    sidecar.declare(sidecar.publish("sales-summary/v2026-09-02", damage=True))
    sidecar.wait(lambda: sidecar.states() == {"sales-summary": "refused"})
    sidecar.passes()
    assert sidecar.server.loaded == before
    assert sidecar.ready()


def test_a_restarted_server_gets_everything_again(sidecar: Sidecar) -> None:
    sidecar.declare(sidecar.publish(SALES), sidecar.publish(FAQ))
    sidecar.start()
    sidecar.wait(sidecar.ready)
    before = dict(sidecar.server.loaded)
    sidecar.server.stop()
    sidecar.wait(lambda: not sidecar.ready())
    sidecar.server.start()
    sidecar.wait(lambda: sidecar.server.loaded == before)
    sidecar.wait(sidecar.ready)


def test_what_was_lost_and_cannot_be_had_keeps_the_pod_out_of_service(sidecar: Sidecar, store: MinioServer) -> None:
    sidecar.declare(sidecar.publish(SALES))
    sidecar.start()
    sidecar.wait(sidecar.ready)
    store.stop()
    try:
        shutil.rmtree(sidecar.adapters / "sales-summary")
        sidecar.server.restart()
        sidecar.wait(lambda: sidecar.states() == {"sales-summary": "waiting"})
        sidecar.passes()
        assert not sidecar.ready()
    finally:
        store.start()
    sidecar.wait(sidecar.ready)


def test_what_was_lost_and_is_refused_does_not(sidecar: Sidecar) -> None:
    sidecar.declare(sidecar.publish(SALES), sidecar.publish(FAQ))
    sidecar.start()
    sidecar.wait(sidecar.ready)
    sidecar.server.refuse["helpdesk-faq"] = (500, "no")
    sidecar.server.restart()
    sidecar.wait(lambda: sidecar.states() == {"sales-summary": "loaded", "helpdesk-faq": "refused"})
    sidecar.wait(sidecar.ready)


def test_files_are_read_once_more_after_a_restart_of_the_sidecar(sidecar: Sidecar) -> None:
    sidecar.declare(sidecar.publish(SALES))
    sidecar.start()
    sidecar.wait(sidecar.ready)
    weights = Path(sidecar.server.loaded["sales-summary"]) / "adapter_model.safetensors"
    right = weights.read_bytes()
    sidecar.end(signal.SIGKILL)
    weights.write_bytes(b"x" * len(right))
    sidecar.server.restart()
    sidecar.start()
    sidecar.wait(lambda: "sales-summary" in sidecar.server.loaded)
    assert weights.read_bytes() == right


def test_adapters_are_fetched_while_the_server_still_starts(sidecar: Sidecar) -> None:
    sidecar.server.stop()
    sidecar.declare(sidecar.publish(SALES))
    sidecar.start()
    sidecar.wait(lambda: list(sidecar.adapters.glob("*/*/sales-summary")))
    assert not sidecar.ready()
    sidecar.server.start()
    sidecar.wait(sidecar.ready)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"bucket": "b", "adapters": [{"name": "../../etc", "version": "v1", "files": []}]}',
        '{"bucket": "b", "adapters": [{"name": "a", "version": "v1", "files": [{"path": "/etc/passwd"}]}]}',
    ],
)
def test_a_broken_list_changes_nothing_and_is_told(text: str, sidecar: Sidecar) -> None:
    sidecar.declare(sidecar.publish(SALES))
    sidecar.start()
    sidecar.wait(sidecar.ready)
    calls = list(sidecar.server.calls)
    sidecar.write(text)
    sidecar.wait(lambda: sidecar.status()["problems"])
    sidecar.passes()
    assert "the last good list stays" in sidecar.status()["problems"][0]
    assert sidecar.server.calls == calls
    assert sidecar.ready()
    sidecar.manifest.unlink()
    sidecar.passes()
    assert set(sidecar.server.loaded) == {"sales-summary"}


def test_without_a_good_list_nothing_is_unloaded_and_the_pod_is_not_ready(sidecar: Sidecar) -> None:
    sidecar.server.loaded["other"] = "/mnt/adapters/other"
    sidecar.write("{")
    sidecar.start()
    sidecar.wait(lambda: sidecar.status()["passes"] > 2)
    assert not sidecar.ready()
    assert set(sidecar.server.loaded) == {"other"}


def test_what_the_server_refuses_is_told_with_its_words_and_tried_again_seldom(sidecar: Sidecar) -> None:
    sidecar.server.refuse["helpdesk-faq"] = (500, "LoRA rank 64 is greater than max_lora_rank 16.")
    sidecar.declare(sidecar.publish(SALES), sidecar.publish(FAQ))
    began = time.monotonic()
    sidecar.start()
    sidecar.wait(sidecar.ready)
    (told,) = [a for a in sidecar.status()["adapters"] if a["name"] == "helpdesk-faq"]
    assert told["state"] == "refused"
    assert refused(sidecar) == {"helpdesk-faq": "rank"}
    assert "LoRA rank 64 is greater" in told["reason"]
    sidecar.passes(10)
    calls, seconds = sidecar.server.calls.count(("load", "helpdesk-faq")), time.monotonic() - began
    assert FIRST_RETRY * (2 ** (calls - 1) - 1) <= seconds, "after each try twice as long as before it"
    sidecar.server.refuse.clear()
    sidecar.wait(lambda: sidecar.states()["helpdesk-faq"] == "loaded")


def test_answers_that_are_slow_or_no_answers_are_lived_through(sidecar: Sidecar) -> None:
    sidecar.server.slow_seconds = 0.3
    sidecar.declare(sidecar.publish(SALES))
    sidecar.start()
    sidecar.wait(sidecar.ready)
    sidecar.server.garbage = True
    sidecar.wait(lambda: not sidecar.ready())
    sidecar.server.garbage = False
    sidecar.wait(sidecar.ready)
    assert sidecar.server.calls == [("load", "sales-summary")]


def test_a_store_out_of_reach_keeps_a_new_pod_back_and_no_pod_that_serves(sidecar: Sidecar, store: MinioServer) -> None:
    sales, faq = sidecar.publish(SALES), sidecar.publish(FAQ)
    sidecar.declare(sales)
    store.stop()
    try:
        sidecar.start()
        sidecar.wait(lambda: sidecar.states() == {"sales-summary": "waiting"})
        assert not sidecar.ready()
        store.start()
        sidecar.wait(sidecar.ready)
        store.stop()
        sidecar.declare(sales, faq)
        sidecar.wait(lambda: "out of reach" in sidecar.status()["adapters"][-1]["reason"])
        assert sidecar.ready()
    finally:
        store.stop()
        store.start()
    sidecar.wait(lambda: sidecar.states()["helpdesk-faq"] == "loaded")


def test_never_more_disk_than_declared(sidecar: Sidecar) -> None:
    """One MiB: two versions of 0.6 MiB do not fit at once, so the new one waits and the old one serves."""
    big = [
        sidecar.publish(ref, spoil=lambda content: changed(content, lambda _, numbers: np.repeat(numbers, 36, axis=0)))
        for ref in (SALES, "sales-summary/v2026-09-01")
    ]
    assert all(0.5 < file["sizeBytes"] / 2**20 < 0.7 for entry in big for file in entry["files"][1:])
    sidecar.declare(big[0])
    sidecar.start()
    sidecar.wait(sidecar.ready)
    sidecar.declare(big[1])
    sidecar.wait(lambda: sidecar.states() == {"sales-summary": "waiting"})
    assert "more than the 1048576 of its volume" in sidecar.status()["adapters"][0]["reason"]
    assert sidecar.versions() == {SALES}
    assert sidecar.ready()
    sidecar.declare()
    sidecar.wait(lambda: not sidecar.server.loaded)
    sidecar.declare(big[1])
    sidecar.wait(lambda: sidecar.states() == {"sales-summary": "loaded"})
    assert sidecar.versions() == {"sales-summary/v2026-09-01"}, "files that nobody needs make room at once"


def test_sigterm_ends_it_at_once_and_the_token_is_for_the_group_alone(sidecar: Sidecar) -> None:
    sidecar.declare(sidecar.publish(SALES))
    sidecar.start()
    sidecar.wait(sidecar.ready)
    first = sidecar.token.read_text()
    assert len(first) >= 32
    assert oct(sidecar.token.stat().st_mode)[-3:] == "640"
    assert sidecar.end() == 143
    sidecar.start()
    sidecar.wait(sidecar.ready)
    assert sidecar.token.read_text() != first


def test_a_link_in_the_folder_leads_nowhere(sidecar: Sidecar, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("stays")
    (sidecar.adapters / "sales-summary").symlink_to(outside)
    sidecar.options["keep-seconds"] = "0"
    sidecar.declare(sidecar.publish(FAQ))
    sidecar.start()
    sidecar.wait(sidecar.ready)
    sidecar.passes()
    assert (outside / "precious").read_text() == "stays"
    shutil.rmtree(outside)


def test_only_what_a_signer_signed_is_loaded_and_the_rest_is_told(sidecar: Sidecar, tmp_path: Path) -> None:
    key, other = new_key(tmp_path / "key"), new_key(tmp_path / "other")
    good, unsigned = sidecar.publish(SALES, key=key), sidecar.publish(FAQ)
    foreign = sidecar.publish("log-triage/v2026-06-10", key=other)
    sidecar.declare(good, unsigned, foreign, signers=[key.signer()])
    sidecar.start()
    sidecar.wait(sidecar.ready)
    assert sidecar.states() == {"sales-summary": "loaded", "helpdesk-faq": "refused", "log-triage": "refused"}
    assert refused(sidecar) == {"helpdesk-faq": "signature", "log-triage": "signature"}
    reasons = {adapter["name"]: adapter["reason"] for adapter in sidecar.status()["adapters"]}
    assert "model.sig: not among its files; expected a signature by model-board" in reasons["helpdesk-faq"]
    assert "model.sig: signed with another key" in reasons["log-triage"]
    assert sidecar.server.calls == [("load", "sales-summary")]
    assert not list(sidecar.adapters.glob("*/*/helpdesk-faq"))


def test_a_new_version_without_a_signature_leaves_the_signed_one_serving(sidecar: Sidecar, tmp_path: Path) -> None:
    key = new_key(tmp_path / "key")
    sidecar.declare(sidecar.publish(SALES, key=key), signers=[key.signer()])
    sidecar.start()
    sidecar.wait(sidecar.ready)
    before = dict(sidecar.server.loaded)
    sidecar.declare(sidecar.publish("sales-summary/v2026-09-02"), signers=[key.signer()])
    sidecar.wait(lambda: sidecar.states() == {"sales-summary": "refused"})
    sidecar.passes()
    assert sidecar.server.loaded == before
    other = new_key(tmp_path / "other")
    sidecar.declare(sidecar.publish("sales-summary/v2026-09-02"), signers=[key.signer(), other.signer("second")])
    sidecar.passes()
    assert sidecar.server.loaded == before, "the signer of the old version is still one"
    sidecar.declare(sidecar.publish("sales-summary/v2026-09-02"), signers=[other.signer("second")])
    sidecar.wait(lambda: not sidecar.server.loaded)


def test_signers_that_change_hold_for_what_is_loaded(sidecar: Sidecar, tmp_path: Path) -> None:
    key, other = new_key(tmp_path / "key"), new_key(tmp_path / "other")
    good, unsigned = sidecar.publish(SALES, key=key), sidecar.publish(FAQ)
    sidecar.declare(good, unsigned)
    sidecar.start()
    sidecar.wait(lambda: set(sidecar.server.loaded) == {"sales-summary", "helpdesk-faq"})
    sidecar.declare(good, unsigned, signers=[key.signer()])
    sidecar.wait(lambda: sidecar.states() == {"sales-summary": "loaded", "helpdesk-faq": "refused"})
    assert set(sidecar.server.loaded) == {"sales-summary"}
    assert sidecar.server.calls.count(("load", "sales-summary")) == 1, "what is signed goes on serving"
    sidecar.declare(good, signers=[key.signer(), other.signer("second")])
    sidecar.passes()
    assert set(sidecar.server.loaded) == {"sales-summary"}
    sidecar.declare(good, signers=[other.signer("second")])
    sidecar.wait(lambda: not sidecar.server.loaded)
    sidecar.wait(lambda: sidecar.states() == {"sales-summary": "refused"})


def test_a_restarted_sidecar_holds_what_is_loaded_to_its_signers(sidecar: Sidecar, tmp_path: Path) -> None:
    key = new_key(tmp_path / "key")
    good, unsigned = sidecar.publish(SALES, key=key), sidecar.publish(FAQ)
    sidecar.declare(good, unsigned)
    sidecar.start()
    sidecar.wait(lambda: set(sidecar.server.loaded) == {"sales-summary", "helpdesk-faq"})
    sidecar.end(signal.SIGKILL)
    sidecar.declare(good, unsigned, signers=[key.signer()])
    sidecar.start()
    sidecar.wait(lambda: set(sidecar.server.loaded) == {"sales-summary"})
    assert sidecar.server.calls.count(("load", "sales-summary")) == 1


class Readers:
    """Keys of a kitchen, made and removed by the program's own provider."""

    def __init__(self, store: MinioServer) -> None:
        self.store, self.made = store, 0

    def make(self, user: str) -> tuple[str, str]:
        """A new user, or another password of one that is there: its key."""
        self.made += 1
        props = self._props(user) | {"secretKey": f"password-{self.made}-{secrets.token_hex(8)}"}
        with in_provider(self.store):
            MinioUserProvider().create(props)
        return user, props["secretKey"]

    def remove(self, user: str) -> None:
        with in_provider(self.store):
            MinioUserProvider().delete(user, self._props(user))

    def _props(self, user: str) -> dict[str, Any]:
        read = {"bucket": BUCKET, "prefixes": [FAQ, SALES], "owner": "shelf/test"}
        return {"endpoint": self.store.endpoint, "region": REGION, "user": user, "accessKey": user, **read}


@pytest.fixture
def readers(store: MinioServer) -> Readers:
    return Readers(store)


def test_another_key_holds_for_a_sidecar_that_runs(sidecar: Sidecar, readers: Readers) -> None:
    """The next generation of a key: another user, then the Secret, then the old user goes. No restart."""
    sales, faq = sidecar.publish(SALES), sidecar.publish(FAQ)
    sidecar.mount(*readers.make("reader-g1"))
    sidecar.declare(sales)
    sidecar.start()
    sidecar.wait(sidecar.ready)
    process = sidecar.process
    sidecar.mount(*readers.make("reader-g2"))
    readers.remove("reader-g1")
    sidecar.declare(sales, faq)
    sidecar.wait(lambda: sidecar.states() == {"sales-summary": "loaded", "helpdesk-faq": "loaded"})
    assert sidecar.process is process
    assert sidecar.server.calls == [("load", "sales-summary"), ("load", "helpdesk-faq")]


def test_a_key_that_comes_late_is_waited_for_and_ends_the_wait(sidecar: Sidecar, readers: Readers) -> None:
    """The kubelet may bring the list before the key. What is loaded serves on."""
    sales, faq = sidecar.publish(SALES), sidecar.publish(FAQ)
    sidecar.mount(*readers.make("reader-g3"))
    sidecar.declare(sales)
    sidecar.start()
    sidecar.wait(sidecar.ready)
    readers.remove("reader-g3")
    sidecar.declare(sales, faq)
    sidecar.wait(lambda: '"state": "waiting"' in sidecar.log())
    sidecar.passes()
    assert "the store refused: InvalidAccessKeyId" in sidecar.status()["adapters"][1]["reason"]
    assert sidecar.ready()
    assert set(sidecar.server.loaded) == {"sales-summary"}
    sidecar.mount(*readers.make("reader-g4"))
    sidecar.wait(lambda: sidecar.states()["helpdesk-faq"] == "loaded")
    assert sidecar.log().count('"event": "key"') == 1


def test_another_password_of_the_same_user_holds_too(sidecar: Sidecar, readers: Readers) -> None:
    sales, faq = sidecar.publish(SALES), sidecar.publish(FAQ)
    sidecar.mount(*readers.make("reader-g5"))
    sidecar.declare(sales)
    sidecar.start()
    sidecar.wait(sidecar.ready)
    sidecar.mount(*readers.make("reader-g5"))
    sidecar.declare(sales, faq)
    sidecar.wait(lambda: sidecar.states() == {"sales-summary": "loaded", "helpdesk-faq": "loaded"})


@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "cannot be read: No such file or directory"), ("", "empty"), ("\udcff", "cannot be read: Unicode")],
)
def test_a_key_that_is_not_there_is_told_without_a_word_of_it(
    content: str | None, told: str, sidecar: Sidecar, store: MinioServer
) -> None:
    secret = sidecar.key / "..data" / "AWS_SECRET_ACCESS_KEY"
    if content is None:
        secret.unlink()
    else:
        secret.write_bytes(content.encode(errors="surrogateescape"))
    sidecar.declare(sidecar.publish(SALES))
    sidecar.start()
    sidecar.wait(lambda: sidecar.status()["adapters"] and sidecar.status()["adapters"][0]["reason"])
    (adapter,) = sidecar.status()["adapters"]
    assert adapter["state"] == "waiting"
    assert f"AWS_SECRET_ACCESS_KEY: {told}" in adapter["reason"]
    assert not sidecar.ready()
    sidecar.mount(store.access_key, store.secret_key)
    sidecar.wait(sidecar.ready)
