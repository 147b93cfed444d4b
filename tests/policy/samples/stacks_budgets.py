"""Changes of the stack that the rule on budgets for disruptions answers; `stacks` runs them."""

from __future__ import annotations

from typing import Any

from tests.policy.support.sample import MISSING, UNKNOWN_VALUE

_NOT_KNOWN = "not known before the update"
_SERVICE = {"serving.kserve.io/inferenceservice": "sample"}
_ANY_VALUE = {"key": "app", "operator": "Exists"}


def _object(api_version: str, kind: str, spec: Any, namespace: str = "team") -> dict[str, Any]:
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": "sample", "namespace": namespace},
        "spec": spec,
    }


def _budget(selector: Any = None, namespace: str = "team", **spec: Any) -> dict[str, Any]:
    chosen = {"selector": {"matchLabels": _SERVICE} if selector is None else selector}
    return {"budget": _object("policy/v1", "PodDisruptionBudget", {**chosen, **spec}, namespace)}


def _workload(kind: str = "Deployment", labels: Any = None, **spec: Any) -> dict[str, Any]:
    template = {"metadata": {"labels": {"app": "x", "tier": "b"} if labels is None else labels}}
    return _object("apps/v1", kind, {"template": template, **spec})


def _app(selector: Any = None, replicas: Any = 2, least: Any = 2, **more: Any) -> dict[str, Any]:
    """A workload of two pods, and a budget that keeps two."""
    chosen = {"matchLabels": {"app": "x"}} if selector is None else selector
    return {**_budget(chosen, minAvailable=least), "app": _workload(replicas=replicas), **more}


def _if(**condition: Any) -> dict[str, Any]:
    return {"matchExpressions": [{"key": "app", **condition}]}


_NONE_MAY_GO = "what it selects (Deployment team/sample) has 2 pods, so that none may go"
_OF_SERVICE = "what it selects (InferenceService team/sample (predictor)) has 2 pods"
_LLM = _object("serving.kserve.io/v1alpha1", "LLMInferenceService", {"replicas": 2, "labels": {"team": "a"}})
_SCALER = _object(
    "autoscaling/v2",
    "HorizontalPodAutoscaler",
    {"scaleTargetRef": {"kind": "Deployment", "name": "sample"}, "minReplicas": 2, "maxReplicas": 9},
)

