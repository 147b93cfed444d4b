"""Another generation of a consumer's key, with the real engine and a real MinIO: no moment without a working key.

Pods that start take the new key from the Secret. A sidecar of hot mode that runs takes it without a restart.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from botocore.exceptions import ClientError

from tests.cluster.support.object_store import Outcome, Project
from tests.cluster.support.sidecar import Sidecar, beside_a_server
from tests.support.minio_server import MinioServer
from tests.support.waiting import until

OWN = {"Bucket": "turn-lora", "Key": "helpdesk-faq/v1/a"}


class Consumer:
    """Pods that start all the time: each takes the key that the Secret holds, and reads with it."""

    def __init__(self, project: Project, store: MinioServer) -> None:
        self.project, self.store = project, store
        self.old = project.secret("support")
        self.with_secret: list[tuple[str, str]] = []
        self.with_old: list[str] = []
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def during(self, action: Callable[[], Outcome]) -> Outcome:
        """Pods start before it, meanwhile, and after it."""
        self._thread.start()
        try:
            until(lambda: self.with_secret and self.with_old)
            done, before = action(), len(self.with_secret)
            until(lambda: len(self.with_secret) > max(before + 2, 20))
            return done
        finally:
            self._end.set()
            self._thread.join()

    def reads(self, key: dict[str, str]) -> str:
        try:
            self.store.client(key["AWS_ACCESS_KEY_ID"], key["AWS_SECRET_ACCESS_KEY"]).get_object(**OWN)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "read"

    def _run(self) -> None:
        while not self._end.wait(0.02):
            # A file that is being written is no Secret yet: the API server has no such moment.
            with suppress(OSError, ValueError, KeyError, TypeError, yaml.YAMLError):
                now = self.project.secret("support")
                code = self.reads(now)
                if code != "read" and (later := self.project.secret("support")) != now:
                    now, code = later, self.reads(later)  # the Secret changed meanwhile: a pod is started again
                self.with_secret.append((now["AWS_ACCESS_KEY_ID"], code))
            self.with_old.append(self.reads(self.old))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[MinioServer]:
    with MinioServer(tmp_path / "minio") as server:
        yield server


def test_no_pod_ever_takes_a_key_that_does_not_work(tmp_path: Path, store: MinioServer) -> None:
    project = Project(tmp_path / "project", store)
    project.bucket("turn-lora")
    project.access("support", "turn-lora", ["helpdesk-faq/v1/"], generation=1)
    made = project.up()
    assert made.code == 0, made.text
    store.client().put_object(**OWN, Body=b"x")
    first = project.secret("support")

    project.access("support", "turn-lora", ["helpdesk-faq/v1/"], generation=2)
    consumer = Consumer(project, store)
    turned = consumer.during(project.up)
    assert turned.code == 0, turned.text
    second = project.secret("support")
    assert second["AWS_ACCESS_KEY_ID"] != first["AWS_ACCESS_KEY_ID"]
    assert second["AWS_SECRET_ACCESS_KEY"] != first["AWS_SECRET_ACCESS_KEY"]
    keys = {key for key, _ in consumer.with_secret}
    assert keys == {first["AWS_ACCESS_KEY_ID"], second["AWS_ACCESS_KEY_ID"]}
    assert {code for _, code in consumer.with_secret} == {"read"}
    assert consumer.with_old[0] == "read"
    assert consumer.reads(second) == "read"
    assert consumer.reads(first) == "InvalidAccessKeyId"
    assert list(json.loads(store.admin().user_list())) == [second["AWS_ACCESS_KEY_ID"]]
    again = project.run("up", "--yes", "--skip-preview", "--refresh")
    assert not again.changed("updated") + again.changed("created") + again.changed("replaced")
    for key in (first, second):
        shown = (project.folder / "state").rglob("*")
        texts = [path.read_text(errors="replace") for path in shown if path.is_file()]
        assert not [text for text in [*texts, project.output] if key["AWS_SECRET_ACCESS_KEY"] in text]


def test_a_running_sidecar_fetches_the_next_adapter_with_the_next_key(tmp_path: Path, store: MinioServer) -> None:
    refs = {name: f"{name}/v1" for name in ("helpdesk-faq", "sales-summary")}
    project = Project(tmp_path / "project", store)
    project.bucket("turn-lora")
    project.access("summary", "turn-lora", [f"{ref}/" for ref in refs.values()], generation=1)
    made = project.up()
    assert made.code == 0, made.text
    with beside_a_server(Sidecar(tmp_path, store, "turn-lora")) as sidecar:
        entries = {name: sidecar.publish(ref) for name, ref in refs.items()}
        first = project.secret("summary")
        sidecar.mount(*first.values())
        sidecar.declare(entries["helpdesk-faq"])
        sidecar.start()
        sidecar.wait(sidecar.ready)
        project.access("summary", "turn-lora", [f"{ref}/" for ref in refs.values()], generation=2)
        turned = project.up()
        assert turned.code == 0, turned.text
        second = project.secret("summary")
        assert first.items().isdisjoint(second.items())
        assert list(json.loads(store.admin().user_list())) == [second["AWS_ACCESS_KEY_ID"]], "the old user is gone"
        sidecar.mount(*second.values())
        sidecar.declare(*entries.values())
        sidecar.wait(lambda: set(sidecar.states().values()) == {"loaded"} and len(sidecar.states()) == 2)
        assert sidecar.server.calls == [("load", name) for name in refs]
