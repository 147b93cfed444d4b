"""Rule: model servers call nobody outside."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity

from policies.judging.rule import Case, Rule
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import (
    NOT_KNOWN,
    Fault,
    command_line,
    environment,
    is_model_server,
    judged_pods,
    shown,
    unseen_environment,
    without_key,
)
from policies.manifests.pods import KSERVE, Container, Pod

DEMANDED = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "VLLM_NO_USAGE_STATS")
FORBIDDEN = (
    *("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_HUB_TOKEN", "HF_TOKEN_PATH", "HF_ENDPOINT"),
    *("HF_INFERENCE_ENDPOINT", "HUGGINGFACE_CO_STAGING", "VLLM_USAGE_STATS_SERVER", "VLLM_USE_MODELSCOPE"),
    *("VLLM_LORA_RESOLVER_HF_REPO_LIST",),
)
"""Variables that are of use to a server that calls out, and to no other."""

_HUB = ("hf://", "hf+", "huggingface://")
_FLAGS = ("--hf-token", "--hf_token")
_URI_KEYS = ("storageUri", "uri", "sourceModelUri", "storage_uri")
_URI_HOLDERS = ("storageUris", "lora", "adapters")
_EXAMPLE = "env: [{name: HF_HUB_OFFLINE, value: '1'}, ...], storageUri: pvc://<claim>/base/<name>/v1"


def judge(case: Case) -> Iterator[str]:
    """Yield one message for each variable that is missing, open or forbidden, and each address of a public hub."""
    rule = "model servers are offline: " + ", ".join(f"{name}=1" for name in DEMANDED) + ", nothing from a public hub"
    yield from judged_pods(case, rule, _EXAMPLE, _faults)
    if case.subject.is_kubernetes and case.subject.group == KSERVE:
        for path, text in _hub_addresses(case.subject.inputs, "", ""):
            yield f"{case.subject.title}: {path}: {text}; rule: {rule}; example: {_EXAMPLE}"


def _faults(pod: Pod) -> Iterator[Fault]:
    containers = list(pod.containers())
    servers = [container for container in containers if is_model_server(pod, container)]
    for container in servers:
        yield from _open(pod, container)
    for container in containers if servers else ():
        for path in unseen_environment(container):
            if container in servers or ".envFrom" not in path:
                yield Fault(path=path, text=_unseen(path))
        for name in environment(container):
            if name.upper() in FORBIDDEN:
                yield Fault(path=f"{container.path}.env", text=f"sets {name}")
        for word in command_line(container) if container in servers else ():
            if word is UNKNOWN:
                yield Fault(path=f"{container.path}.args", text=NOT_KNOWN)
            elif isinstance(word, str):
                # The marks, never the word: a token may follow.
                found = [mark for mark in (*_HUB, *_FLAGS) if mark in word.lower()]
                yield from (Fault(path=f"{container.path}.args", text=f"has {mark}") for mark in found)


def _unseen(path: str) -> str:
    return "brings variables that cannot be seen here: name each one" if ".envFrom" in path else NOT_KNOWN


def _open(pod: Pod, container: Container) -> Iterator[Fault]:
    variables = environment(container)
    for name in DEMANDED:
        missing = name not in variables
        if variables.get(name) == "1" or (missing and pod.leaves_to_runtime(container)):
            continue
        text = f"{name} is missing" if missing else f"{name} {shown(variables[name])}"
        yield Fault(path=f"{container.path}.env", text=text)


def _hub_addresses(value: JsonValue, path: str, key: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for child, entry in value.items():
            yield from _hub_addresses(entry, f"{path}.{child}" if path else child, child)
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _hub_addresses(entry, f"{path}[{index}]", key)
    elif value is UNKNOWN:
        if key in (*_URI_KEYS, *_URI_HOLDERS) or path == "spec.model":
            yield path, NOT_KNOWN
    elif key in _URI_KEYS and str(value).lower().startswith(_HUB):
        yield path, f"is {without_key(value)!r}"


RULE = Rule(
    id="model-servers-offline",
    title="Model servers are told to stay offline, and nothing is taken from a public hub.",
    severity=Severity.HIGH,
    reason="A server that may call out loads what nobody has approved, sends statistics, or hangs.",
    remedy='Set the three variables to "1", take out tokens and endpoints of hubs, bring models in by the catalog.',
    reference="https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables#hfhuboffline",
    judge=judge,
)
