"""Says in a preview which pods a change restarts, how, and what of them it changes.

By a resource hook of the engine, which hands over an object as it is recorded and as it is declared now. Hooks exist
in previews alone: states know nothing of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from components.labels import DOMAIN

if TYPE_CHECKING:
    import pulumi

Inputs = Mapping[str, Any]

BESIDE = "new pods start beside the old ones"
IN_TURN = "one pod after the other"
GAP = "the old pod ends first"

_WORDS = {f"annotations {DOMAIN}/runtime-sha256": "runtime", f"annotations {DOMAIN}/adapters-sha256": "adapters"}
"""What the sums in annotations stand for."""

_SCALING = ("minReplicas", "maxReplicas", "autoScaling", "deploymentStrategy")
"""Fields of a predictor that are no part of its pods."""


def binding(kind: str, name: str, namespace: str) -> pulumi.ResourceHookBinding | None:
    """Hooks of an object: one for a kind that makes pods and in a preview, None otherwise."""
    import pulumi  # noqa: PLC0415 - a plan asks for `parts` alone, and the SDK is a third of its start

    if kind not in _PODS or not pulumi.runtime.is_dry_run():
        return None

    def tell(args: pulumi.ResourceHookArgs) -> None:
        text = warning(kind, args.old_inputs or {}, args.new_inputs or {})
        if text:
            pulumi.log.warn(text)

    # A line that cannot be told must not stop a preview.
    options = pulumi.ResourceHookOptions(on_dry_run=True, ignore_errors=True)
    hook = pulumi.ResourceHook(f"pods-restart-{kind}-{namespace}-{name}", tell, options)
    return pulumi.ResourceHookBinding(before_update=[hook])


def warning(kind: str, old: Inputs, new: Inputs) -> str:
    """One line on what becomes of the pods of an object; empty where they go on running."""
    before, after = parts(kind, old), parts(kind, new)
    differing = changed(before, after)
    if not differing:
        return ""
    called = f"{new['metadata']['name']} in {new['metadata']['namespace']}"
    return f"pods restart: {called} ({manner(kind, new)}): {', '.join(differing)}"


def parts(kind: str, inputs: Inputs) -> dict[str, Any]:
    """What of an object reaches its pods, by part; nothing of a kind that makes none."""
    return dict(_parts(_PODS[kind](inputs))) if kind in _PODS else {}


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Names of the parts that differ, sorted, as people know them; each `before` and `after` is of `parts`."""
    return sorted({_WORDS.get(part, part) for part in {**before, **after} if before.get(part) != after.get(part)})


def _parts(pods: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Parts of a pod by name: labels, annotations and the server's fields one by one, the rest as a whole."""
    for key, value in pods.items():
        if key in ("labels", "annotations", "model"):
            joined = "." if key == "model" else " "
            yield from ((f"{key}{joined}{inner}", entry) for inner, entry in (value or {}).items())
        else:
            yield key, value


def manner(kind: str, inputs: Inputs) -> str:
    """How pods of an object are replaced: BESIDE, IN_TURN or GAP."""
    if kind == "StatefulSet":
        return IN_TURN
    strategy = inputs["spec"].get("predictor", {}).get("deploymentStrategy", {})
    if strategy.get("type") == "Recreate":
        return GAP
    return IN_TURN if strategy.get("rollingUpdate", {}).get("maxSurge") == 0 else BESIDE


def _of_service(inputs: Inputs) -> dict[str, Any]:
    """Labels and annotations of an InferenceService reach its pods where the predictor's do not say otherwise."""
    spec, metadata = inputs["spec"]["predictor"], inputs["metadata"]
    both = {key: {**(metadata.get(key) or {}), **(spec.get(key) or {})} for key in ("labels", "annotations")}
    return {key: value for key, value in spec.items() if key not in _SCALING} | both


def _of_llm_service(inputs: Inputs) -> dict[str, Any]:
    spec = inputs["spec"]
    return {**spec["template"], **{key: spec.get(key) for key in ("labels", "annotations", "model")}}


def _of_workload(inputs: Inputs) -> dict[str, Any]:
    template = inputs["spec"]["template"]
    return {**template["spec"], **{key: template["metadata"].get(key) for key in ("labels", "annotations")}}


_PODS = {
    "InferenceService": _of_service,
    "LLMInferenceService": _of_llm_service,
    "StatefulSet": _of_workload,
}
