"""Rendered rights on a real API server: enough for a whole update, and with one of them taken away a clear end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.load import read_stack_file
from ops.__main__ import main
from tests.cluster.support.environments import OPTIONS, engine, updated
from tests.cluster.support.kubectl import Kubectl, eventually, no_other_environment
from tests.support.stacks import prepare
from tools.cluster import Cluster
from tools.drift_report.objects import Way, of_cluster
from tools.engine import report
from tools.engine.outcome import Outcome
from tools.kube import Kube, through_kubectl
from tools.local.workspace import REPOSITORY, Workspace

ACCOUNTS, HELPDESK = "kitchen-delivery", "helpdesk-dev"
CI = f"system:serviceaccount:{ACCOUNTS}:kitchen-ci-dev"


@pytest.fixture(scope="module")
def rendered(cluster: Cluster, kubectl: Kubectl, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The files that the command writes, by way; whoever looks for drift reads what this cluster serves."""
    folder = tmp_path_factory.mktemp("identity")
    files = {way: folder / f"{way}.yaml" for way in ("ci", "drift")}
    context = kubectl("config", "current-context").strip()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBECONFIG", str(cluster.kubeconfig))
        for way, file in files.items():
            more = ("--context", context) if way == "drift" else ()
            assert main(["identity", "--stack", "dev", "--way", way, "--out", str(file), *more]) == 0
    return files


@pytest.fixture(scope="module")
def given(kubectl: Kubectl, rendered: dict[str, Path]) -> Iterator[None]:
    """The rights, applied as the files' heads say."""
    with no_other_environment(kubectl):
        for line in rendered["ci"].read_text().splitlines():
            if line.startswith("#   kubectl create namespace "):
                kubectl("create", "namespace", line.rpartition(" ")[2])
        for file in rendered.values():
            kubectl("apply", "-f", str(file))
        yield
        kubectl("delete", "namespace", ACCOUNTS, "helpdesk-dev", "sales-dev", "--ignore-not-found", "--wait=false")
        for way in rendered:
            kubectl("delete", "clusterrole,clusterrolebinding", f"kitchen-{way}-dev", "--ignore-not-found")


def signed_in(kubectl: Kubectl, cluster: Cluster, way: str, folder: Path) -> Path:
    """A kubeconfig with a token of the way's account, and with nothing else."""
    token = kubectl("-n", ACCOUNTS, "create", "token", f"kitchen-{way}-dev", "--duration=2h").strip()
    config = yaml.safe_load(cluster.kubeconfig.read_text())
    config["users"] = [{"name": user["name"], "user": {"token": token}} for user in config["users"]]
    file = folder / f"{way}.kubeconfig"
    file.write_text(yaml.safe_dump(config))
    return file


class Deployer:
    """Updates dev with the rights of the way `ci`."""

    def __init__(self, cluster: Cluster, kubeconfig: Path, folder: Path) -> None:
        self.keys = {
            "KITCHEN_OBJECT_STORE_ACCESS_KEY": cluster.minio_access_key,
            "KITCHEN_OBJECT_STORE_SECRET_KEY": cluster.minio_secret_key,
        }
        self.workspace = Workspace(folder / "workspace", "dev", kubeconfig)
        self.said: dict[str, Any] = read_stack_file(REPOSITORY / "Pulumi.dev.yaml")
        self.said["objectStore"] = {"endpoint": cluster.minio_endpoint, "bucketPrefix": "dev-"}

    def up(self) -> dict[str, int]:
        prepare(self.workspace, self.said)
        return updated(self.workspace, self.keys)

    def tried(self) -> Outcome:
        """An update that may fail; what the engine told."""
        prepare(self.workspace, self.said)
        return self.workspace.run("up", *OPTIONS[:3], extra=self.keys)

    def destroy(self) -> None:
        engine(self.workspace, self.keys, "destroy", "--config-file", str(self.workspace.config_file), *OPTIONS)


@pytest.fixture(scope="module")
def deployer(
    cluster: Cluster, kubectl: Kubectl, given: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployer]:
    folder = tmp_path_factory.mktemp("deployer")
    made = Deployer(cluster, signed_in(kubectl, cluster, "ci", folder), folder)
    for denied in (
        ("list", "secrets", "-n", "kube-system"),
        ("create", "namespaces"),
        ("escalate", "roles", "-n", HELPDESK),
    ):
        assert kubectl.run("auth", "can-i", *denied, f"--as={CI}").stdout.strip() == "no"
    counted = made.up()
    assert counted.get("created", 0) > 70 and "errored" not in counted
    yield made


def test_an_update_a_new_object_and_a_removal_need_no_more_rights(deployer: Deployer, kubectl: Kubectl) -> None:
    assert set(deployer.up()) == {"unchanged"}
    deployer.said["kitchens"]["support"]["adapters"].append("legal-contract-review/v2026-04-01")
    search = deployer.said["kitchens"].pop("search")
    deployer.said["tenants"]["helpdesk"]["quota"]["gpus"] = 4
    counted = deployer.up()
    assert all(counted.get(word, 0) for word in ("updated", "replaced", "deleted")), counted
    services = kubectl.get("-n", HELPDESK, "inferenceservices")["items"]
    assert [service["metadata"]["name"] for service in services] == ["support"]
    deployer.said["kitchens"]["search"] = search
    assert deployer.up().get("created", 0)


