"""Reports of plans for tests: one environment that changes in every way, and one that does not."""

from __future__ import annotations

from typing import Any

from ops.plan.report import DENIED, NO_CHANGES, Environment, Report

BASE = "1133794a5a7160a1b1c2d3e4f5a6b7c8d9e0f1a2"
COMPARED = {"kind": "base", "base": BASE, "text": "compared with commit 1133794a5a71, without a cluster and a state"}
NEXT = {"command": "make deliver STACK=dev", "back": "git revert COMMIT"}


def quiet(name: str = "prod") -> Environment:
    """An environment in which nothing changes."""
    said = {"command": "nothing to do", "back": "nothing to take back"}
    return Environment(name=name, verdict=NO_CHANGES, compared=COMPARED, next=said, digest=f"sha256:{'0' * 64}")


def adapter(**more: str) -> dict[str, str]:
    """An adapter that is added."""
    return {
        "change": "added",
        "name": "helpdesk-faq",
        "version": "v2026-02-01",
        "before": "",
        "sum": f"sha256:{'a' * 64}",
        "signer": "",
        "approver": "model-board",
        "licence": "LicenseRef-internal",
        "evaluation": "evaluations/helpdesk-faq/2026-02-03, no result and no floor in the catalog",
        "state": "approved",
        **more,
    }


def kitchen(**more: Any) -> dict[str, Any]:
    """A kitchen whose pods restart."""
    return {
        "name": "support",
        "tenant": "helpdesk",
        "namespace": "helpdesk-dev",
        "change": "changed",
        "pods": "restart",
        "manner": "new pods start beside the old ones: adapters, volumes",
        "away": "not away: the old pods answer until the new ones do",
        "adapters": [adapter()],
        "settings": ["replicas 1 -> 2"],
        **more,
    }


def whole(**more: Any) -> Environment:
    """An environment in which every section says something; it is denied."""
    finding = {"policy": "pods-have-probes", "object": "ServingRuntime helpdesk-dev/support", "text": "has no probe"}
    said: dict[str, Any] = {
        "name": "dev",
        "verdict": DENIED,
        "compared": COMPARED,
        "next": NEXT,
        "digest": f"sha256:{'1' * 64}",
        "counts": {"create": 1, "update": 2, "replace": 1, "delete": 1, "same": 83},
        "approvals": ["ai-platform", "support-team"],
        "reasons": ["pods-have-probes: ServingRuntime helpdesk-dev/support: has no probe", "ai-platform: image vllm"],
        "policy": {
            "violations": [finding],
            "warnings": [{**finding, "policy": "pods-apart", "text": "may share a node"}],
            "exemptions": [
                {
                    "policy": "pods-apart",
                    "resource": "Deployment helpdesk-dev/tool",
                    "approver": "dana",
                    "until": "2026-03-31",
                    "days": 5,
                    "change": "same",
                    "used": "yes",
                }
            ],
        },
        "kitchens": [kitchen()],
        "gpus": {
            "tenants": [{"tenant": "helpdesk", "before": 2, "after": 3, "quotaBefore": 3, "quotaAfter": 3}],
            "pools": [{"pool": "l40s", "before": 5, "after": 6, "sizeBefore": 8, "sizeAfter": 8}],
            "memory": [{"kitchen": "support", "before": "56 %", "after": "60 %", "verdict": "fits"}],
            "cost": [{"currency": "EUR", "before": "1825.00", "after": "3650.00"}],
            "notCounted": ["memory of support: vision encoder"],
        },
        "access": [
            {"change": "gains", "who": "helpdesk-callers", "what": "helpdesk-faq", "before": "", "after": "may call"}
        ],
        "images": [
            {
                "name": "vllm",
                "before": f"sha256:{'b' * 64}",
                "after": f"sha256:{'c' * 64}",
                "versionBefore": "0.27.1",
                "versionAfter": "0.28.0",
            }
        ],
        "red": [
            {
                "operation": "delete",
                "object": "PersistentVolumeClaim helpdesk-dev/base",
                "data": True,
                "why": "with the files on its volume",
            }
        ],
        "drift": {"text": "1 object differs", "lines": ["ConfigMap helpdesk-dev/a: changed by hand"]},
        "unknown": ["Service helpdesk-dev/a: spec.clusterIP"],
        "changes": [
            {
                "operation": "update",
                "kind": "InferenceService",
                "namespace": "helpdesk-dev",
                "name": "support",
                "of": "kitchen support",
                "properties": ["spec.predictor.minReplicas"],
            }
        ],
        "notes": ["images not yet compared with an import: vllm"],
    }
    return Environment(**{**said, **more})


def report(*environments: Environment) -> Report:
    """A report of these, or of one of each kind."""
    return Report(environments=environments or (whole(), quiet()), commit="0" * 40)
