"""The steps of a delivery around the engine: how each end is told, at the terminal and on the commit."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from infra.faults import FaultsError
from ops.audit import commands
from ops.audit.verdicts import Row, differs, proven
from ops.forge.things import FAILURE, PENDING, SUCCESS, Pull, Status
from tests.support import told_reports
from tests.unit.tools.deliver.test_history import OWN, Book, Repo
from tools.deliver import __main__ as program
from tools.deliver import command
from tools.deliver.audit import audited
from tools.deliver.calls import ANSWERED, NOT_CALLED, WRONG, Called
from tools.deliver.command import Asked, Delivery
from tools.drift import Drift
from tools.engine.change import Change
from tools.engine.outcome import Outcome
from tools.local.errors import LocalError
from tools.pipeline.failed import LockedError, UnfinishedError


class Told(Book):
    """A forge that takes statuses too."""

    def set_status(self, commit: str, status: Status) -> None:
        self.said.setdefault(commit, []).insert(
            0, Status(context=status.context, state=status.state, description=status.description, author=OWN)
        )


UPDATE = Change(
    operation="update", urn="urn:pulumi:dev::k::a::summary", type="kubernetes:x/v1:InferenceService",
    namespace="sales-dev", called="summary", keys=("metadata.labels",),
)  # fmt: skip


@pytest.fixture
def delivery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Delivery:
    """One of a pull request whose plan is approved; everything around it goes well."""
    repo, book = Repo(tmp_path / "repo"), Told()
    commit = repo.commit("one")
    pull = Pull(number=7, head="a" * 40, branch="main", merged=True, landed=(commit,))
    book.pulls[commit] = [pull]
    planned = told_reports.environment(changes=[told_reports.change()])
    book.approve(pull, planned.digest)
    made = Delivery(Asked(stack="dev", project=repo.path, directory=tmp_path), lambda *_: planned, sleep=lambda _: None)
    made.steps.commit, made.forge = commit, book  # type: ignore[assignment]  # as far as it is asked
    made._acceptance = None  # type: ignore[assignment]
    monkeypatch.setattr(command, "deploy", lambda *_, gate, **__: gate(Outcome(status=0, started=[UPDATE]), Drift()))
    monkeypatch.setattr(Delivery, "_ready", lambda self: self.steps.done("kitchens Ready", "3 of 3"))
    monkeypatch.setattr(command, "call", lambda *_: [Called(kitchen="a", model="b", outcome=ANSWERED)])
    monkeypatch.setattr(command, "Backend", lambda *_: type("B", (), {"exported": staticmethod(dict)}))
    monkeypatch.setattr(command, "audited", lambda *_, **__: [row()])
    made._settings = type("S", (), {"cluster_context": None})()  # type: ignore[assignment]
    return made


def row(*, same: bool = True) -> Row:
    finding = proven("x") if same else differs("another one")
    return Row(kitchen="support", what="image", where="pod", declared="x", finding=finding)


def said(delivery: Delivery) -> list[tuple[str, str]]:
    found: Any = delivery.forge
    return [(one.state, one.description) for one in reversed(found.said.get(delivery.steps.commit, []))]


def test_a_delivery_that_goes_well(delivery: Delivery, capsys: Any) -> None:
    assert program.run(delivery) == 0
    assert said(delivery) == [(PENDING, "begun"), (SUCCESS, "delivered")]
    told = capsys.readouterr().out
    assert told.startswith("dev: delivered, commit ")
    assert told.count("\n  done ") == 6
    assert "next: make deliver STACK=prod" in told


def test_what_the_plan_does_not_name_is_not_applied(delivery: Delivery, monkeypatch: Any, capsys: Any) -> None:
    more = Change(operation="delete", urn="u", type="kubernetes:v1:Secret", namespace="a", called="b")
    monkeypatch.setattr(command, "deploy", lambda *_, gate, **__: gate(Outcome(status=0, started=[more]), Drift()))
    assert program.run(delivery) == 3
    assert said(delivery)[-1] == (FAILURE, "stopped before anything was applied: update")
    told = capsys.readouterr()
    assert "not in the approved plan: delete Secret a/b" in told.err
    assert "not done  audit" in told.out


ENDS: dict[str, tuple[Any, str, str]] = {
    "failed": (LocalError("ResourceQuota a/b: host 10.1.2.3 refused\nmore"), "failed: update", "failed    update: Res"),
    "not Ready": (UnfinishedError("support: Unknown"), "failed: kitchens Ready", "failed    kitchens Ready: support"),
    "interrupted": (KeyboardInterrupt(), "failed: update", "failed    update: interrupted"),
    "disk": (OSError(28, "No space left on device", "/x"), "failed: update", "failed    update: /x: No space left"),
}


@pytest.mark.parametrize("case", ENDS)
def test_an_update_that_ends_otherwise(case: str, delivery: Delivery, monkeypatch: Any, capsys: Any) -> None:
    error, status, line = ENDS[case]

    def failing(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(command, "deploy", failing)
    assert program.run(delivery) == 1
    assert said(delivery)[-1] == (FAILURE, status), "no word of the engine"
    told = capsys.readouterr().out
    assert line in told
    assert "next: make deliver STACK=dev, once" in told


def test_a_settings_fault_before_anything_is_usage(delivery: Delivery, monkeypatch: Any) -> None:
    monkeypatch.setattr(delivery, "planner", lambda *_: (_ for _ in ()).throw(FaultsError("plan", [])))
    assert program.run(delivery) == 2


def test_a_run_that_is_locked_out_says_nothing_on_the_commit(delivery: Delivery, monkeypatch: Any) -> None:
    def locked(*_: object, **__: object) -> None:
        raise LockedError("currently locked by someone@host")

    monkeypatch.setattr(command, "deploy", locked)
    assert program.run(delivery) == 1
    assert said(delivery) == [(PENDING, "begun")]


def test_a_wait_ends_and_earlier_plans_still_count(delivery: Delivery, monkeypatch: Any) -> None:
    """What earlier merges may do is known from the first try on."""
    other = Change(operation="delete", urn="u", type="kubernetes:v1:Secret", namespace="a", called="b")
    entry = told_reports.change("delete", kind="Secret", namespace="a", name="b")
    monkeypatch.setattr(command, "earlier", lambda *_, **__: ([entry], []))
    tries: list[int] = []

    def busy(*_: object, gate: Any, **__: object) -> None:
        gate(Outcome(status=0, started=[other]), Drift())
        tries.append(1)
        if len(tries) < 3:
            raise LockedError("currently locked by someone@host")

    monkeypatch.setattr(command, "deploy", busy)
    delivery.asked = Asked(stack="dev", wait=60, project=delivery.asked.project, directory=delivery.asked.directory)
    assert program.run(delivery) == 0
    assert len(tries) == 3


def test_a_model_that_answers_wrongly_fails_and_one_that_was_not_called_does_not(
    delivery: Delivery, monkeypatch: Any, capsys: Any
) -> None:
    one = Called(kitchen="support", model="faq", outcome=NOT_CALLED, why="no way")
    monkeypatch.setattr(command, "call", lambda *_: [one])
    assert program.run(delivery) == 0
    assert "faq of support: not called: no way" in capsys.readouterr().out
    monkeypatch.setattr(
        command, "call", lambda *_: [one, Called(kitchen="a", model="b", outcome=WRONG, why="status 500")]
    )
    assert program.run(delivery) == 1
    told = capsys.readouterr().out
    assert "failed    models called: 0 of 2 answered" in told
    assert "b of a: failed: status 500" in told


def test_what_the_audit_finds_different_fails(delivery: Delivery, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.setattr(command, "audited", lambda *_, **__: [row(same=False), row()])
    assert program.run(delivery) == 1
    told = capsys.readouterr().out
    assert "failed    audit: 1 proven, 1 differs, 0 not proven" in told
    assert "differs: support: image (pod): another one" in told


def test_a_second_interruption_does_not_keep_it_from_telling(delivery: Delivery, monkeypatch: Any) -> None:
    def interrupted(*_: object, **__: object) -> None:
        signal.raise_signal(signal.SIGTERM)

    original = Delivery.tell

    def told(self: Delivery, state: str, text: str) -> bool:
        signal.raise_signal(signal.SIGTERM)
        return original(self, state, text)

    monkeypatch.setattr(command, "deploy", interrupted)
    monkeypatch.setattr(Delivery, "tell", told)
    assert program.run(delivery) == 1
    assert said(delivery)[-1] == (FAILURE, "failed: update")


def test_all_that_is_missing_is_told_at_once(tmp_path: Path, monkeypatch: Any) -> None:
    for name in ("PULUMI_BACKEND_URL", "KITCHEN_FORGE_TOKEN", "GITHUB_TOKEN", "GITHUB_ACTIONS", "GITLAB_CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KITCHEN_ACCEPTANCE_URL", "http://ai.example.com")
    made = Delivery(Asked(stack="prod", after="dev", project=tmp_path), lambda *_: told_reports.environment())
    with pytest.raises(FaultsError) as raised:
        made.prepare()
    text = str(raised.value)
    for part in ("PULUMI_BACKEND_URL: missing", "PLAN names the report", "nobody knows whether dev was delivered",
                 "must be the https address of the entry", "KITCHEN_MODELS_TOKEN"):  # fmt: skip
        assert part in text


def test_bad_words_end_in_one_message(capsys: Any) -> None:
    assert program.main(["--stack", "nope"]) == 2
    assert "STACK=nope: there is no Pulumi.nope.yaml" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        program.main(["--stack", "dev", "--wait", "-1"])


def test_pods_that_are_ending_are_looked_at_again(tmp_path: Path, monkeypatch: Any) -> None:
    looks = [[row(same=False)], [row(same=False)], [row()]]
    seen: list[dict[str, Any]] = []

    def audit(options: Any) -> list[Row]:
        seen.append(json.loads(options.state.read_text()))
        return looks.pop(0)

    monkeypatch.setattr(commands, "audit", audit)
    assert audited(tmp_path / "Pulumi.dev.yaml", {"deployment": {}}, sleep=lambda _: None) == [row()]
    assert seen == [{"deployment": {}}] * 3
    looks.append([row(same=False)])
    assert audited(tmp_path / "x", {}, patience=-1.0, sleep=lambda _: pytest.fail("waits")) == [row(same=False)]