def test_who_looks_for_drift_sees_everything_but_secrets(
    deployer: Deployer, kubectl: Kubectl, cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(signed_in(kubectl, cluster, "drift", tmp_path)))
    resources = deployer.workspace.latest()["resources"]
    said = {"manager": "kitchen-dev", "environment": "dev", "way": Way(command="make up")}
    with through_kubectl() as transport:
        seen = of_cluster(resources, Kube(transport), skipped=frozenset({"Secret"}), **said)  # type: ignore[arg-type]
    assert seen.unread == []
    assert seen.findings == []
    assert seen.known["deployer"] >= 4
    with through_kubectl() as transport:
        seen = of_cluster(resources, Kube(transport), **said)  # type: ignore[arg-type]
    assert [row for row in seen.unread if row.startswith("Secret")], "what may not be read is told"


@dataclass(frozen=True, kw_only=True)
class Lost:
    """A right that somebody has taken away, the change that needs it, and what is told then."""

    plural: str
    verb: str
    change: Callable[[dict[str, Any]], object]
    says: str


LOST = [
    Lost(
        plural="resourcequotas",
        verb="patch",
        change=lambda said: said["tenants"]["helpdesk"]["quota"].update(gpus=6),
        says=f"right missing: {CI} may not patch resourcequotas in namespace {HELPDESK}",
    ),
    Lost(
        plural="inferenceservices",
        verb="delete",
        change=lambda said: said["kitchens"].pop("search"),
        says=f"right missing: {CI} may not delete inferenceservices.serving.kserve.io in namespace {HELPDESK}",
    ),
    Lost(
        plural="pods/status",
        verb="list",
        change=lambda said: said["tenants"]["helpdesk"]["groups"].update(owner=["other-owners"]),
        says=f"right missing: {CI} may not write the rolebinding kitchen-owner, as it does not hold what that grants: ",
    ),
]


@pytest.mark.parametrize("lost", LOST, ids=lambda lost: f"{lost.verb} {lost.plural}")
def test_a_right_that_is_taken_away_is_named_and_nothing_is_called_done(
    lost: Lost, deployer: Deployer, kubectl: Kubectl, rendered: dict[str, Path]
) -> None:
    with taken_away(kubectl, rendered, lost.plural, lost.verb):
        lost.change(deployer.said)
        outcome = deployer.tried()
    told = report.failure(outcome)
    assert outcome.status != 0
    way = "kitchen identity --stack dev --way ci | kubectl apply -f -"
    assert any(line.startswith(lost.says) and line.endswith(way) for line in told), "\n".join(told)
    counted = deployer.up()
    assert counted.get("updated", 0) or counted.get("deleted", 0), "with the right given back the same goes through"


def test_who_asks_before_is_told_what_is_missing(
    deployer: Deployer,
    kubectl: Kubectl,
    rendered: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(deployer.workspace.kubeconfig))
    assert main(["identity", "--stack", "dev", "--check"]) == 0, capsys.readouterr().out
    with taken_away(kubectl, rendered, "secrets", "list"):
        assert main(["identity", "--stack", "dev", "--check"]) == 1
    said = capsys.readouterr().out.splitlines()
    assert f"right missing: may not list secrets in namespace {HELPDESK}" in said
    assert sum(line.startswith("right missing: ") for line in said) == 1


def may(kubectl: Kubectl, plural: str, verb: str) -> bool:
    """Whether the API server lets the deployer do it: it learns of another Role a moment after that was written."""
    kind, _, part = plural.partition("/")
    words = (verb, kind, *([f"--subresource={part}"] if part else []), "-n", HELPDESK, f"--as={CI}")
    return kubectl.run("auth", "can-i", *words).stdout.strip() == "yes"


@contextmanager
def taken_away(kubectl: Kubectl, rendered: dict[str, Path], plural: str, verb: str) -> Iterator[None]:
    """Every rule of the deployer in a namespace goes without the verb on a resource, while the block runs."""
    assert may(kubectl, plural, verb)
    role = kubectl.get("-n", HELPDESK, "role", "kitchen-ci-dev")
    rules = []
    for rule in role["rules"]:
        rest = [name for name in rule["resources"] if name != plural]
        rules += [{**rule, "resources": rest}] if rest else []
        if plural in rule["resources"] and (verbs := [word for word in rule["verbs"] if word != verb]):
            rules.append({**rule, "resources": [plural], "verbs": verbs})
    kubectl(
        "-n", HELPDESK, "patch", "role", "kitchen-ci-dev", "--type=merge", f"--patch={json.dumps({'rules': rules})}"
    )
    try:
        eventually(lambda: not may(kubectl, plural, verb), "the right is gone")
        yield
    finally:
        kubectl("apply", "-f", str(rendered["ci"]))
        eventually(lambda: may(kubectl, plural, verb), "the right is back")


def test_all_of_it_is_removed_by_the_same_account(deployer: Deployer, kubectl: Kubectl) -> None:
    deployer.destroy()
    assert kubectl.run("get", "namespace", HELPDESK).returncode != 0
