"""What a platform puts into our namespaces is red until a person has looked at it, and when it is another one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.tools.drift.objects import live_object
from tests.unit.tools.drift_report.test_objects import NAMESPACE, plain, seen
from tools.drift_report.findings import Finding, Look, Unjudged
from tools.drift_report.reviewed import judged, read
from tools.drift_report.table import as_json
from tools.kube import Object

SECRETS = "external-secrets.io/v1"
OUTSIDE = plain("ExternalSecret", "lora-reader", SECRETS, generation=1)


def looked(*live: Object) -> list[Unjudged]:
    found = seen([NAMESPACE], live_object(NAMESPACE), *live)
    assert [finding.kind for finding in found.findings] == []
    return found.unjudged


def findings(found: list[Unjudged], before: list[Unjudged] | None) -> list[Finding]:
    return judged(found, before, whole=True)[0]


def reread(found: list[Unjudged], folder: Path) -> list[Unjudged]:
    file = folder / "reviewed.json"
    file.write_text(as_json(Look(stack="dev", environment="dev", against="x", unjudged=found)))
    return read(file, "dev")


def test_it_is_told_like_everything_else_that_nobody_declares() -> None:
    (finding,) = findings(looked(OUTSIDE), None)
    assert (str(finding.what), finding.title) == ("undeclared", "ExternalSecret sales-dev/lora-reader")
    assert finding.by == ("kubectl-create since 2026-11-29T02:00:00Z",)
    assert finding.way == "kubectl delete -n sales-dev externalsecret.external-secrets.io lora-reader"


def test_a_review_accepts_it_as_it_is(tmp_path: Path) -> None:
    before = reread(looked(OUTSIDE), tmp_path)
    assert findings(looked(OUTSIDE), before) == []
    for other in ({"generation": 2}, {"generation": 1, "uid": "made anew"}):
        (finding,) = findings(looked(plain("ExternalSecret", "lora-reader", SECRETS, **other)), before)
        assert finding.more == "changed since it was reviewed"
    new = plain("ExternalSecret", "another", SECRETS, generation=1)
    assert [(one.name, one.more) for one in findings(looked(OUTSIDE, new), before)] == [("another", "not reviewed")]
    (gone,) = findings(looked(), before)
    assert (str(gone.what), gone.name) == ("missing", "sales-dev/lora-reader")


def test_a_rule_of_the_network_of_a_platform_is_told_until_a_review_accepts_it_as_it_is(tmp_path: Path) -> None:
    policy = plain("NetworkPolicy", "of-platform", "networking.k8s.io/v1", generation=1)
    (finding,) = findings(looked(policy), None)
    assert (str(finding.what), finding.title) == ("undeclared", "NetworkPolicy sales-dev/of-platform")
    before = reread(looked(policy), tmp_path)
    assert findings(looked(policy), before) == []
    wider = plain("NetworkPolicy", "of-platform", "networking.k8s.io/v1", generation=2)
    assert [one.more for one in findings(looked(wider), before)] == ["changed since it was reviewed"]


def test_a_review_of_one_namespace_is_none_of_another(tmp_path: Path) -> None:
    file = json.loads(as_json(Look(stack="dev", environment="dev", against="x", unjudged=looked(OUTSIDE))))
    file["notJudged"][0]["name"] = "sales-prod/lora-reader"
    (tmp_path / "reviewed.json").write_text(json.dumps(file))
    told = findings(looked(OUTSIDE), read(tmp_path / "reviewed.json", "dev"))
    assert [(str(one.what), one.name) for one in told] == [
        ("undeclared", "lora-reader"),
        ("missing", "sales-prod/lora-reader"),
    ]


@pytest.mark.parametrize(
    ("kind", "api", "more"),
    [
        ("Pod", "v1", {"generation": 1}),
        ("Deployment", "apps/v1", {"generation": 1}),
        ("Role", "rbac.authorization.k8s.io/v1", {"generation": 1}),
        ("Ingress", "networking.k8s.io/v1", {"generation": 1}),
        ("NetworkPolicy", "networking.k8s.io/v1", {}),
        ("InferenceService", "serving.kserve.io/v1beta1", {"generation": 1}),
        ("InferenceGraph", "serving.kserve.io/v1alpha1", {"generation": 1}),
        ("ExternalSecret", SECRETS, {}),
        ("ExternalSecret", SECRETS, {"generation": "1"}),
    ],
)
def test_what_runs_opens_or_gives_rights_or_has_no_generation_is_never_accepted(
    kind: str, api: str, more: dict[str, Any]
) -> None:
    found = seen([NAMESPACE], live_object(NAMESPACE), plain(kind, "a", api, **more))
    assert [finding.title for finding in found.findings] == [f"{kind} sales-dev/a"]
    assert found.unjudged == []
