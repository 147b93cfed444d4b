"""The steps of a delivery around the engine: how each end is told, at the terminal and on the commit."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from infra.faults import FaultsError
from ops.audit import commands
from ops.audit.verdicts import Row, differs, proven
from ops.forge.things import FAILURE, PENDING, SUCCESS, Pull, Status
from ops.plan.report import DENIED
from tests.support import told_reports
from tests.unit.tools.deliver.test_history import OWN, Book, Repo
from tools.deliver import __main__ as program
from tools.deliver import command
from tools.deliver.audit import audited
from tools.deliver.calls import ANSWERED, NOT_CALLED, WRONG, Called
from tools.deliver.command import Asked, Delivery
from tools.drift import Drift
from tools.engine.change import Change
from tools.engine.journal import Journal
from tools.engine.outcome import Outcome
from tools.local.errors import LocalError
from tools.pipeline.by_hand import Stack
from tools.pipeline.failed import LockedError, UnfinishedError
from tools.ready import Verdict
from tools.ready.reasons import Reason
from tools.ready.services import Service

READY = Delivery._ready


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
    assert said(delivery) == [(PENDING, "begun"), (SUCCESS, "delivered; 1 of 1 models called")]
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


def test_a_run_that_is_locked_out_fails_nothing_on_the_commit(delivery: Delivery, monkeypatch: Any) -> None:
    """The run that is at work may be one on this commit, and then says how it ends."""

    def locked(*_: object, **__: object) -> None:
        raise LockedError("currently locked by someone@host")

    monkeypatch.setattr(command, "deploy", locked)
    assert program.run(delivery) == 1
    assert said(delivery) == [(PENDING, "begun"), (PENDING, "another run is at work; nothing was applied")]


def test_a_refusal_after_something_was_tidied_is_no_refusal_before_anything(
    delivery: Delivery, monkeypatch: Any, capsys: Any
) -> None:
    """The second preview of an update: by then what somebody had left may have been removed."""
    more = Change(operation="delete", urn="u", type="kubernetes:v1:Secret", namespace="a", called="b")

    def deploy(*_: object, gate: Any, **__: object) -> None:
        gate(Outcome(status=0, started=[UPDATE]), Drift())
        gate(Outcome(status=0, started=[more]), Drift())

    monkeypatch.setattr(command, "deploy", deploy)
    assert program.run(delivery) == 1
    assert said(delivery)[-1] == (FAILURE, "failed: update")
    told = capsys.readouterr()
    assert "the update was not begun" in told.err
    assert "nothing was applied" not in told.err + told.out


def test_a_plan_that_is_denied_now_is_not_applied_whatever_its_status_says(
    delivery: Delivery, monkeypatch: Any, capsys: Any
) -> None:
    violation = {"policy": "image-catalog", "object": "Deployment a/b", "text": "not in the catalog"}
    policy = {"violations": [violation], "warnings": [], "exemptions": []}
    denied = told_reports.environment(verdict=DENIED, changes=[told_reports.change()], policy=policy,
                                      reasons=["Namespace a: is protected"])  # fmt: skip
    monkeypatch.setattr(delivery, "planner", lambda *_: denied)
    monkeypatch.setattr(command, "deploy", lambda *_, **__: pytest.fail("applies a denied plan"))
    assert program.run(delivery) == 3
    told = capsys.readouterr().err
    assert "is denied now; nothing was applied" in told
    assert "image-catalog: Deployment a/b: not in the catalog" in told
    assert "Namespace a: is protected" in told
    assert f"make plan STACK=dev BASE={'c' * 40}" in told


def newer(delivery: Delivery) -> str:
    """A later commit that the clone knows, while an older one is checked out."""
    repo = delivery.asked.project
    for words in (
        ["commit", "--quiet", "--allow-empty", "-m", "later"],
        ["update-ref", "refs/remotes/origin/main", "HEAD"],
    ):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@example.com", *words], cwd=repo, check=True)
    later = subprocess.run(["git", "rev-parse", "HEAD"], cwd=repo, capture_output=True, text=True, check=True).stdout
    subprocess.run(["git", "checkout", "--quiet", delivery.steps.commit], cwd=repo, check=True)
    return later.strip()


NEWER: dict[str, tuple[str, str, str, bool]] = {
    "delivered": (OWN, SUCCESS, "delivered; 1 of 1 models called", True),
    "ended midway": (OWN, FAILURE, "failed: audit", True),
    "killed": (OWN, PENDING, "begun", True),
    "stopped": (OWN, FAILURE, "stopped before anything was applied: update", False),
    "no forge": (OWN, FAILURE, "failed: approved plan", False),
    "locked out": (OWN, PENDING, "another run is at work; nothing was applied", False),
    "somebody else": ("mallory", SUCCESS, "delivered", False),
}


@pytest.mark.parametrize("case", NEWER)
def test_an_older_commit_does_not_take_back_a_newer_delivery(case: str, delivery: Delivery, capsys: Any) -> None:
    """As by a job that is run again, or one that has waited for its approval while a later merge had none."""
    author, state, text, refused = NEWER[case]
    later, forge = newer(delivery), delivery.forge
    status = Status(context="kitchen/deliver (dev)", state=state, description=text, author=author)
    forge.said[later] = [status]  # type: ignore[union-attr]  # the book of these tests
    assert program.run(delivery) == (3 if refused else 0)
    if refused:
        told = capsys.readouterr()
        assert f"a newer commit, {later[:12]}, was delivered already or has begun to be" in told.err
        assert "not done  update" in told.out


@pytest.mark.parametrize("waiting", [True, False])
def test_kitchens_that_are_not_ready_at_the_last_look_are_not_called_so(
    waiting: bool, delivery: Delivery, monkeypatch: Any, capsys: Any
) -> None:
    """Such as where the cluster did not answer at the first one."""
    service = Service(None, "sales-dev", "summary")  # type: ignore[arg-type]  # the kind is not told
    reason = Reason(text="no GPU", look="kubectl get pods")
    verdict = Verdict(states={("sales-dev", "summary"): "Unknown"}, why={service: [reason]} if waiting else {})
    monkeypatch.setattr(Stack, "readiness", lambda *_: verdict)
    monkeypatch.setattr(Delivery, "_ready", READY)
    assert program.run(delivery) == (1 if waiting else 0)
    told = capsys.readouterr()
    assert ("failed    kitchens Ready: not Ready: summary in sales-dev: Unknown" in told.out) is waiting
    assert ("1 of 1" in told.out) is not waiting or not waiting


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
    looks: list[int] = []
    monkeypatch.setattr(
        command,
        "to_recover",
        lambda *_: looks.append(len(tries)) or (Journal(since="", before=None) if len(tries) < 2 else None),
    )
    assert program.run(delivery) == 0
    assert len(tries) == 3
    assert looks == [1, 1, 1, 1, 2], "tried again after a minute, or as soon as the other run's state is whole"


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


def test_plans_of_another_account_are_believed_where_it_is_named(delivery: Delivery, monkeypatch: Any) -> None:
    """Its token is in jobs that run code of changes; that of a delivery may more, and is not."""
    told = {"KITCHEN_FORGE": "gitlab", "KITCHEN_FORGE_URL": "https://gitlab.example.com/api/v4",
            "KITCHEN_FORGE_REPOSITORY": "ai/kitchen", "KITCHEN_FORGE_TOKEN": "t", "KITCHEN_FORGE_TELLER": "planner",
            "PULUMI_BACKEND_URL": "file:///x"}  # fmt: skip
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    made = Delivery(Asked(stack="dev"), lambda *_: told_reports.environment())
    monkeypatch.setattr(made.history, "commit", lambda: "b" * 40)  # whatever is edited here now
    made.prepare()
    delivery.teller = made.teller
    assert program.run(delivery) == 3
    book: Any = delivery.forge
    (pull,) = book.pulls[delivery.steps.commit]
    book.approve(pull, told_reports.digest("dev"), author="planner")
    asked: list[str] = []
    monkeypatch.setattr(command, "earlier", lambda *_, teller, **__: asked.append(teller) or ((), ()))
    more = Change(operation="delete", urn="u", type="kubernetes:v1:Secret", namespace="a", called="b")
    monkeypatch.setattr(command, "deploy", lambda *_, gate, **__: gate(Outcome(status=0, started=[more]), Drift()))
    assert program.run(delivery) == 3
    assert asked == ["planner"], "for earlier merges, too"
    monkeypatch.setattr(command, "deploy", lambda *_, **__: None)
    assert program.run(delivery) == 0


def test_bad_words_end_in_one_message(capsys: Any) -> None:
    assert program.main(["--stack", "nope"]) == 2
    assert "STACK=nope: there is no Pulumi.nope.yaml" in capsys.readouterr().err
    assert program.main(["--stack", "dev", "--after", "dev"]) == 2
    assert "AFTER=dev: is the stack itself" in capsys.readouterr().err
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
