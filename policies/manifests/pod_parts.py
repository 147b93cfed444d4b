"""Pods of other projects' kinds whose containers stand elsewhere: Argo's templates, Tekton's steps, and the like."""

from __future__ import annotations

from collections.abc import Iterator

from policies.judging.subject import Subject, entries, mapping
from policies.judging.values import UNKNOWN, JsonValue

CONTAINER_SET = "containerSet"
CONTAINER_FIELDS = ("container", "script", "stepTemplate", CONTAINER_SET)
"""Fields that hold one container or a set, beside Kubernetes' own lists."""

_OF_A_CONTAINER = ("image", "securityContext", "volumeMounts", "command", "args", "computeResources")
_OF_A_POD = (
    *("volumes", "securityContext", "hostUsers", "hostAliases", "runtimeClassName", "nodeName", "serviceAccountName"),
    *("automountServiceAccountToken", "schedulerName", "shareProcessNamespace", "dnsPolicy", "dnsConfig"),
)
_FRAGMENTS = ("podTemplate", "podSpec", "podTemplateSpec", "podOverride", "podSpecPatch", "podSecurityContext")
"""Fields that hold a part of a pod, in kinds of many projects."""

_SOURCES = (
    *("hostPath", "emptyDir", "configMap", "secret", "projected", "persistentVolumeClaim", "csi", "nfs", "ephemeral"),
    *("downwardAPI", "image", "hostDisk"),
)
_WORKFLOWS = ("Workflow", "WorkflowTemplate", "ClusterWorkflowTemplate", "CronWorkflow")
_INHERITED = ("securityContext", "automountServiceAccountToken", "serviceAccountName", "nodeSelector", "tolerations")


def has_parts(value: dict[str, JsonValue]) -> bool:
    """Whether a mapping holds containers in fields that Kubernetes' pods do not have."""
    return any(_is_container(value.get(key)) for key in CONTAINER_FIELDS) or any(
        any(map(_is_container, entries(value.get(key)))) for key in ("steps", "sidecars")
    )


def _is_container(value: JsonValue) -> bool:
    return isinstance(value, dict) and (any(key in value for key in _OF_A_CONTAINER) or "containers" in value)


def is_fragment(key: str, value: dict[str, JsonValue]) -> bool:
    """Whether a mapping is a part of a pod without containers: by its own field's name, or by volumes as pods have."""
    if key in _FRAGMENTS and any(field in value for field in _OF_A_POD):
        return True
    return any(
        isinstance(volume, dict) and "name" in volume and any(source in volume for source in _SOURCES)
        for volume in entries(value.get("volumes"))
    )


def inherited(subject: Subject, value: dict[str, JsonValue]) -> dict[str, JsonValue] | None:
    """A template of a workflow with what the workflow says for all of its pods; None for all else."""
    if (subject.group, subject.kind in _WORKFLOWS) != ("argoproj.io", True):
        return None
    spec = subject.inputs.get("spec")
    whole = mapping(mapping(spec).get("workflowSpec")) if subject.kind == "CronWorkflow" else mapping(spec)
    defaults = mapping(whole.get("templateDefaults"))
    found = {key: holder[key] for holder in (whole, defaults) for key in _INHERITED if key in holder}
    return {**found, **value}


def steps_of(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """The specification with what Tekton's `stepTemplate` says put into each step that does not say it."""
    template = value.get("stepTemplate")
    if not isinstance(template, dict):
        return value
    return {
        **value,
        "steps": [{**template, **step} if isinstance(step, dict) else step for step in entries(value.get("steps"))],
    }


def as_container(entry: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """A container in such a field with the names of fields that Kubernetes' own have; a script stands as its command.

    Tekton's `script` names its program in the first line, and without one is the shell's; Argo's `source` is a file
    that the command gets behind its words.
    """
    found = {**entry, "resources": entry["computeResources"]} if "computeResources" in entry else entry
    script, source = entry.get("script"), entry.get("source")
    if script is UNKNOWN or (isinstance(script, str) and script):
        return {**found, "command": [*_program(script), "-c", script], "args": ["script", *entries(entry.get("args"))]}
    if source is UNKNOWN or (isinstance(source, str) and source):
        command = entry.get("command")
        words = [UNKNOWN] if command is UNKNOWN else entries(command)
        return {**found, "command": [*words, "-c", source], "args": []}
    return found


def _program(script: JsonValue) -> list[JsonValue]:
    first = script.partition("\n")[0].strip() if isinstance(script, str) else ""
    words: list[JsonValue] = [*first[2:].split()] if first.startswith("#!") else ["/bin/sh"]
    return words or [UNKNOWN]


def part_lists(spec: dict[str, JsonValue]) -> Iterator[tuple[str, str, JsonValue]]:
    """Path below the pod, Kubernetes' own list that it stands for, and the entry, of each container in such a field."""
    for field in ("container", "script"):
        if field in spec:
            yield field, "containers", spec[field]
    for field, holder in (("steps", spec), ("sidecars", spec), ("containers", spec.get(CONTAINER_SET))):
        found = UNKNOWN if holder is UNKNOWN else mapping(holder).get(field)
        where = field if holder is spec else f"{CONTAINER_SET}.{field}"
        if found is UNKNOWN:
            yield where, "containers", UNKNOWN
        for index, entry in enumerate(entries(found)):
            # Steps of a workflow are lists of names of templates.
            if isinstance(entry, dict) or entry is UNKNOWN:
                yield f"{where}[{index}]", "containers", entry
