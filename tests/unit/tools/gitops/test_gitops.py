"""What goes to the branch that Argo CD follows, by real git: each object once, no secret, nothing without a change."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.faults import FaultsError
from tools.gitops import application, command
from tools.gitops.branch import OPTIONS, WAVE, files, path_of
from tools.gitops.manifests import Rendered, read_folder
from tools.gitops.repository import GitError, Repository

CANARY = "canary-9d11-not-to-be-seen"
PLACEHOLDER = base64.b64encode(b"render-only").decode()


def named(kind: str, name: str, namespace: str = "helpdesk-dev", version: str = "v1", **fields: Any) -> dict[str, Any]:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **fields}


def objects() -> list[dict[str, Any]]:
    return [
        named("Namespace", "helpdesk-dev", ""),
        named("PriorityClass", "kitchen-dev", "", "scheduling.k8s.io/v1", value=1000),
        named("ConfigMap", "support-adapters", data={"list": "a\nb\n"}),
        named("PersistentVolumeClaim", "base", spec={"accessModes": ["ReadWriteMany"]}),
        named("InferenceService", "support", version="serving.kserve.io/v1beta1"),
        named("Secret", "support-lora-reader", data={"AWS_ACCESS_KEY_ID": PLACEHOLDER}),
    ]


@pytest.fixture
def put(tmp_path: Path) -> Callable[[list[dict[str, Any]]], Path]:
    def write(content: list[dict[str, Any]]) -> Path:
        folder = tmp_path / "rendered"
        folder.mkdir(exist_ok=True)
        for number, one in enumerate(content):
            (folder / f"{number}.yaml").write_text(yaml.safe_dump(one))
        return folder

    return write


Put = Callable[[list[dict[str, Any]]], Path]


def test_secrets_are_named_and_not_written(put: Put) -> None:
    rendered = read_folder(put(objects()))
    texts = files(rendered, {})
    assert not any("kind: Secret\n" in text for text in texts.values())
    assert yaml.safe_load(texts["secrets.yaml"]) == {
        "secrets": [{"namespace": "helpdesk-dev", "name": "support-lora-reader", "keys": ["AWS_ACCESS_KEY_ID"]}]
    }


def test_a_secret_with_a_value_is_refused_without_the_value(put: Put) -> None:
    found = objects()
    found[-1]["data"]["AWS_SECRET_ACCESS_KEY"] = base64.b64encode(CANARY.encode()).decode()
    found[-1]["stringData"] = {"more": CANARY}
    with pytest.raises(FaultsError) as refused:
        read_folder(put(found))
    assert len(refused.value.faults) == 2
    assert "a render holds placeholders and no secret" in str(refused.value)
    assert CANARY not in str(refused.value)
    assert found[-1]["data"]["AWS_SECRET_ACCESS_KEY"] not in str(refused.value)


def test_a_value_of_the_environment_in_any_text_is_refused(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KITCHEN_OBJECT_STORE_SECRET_KEY", CANARY)
    monkeypatch.setenv("KITCHEN_DIRECTORY", "support-adapters")
    found = objects()
    found[2]["data"]["list"] = f"key={CANARY}"
    with pytest.raises(FaultsError) as refused:
        files(read_folder(put(found)), command._secrets())
    assert "holds the value of KITCHEN_OBJECT_STORE_SECRET_KEY" in str(refused.value)
    assert CANARY not in str(refused.value)
    assert len(refused.value.faults) == 1


AWKWARD = ('it\'s "so" # not: plain', "two lines\nof a key", "long " * 40 + "end", "schlüssel-\u2028-geheim")
FORMS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "in a text": lambda value: f"key={value};",
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "JSON": lambda value: json.dumps({"key": value}),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("value", AWKWARD)
def test_a_secret_is_found_however_yaml_writes_it(value: str, form: str, put: Put) -> None:
    found = objects()
    found[2]["data"]["list"] = FORMS[form](value)
    with pytest.raises(FaultsError, match="holds the value of KITCHEN_MODELS_TOKEN") as refused:
        files(read_folder(put(found)), {"KITCHEN_MODELS_TOKEN": value})
    assert value not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind: ConfigMap\n", "no object with apiVersion, kind and a name"),
        ("- a\n", "no object with apiVersion, kind and a name"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: 1}\n", "no object with apiVersion, kind and a name"),
        ("a: *b\n", "one object of Kubernetes: "),
    ],
)
def test_what_is_no_object_is_one_fault(text: str, said: str, put: Put) -> None:
    folder = put(objects())
    (folder / "odd.yaml").write_text(text)
    with pytest.raises(FaultsError, match=said) as refused:
        read_folder(folder)
    assert "odd.yaml" in str(refused.value)


def test_an_object_that_stands_twice_and_an_empty_render_are_refused(put: Put, tmp_path: Path) -> None:
    with pytest.raises(FaultsError, match="each object stands once"):
        read_folder(put([*objects(), objects()[2]]))
    with pytest.raises(FaultsError, match="the files of a render"):
        read_folder(tmp_path / "nothing")


def test_order_and_what_needs_a_person_are_marks_of_argo_cd(put: Put) -> None:
    rendered = read_folder(put(objects()))
    texts = files(rendered, {})
    marks = {
        one.kind: yaml.safe_load(texts[path_of(one)])["metadata"].get("annotations", {}) for one in rendered.manifests
    }
    assert marks == {
        "Namespace": {OPTIONS: "Prune=false,Delete=false"},
        "PriorityClass": {OPTIONS: "Force=true,Replace=true", WAVE: "-1"},
        "ConfigMap": {},
        "PersistentVolumeClaim": {OPTIONS: "Prune=false,Delete=false"},
        "InferenceService": {WAVE: "1"},
    }


def test_names_that_would_be_one_file_are_refused(put: Put) -> None:
    roles = [named("Role", name, version="rbac.authorization.k8s.io/v1") for name in ("a:b", "a_b")]
    with pytest.raises(FaultsError, match=r"Role helpdesk-dev/a:b.*"):
        files(read_folder(put(roles)), {})


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    bare, root = tmp_path / "bare.git", tmp_path / "clone"
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", str(bare))
    git(tmp_path, "clone", "--quiet", str(bare), str(root))
    for key, value in (("user.name", "ana"), ("user.email", "ana@example.com")):
        git(root, "config", key, value)
    (root / "a").write_text("a\n")
    git(root, "add", "a")
    git(root, "commit", "--quiet", "--message=first\x1b[31m")
    git(root, "push", "--quiet", "origin", "HEAD:main")
    return root


BRANCH = "rendered/dev"


def commit(clone: Path, texts: dict[str, str], *, push: bool = True) -> int:
    repository = Repository(clone)
    return command._commit(repository, "dev", BRANCH, texts, repository.source(), push=push)


def test_a_commit_names_its_source_and_the_same_again_makes_none(
    clone: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = git(clone, "rev-parse", "HEAD").strip()
    assert commit(clone, {"manifests/a.yaml": "a: 1\n", "manifests/b.yaml": "b: 1\n"}) == 0
    assert "2 new, 0 changed, 0 removed of 2 files; pushed to origin" in capsys.readouterr().out
    first = git(clone, "rev-parse", f"refs/heads/{BRANCH}")
    assert git(clone, "ls-remote", "origin", BRANCH).split()[0] == first.strip()
    assert git(clone, "log", "-1", "--format=%B", BRANCH).split("\n")[:3] == [
        "dev: first\\x1b[31m", "", f"Rendered-From: {head}"]  # fmt: skip
    git(clone, "commit", "--quiet", "--allow-empty", "--message=second")
    assert commit(clone, {"manifests/a.yaml": "a: 1\n", "manifests/b.yaml": "b: 1\n"}) == 0
    assert "unchanged" in capsys.readouterr().out
    assert git(clone, "rev-parse", BRANCH) == first
    assert commit(clone, {"manifests/a.yaml": "a: 2\n"}) == 0
    assert "0 new, 1 changed, 1 removed of 1 files" in capsys.readouterr().out
    assert git(clone, "rev-parse", f"{BRANCH}^") == first
    assert git(clone, "status", "--porcelain") == ""
    assert git(clone, "rev-parse", "--abbrev-ref", "HEAD") == "main\n"


def test_a_fresh_clone_goes_on_where_the_remote_is(clone: Path, tmp_path: Path) -> None:
    assert commit(clone, {"manifests/a.yaml": "a: 1\n"}) == 0
    other = tmp_path / "other"
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{tmp_path / 'bare.git'}", str(other))
    assert commit(other, {"manifests/a.yaml": "a: 2\n"}) == 0, "by an identity of its own where none is configured"
    assert git(other, "rev-list", "--count", BRANCH) == "2\n"
    assert commit(clone, {"manifests/a.yaml": "a: 3\n"}) == 0
    assert git(clone, "rev-list", "--count", BRANCH) == "3\n"


def test_what_somebody_pushed_meanwhile_is_not_overwritten(clone: Path) -> None:
    assert commit(clone, {"manifests/a.yaml": "a: 1\n"}) == 0
    repository = Repository(clone)
    tip, tree = repository.tip(BRANCH), repository.tree({"manifests/a.yaml": "a: 2\n"})
    assert commit(clone, {"manifests/a.yaml": "a: 9\n"}) == 0
    late = repository.commit(BRANCH, tree, tip, "late")
    with pytest.raises(GitError, match=r"not pushed: git push: ! \[rejected\].*goes on from that"):
        repository.push(late, BRANCH)


def test_a_branch_with_something_else_is_not_emptied(clone: Path) -> None:
    """Such as one that somebody has made from main in order to protect it, or a main that is called otherwise."""
    git(clone, "push", "--quiet", "origin", f"HEAD:refs/heads/{BRANCH}")
    git(clone, "branch", BRANCH)
    for push in (True, False):
        with pytest.raises(FaultsError, match="this one holds something else: all of it would be removed"):
            commit(clone, {"manifests/a.yaml": "a: 1\n"}, push=push)
    assert git(clone, "rev-parse", BRANCH) == git(clone, "rev-parse", "main")


def test_an_older_commit_does_not_take_back_what_a_newer_one_has_rendered(clone: Path) -> None:
    """Such as a job that is run again, or one whose approval came late."""
    older = git(clone, "rev-parse", "HEAD").strip()
    git(clone, "commit", "--quiet", "--allow-empty", "--message=second")
    newer = git(clone, "rev-parse", "HEAD").strip()
    commit(clone, {"manifests/a.yaml": "a: 2\n"})
    tip = git(clone, "rev-parse", BRANCH)
    git(clone, "checkout", "--quiet", older)
    with pytest.raises(GitError, match=f"was rendered from {newer[:12]}, which is newer than {older[:12]}"):
        commit(clone, {"manifests/a.yaml": "a: 1\n"})
    assert git(clone, "rev-parse", BRANCH) == tip
    assert commit(clone, {"manifests/a.yaml": "a: 2\n"}) == 0, "the same objects are no change"
    git(clone, "checkout", "--quiet", newer)
    git(clone, "commit", "--quiet", "--allow-empty", "--message=revert")
    assert commit(clone, {"manifests/a.yaml": "a: 1\n"}) == 0


def test_a_commit_by_hand_is_taken_back_openly(clone: Path) -> None:
    commit(clone, {"manifests/a.yaml": "a: 1\n"})
    git(clone, "checkout", "--quiet", BRANCH)
    (clone / "by-hand").write_text("x")
    git(clone, "add", "by-hand")
    git(clone, "commit", "--quiet", "--message=by hand")
    git(clone, "push", "--quiet", "origin", BRANCH)
    git(clone, "checkout", "--quiet", "main")
    assert commit(clone, {"manifests/a.yaml": "a: 1\n"}) == 0
    assert git(clone, "ls-tree", "-r", "--name-only", BRANCH) == "manifests/a.yaml\n"
    assert git(clone, "log", "--format=%s", BRANCH).splitlines()[1] == "by hand"


def test_a_changed_working_tree_is_refused(clone: Path) -> None:
    (clone / "new").write_text("x")
    with pytest.raises(FaultsError, match="no change that is not committed"):
        Repository(clone).source()


def rendered(put: Put) -> Rendered:
    return read_folder(put(objects()))


def test_the_project_permits_what_is_rendered_and_nothing_else(put: Put) -> None:
    text = application.text("dev", BRANCH, rendered(put), application.Place())
    project, app = yaml.safe_load_all(text)
    assert project["spec"]["destinations"] == [
        {"server": "https://kubernetes.default.svc", "namespace": "helpdesk-dev"}
    ]
    assert [one["kind"] for one in project["spec"]["clusterResourceWhitelist"]] == ["Namespace", "PriorityClass"]
    assert [one["kind"] for one in project["spec"]["namespaceResourceWhitelist"]] == [
        "ConfigMap", "PersistentVolumeClaim", "InferenceService"]  # fmt: skip
    assert app["spec"]["destination"] in project["spec"]["destinations"], "Argo CD refuses the Application otherwise"
    assert project["spec"]["sourceRepos"] == [app["spec"]["source"]["repoURL"]]
    assert "*" not in text


def test_an_organisation_s_own_words_are_kept(put: Put, tmp_path: Path) -> None:
    path = tmp_path / "dev.yaml"
    assert application.place_of(path) == application.Place()
    own = application.Place(
        repository="https://git.example.com/k.git", server="https://api.example.com", namespace="cd"
    )
    path.write_text(application.text("dev", BRANCH, rendered(put), own))
    assert application.place_of(path) == own
    path.write_text("kind: Application\nspec: {}\n")
    with pytest.raises(FaultsError, match="an AppProject and an Application"):
        application.place_of(path)


def test_the_check_names_what_differs(
    clone: Path, put: Put, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    place = tmp_path / "dev.yaml"
    monkeypatch.setattr(command, "REPOSITORY", tmp_path)
    monkeypatch.setattr(command, "_project_file", lambda stack: place)
    place.write_text("as derived\n")
    texts = {"manifests/a.yaml": "a: 1\n"}
    repository = Repository(clone)
    assert command._check(repository, "dev", BRANCH, texts, "as derived\n") == 1
    assert f"branch {BRANCH}: is not there" in capsys.readouterr().out
    commit(clone, texts)
    capsys.readouterr()
    assert command._check(repository, "dev", BRANCH, texts, "as derived\n") == 0
    assert command._check(repository, "dev", BRANCH, {"manifests/a.yaml": "a: 2\n"}, "other\n") == 1
    told = capsys.readouterr().out
    assert "dev.yaml: is not what the commit renders" in told
    assert "M manifests/a.yaml" in told