BUDGETS: tuple[tuple[Any, ...], ...] = (
    ("one may go", _budget(maxUnavailable=1)),
    ("a share may go", _budget(maxUnavailable="1%")),
    ("none may go", _budget(maxUnavailable=0), "PodDisruptionBudget team/sample: spec.maxUnavailable: is 0"),
    ("none may go, as a text", _budget(maxUnavailable="0"), "maxUnavailable: is '0', so that no pod may ever go"),
    ("no share may go", _budget(maxUnavailable="0%"), "maxUnavailable: is '0%', so that no pod may ever go"),
    ("how many may go is not known", _budget(maxUnavailable=UNKNOWN_VALUE), f"spec: is {_NOT_KNOWN}"),
    ("how many stay is not known", _budget(minAvailable=UNKNOWN_VALUE), f"spec: is {_NOT_KNOWN}"),
    (
        "a budget that is not known",
        {"budget": _object("policy/v1", "PodDisruptionBudget", UNKNOWN_VALUE)},
        "spec: is not",
    ),
    ("a budget without figures", _budget()),
    ("all stay", _budget({}, "other", minAvailable="100%"), "minAvailable: is '100%', so that no pod may ever go"),
    ("more than all stay", _budget({}, "other", minAvailable="150%"), "is '150%', so that no pod may ever go"),
    ("one of two stays", _budget(minAvailable=1)),
    ("both stay", _budget(minAvailable=2), f"minAvailable: is 2, and {_OF_SERVICE}"),
    ("both stay, by the component", _budget({"matchLabels": {"component": "predictor"}}, minAvailable=2), _OF_SERVICE),
    ("another component", _budget({"matchLabels": {"component": "explainer"}}, minAvailable=2)),
    ("no number", _budget(minAvailable="two")),
    ("none must stay", _budget(minAvailable=0)),
    ("none must stay, of how many is not known", _app(replicas=UNKNOWN_VALUE, least=0)),
    ("150 stay of what is not there", _budget({}, "other", minAvailable=150)),
    (
        "the LLM kind whose name is not known",
        {
            **_budget({"matchLabels": {"app.kubernetes.io/name": "sample"}}, minAvailable=2),
            "llm": {**_LLM, "metadata": {"name": UNKNOWN_VALUE, "namespace": "team"}},
        },
        "LLMInferenceService",
    ),
    (
        "one pod of the LLM kind by default",
        {**_budget({"matchLabels": {"team": "a"}}, minAvailable=1), "llm": {**_LLM, "spec": {"labels": {"team": "a"}}}},
        "has 1 pods",
    ),
    (
        "scaled to one by default",
        _app(
            least=1,
            replicas=9,
            scaler=_object(
                "autoscaling/v2",
                "HorizontalPodAutoscaler",
                {"scaleTargetRef": {"kind": "Deployment", "name": "sample"}},
            ),
        ),
        "has 1 pods",
    ),
    ("half of two stays", _budget(minAvailable="50%")),
    ("a share that means both", _budget(minAvailable="51%"), _OF_SERVICE),
    ("another namespace", _budget(namespace="other", minAvailable=2)),
    ("another service", _budget({"matchLabels": {**_SERVICE, "a": "b"}}, minAvailable=2)),
    (
        "the service's own labels",
        {**_budget({"matchLabels": {"a": "b"}}, minAvailable=2), "service metadata labels": {"a": "b"}},
        _OF_SERVICE,
    ),
    ("as many as it scales to", {**_budget(minAvailable=2), "service spec predictor minReplicas": 3}),
    ("its pods by default", {**_budget(minAvailable=1), "service spec predictor minReplicas": MISSING}, "has 1 pods"),
    (
        "its pods not known",
        {**_budget(minAvailable=1), "service spec predictor minReplicas": UNKNOWN_VALUE},
        _NOT_KNOWN,
    ),
    ("its component not known", {**_budget(minAvailable=1), "service spec predictor": UNKNOWN_VALUE}, _NOT_KNOWN),
    ("its name not known", {**_budget(minAvailable=1), "service metadata name": UNKNOWN_VALUE}, _NOT_KNOWN),
    ("a workload", _app(), _NONE_MAY_GO),
    ("a workload with one to spare", _app(replicas=3)),
    ("one pod by default", {**_budget({}, minAvailable=1), "service": None, "app": _workload()}, "has 1 pods"),
    ("pods not known", _app(replicas=UNKNOWN_VALUE), f"how many pods that has, is {_NOT_KNOWN}"),
    ("labels not known", {**_app(), "app": _workload(labels=UNKNOWN_VALUE)}, "selects Deployment team/sample, or"),
    ("a label not known", {**_app(), "app": _workload(labels={"app": UNKNOWN_VALUE})}, "whether it selects Deployment"),
    ("a selector not known", _app(UNKNOWN_VALUE), "spec.selector: whether it selects"),
    ("a condition not known", _app({"matchLabels": {"tier": "b"}, "matchExpressions": [UNKNOWN_VALUE]}), _NOT_KNOWN),
    ("conditions not known", _app({"matchLabels": {"tier": "b"}, "matchExpressions": UNKNOWN_VALUE}), _NOT_KNOWN),
    (
        "labels of the selector not known",
        _app({"matchLabels": UNKNOWN_VALUE, **_if(operator="In", values=["x"])}),
        _NOT_KNOWN,
    ),
    ("another label known, so that it is not selected", _app({"matchLabels": {"app": UNKNOWN_VALUE, "tier": "c"}})),
    ("an operator not known", _app(_if(operator=UNKNOWN_VALUE)), _NOT_KNOWN),
    ("a value not known", _app(_if(operator="In", values=["x", UNKNOWN_VALUE])), _NOT_KNOWN),
    ("one of values", _app(_if(operator="In", values=["x", "y"])), _NONE_MAY_GO),
    ("none of values", _app(_if(operator="NotIn", values=["y", None])), _NONE_MAY_GO),
    ("a value that is not wanted", _app(_if(operator="NotIn", values=["x"]), least=1)),
    ("any value", _app({"matchExpressions": [_ANY_VALUE]}), _NONE_MAY_GO),
    ("no such label", _app({"matchExpressions": [{**_ANY_VALUE, "key": "none"}]})),
    (
        "a label that must not be",
        _app({"matchLabels": {"tier": "b"}, **_if(key="none", operator="DoesNotExist")}),
        _NONE_MAY_GO,
    ),
    ("a label that must not be and is", _app(_if(operator="DoesNotExist"), least=1)),
    ("everything", _app({}, least=4), "(InferenceService team/sample (predictor), Deployment team/sample) has 4 pods"),
    ("everything but one", _app({}, least=3)),
    ("nothing", {**_app(), "budget": _object("policy/v1", "PodDisruptionBudget", {"minAvailable": 4})}),
    *(
        (f"a {kind}", {**_app(), "app": _workload(kind, replicas=2)}, f"({kind} team/sample) has 2 pods")
        for kind in ("StatefulSet", "ReplicaSet", "ReplicationController", "DeploymentConfig", "Rollout")
    ),
    ("a workload that goes with its node", {**_app(), "app": _workload("DaemonSet", replicas=2)}),
    (
        "a service of the LLM kind",
        {**_budget({"matchLabels": {"team": "a"}}, minAvailable=2), "llm": _LLM},
        "has 2 pods",
    ),
    (
        "the LLM kind by its name",
        {**_budget({"matchLabels": {"app.kubernetes.io/name": "sample"}}, minAvailable=2), "llm": _LLM},
        "has 2 pods",
    ),
    ("scaled to two at least", _app(replicas=9, scaler=_SCALER), _NONE_MAY_GO),
    ("another's scaler", _app(replicas=9, scaler={**_SCALER, "metadata": {"name": "sample", "namespace": "other"}})),
    ("two budgets", {**_budget(maxUnavailable=0), "other": _budget(maxUnavailable="0%")["budget"]}, "is 0", "is '0%'"),
)
