"""Rule: servers load what the catalog has approved: adapters made for their base model, base models by their sums."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_policy import Severity

from policies.judging.rule import Case, Rule
from policies.judging.subject import entries
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, shown
from policies.manifests.flags import lora_containers, modules
from policies.manifests.kind_table import refusals
from policies.manifests.models import ADAPTER_NAME, ADAPTER_VERSION, SERVING, adapters_named, base_model, not_allowed
from policies.manifests.objects import each_object, is_a, told

MANIFEST = "manifest.json"
"""Key of the ConfigMap that tells the verified fetch what to load."""

_EXAMPLE = (
    "--lora-modules helpdesk-faq=/mnt/adapters/helpdesk-faq, with helpdesk-faq/v2026-02-01 approved in the catalog"
)


@each_object
def judge(case: Case) -> Iterator[str]:
    """Yield one message for each adapter that may not be loaded."""
    rule = "adapters are in the catalog, approved for the environment, made for the base model, and loaded as approved"
    refused = [Fault(path="kind", text=text) for text in refusals(case.subject, "adapters-approved")]
    found = _manifest(case) if is_a(case, "", "ConfigMap") else _servers(case)
    return told(case, [*refused, *found], rule, _EXAMPLE)


def _servers(case: Case) -> Iterator[Fault]:
    base = base_model(case)
    for container, flags in lora_containers(case.subject):
        path = f"{container.path}.args"
        if flags.unknown:
            yield Fault(path=path, text=NOT_KNOWN)
        for module in modules(flags):
            text = "has no name" if module.name is None else _not_loadable(case, module.name, base)
            if text:
                yield Fault(path=path, text=f"--lora-modules {module.text!r}: {text}")
    if is_a(case, SERVING, "LLMInferenceService"):
        adapters = at(case.subject.inputs.get("spec"), "model", "lora", "adapters")
        for path, entry in listed(adapters, "spec.model.lora.adapters"):
            name = at(entry, "name")
            text = _not_loadable(case, name, base) if isinstance(name, str) else shown(name)
            if text:
                yield Fault(path=f"{path}.name", text=text)


def _not_loadable(case: Case, name: str, base: JsonValue) -> str | None:
    """Why no version of an adapter may be loaded, or None."""
    found = list(adapters_named(case.world, name))
    allowed = [entry for entry in found if not_allowed(case.world, entry, name) is None]
    if not allowed:
        return not_allowed(case.world, found[0] if found else None, f"adapter {name!r}")
    if base is UNKNOWN:
        return f"the base model {NOT_KNOWN}"
    if base is not None and not any(entry.get("baseModel") == base for entry in allowed):
        return f"adapter {name!r} is made for {allowed[0].get('baseModel')}, the server has {base}"
    return None


def _manifest(case: Case) -> Iterator[Fault]:
    data = case.subject.inputs.get("data")
    text = at(data, MANIFEST)
    path = f"data.{MANIFEST}"
    if text is None:
        return
    content = _json(text)
    if isinstance(content, dict) and "adapters" not in content and "files" in content:
        if fault := _base_model(case, content):
            yield Fault(path=path, text=fault)
        return
    if not isinstance(content, dict) or not isinstance(content.get("adapters"), list):
        yield Fault(path=path, text=NOT_KNOWN if text is UNKNOWN else "is no manifest that can be read")
        return
    for index, adapter in enumerate(content["adapters"]):
        fault = _entry(case, adapter)
        if fault:
            yield Fault(path=f"{path}: adapters[{index}]", text=fault)


def _base_model(case: Case, content: Mapping[str, Any]) -> str | None:
    """What is wrong with the manifest of a base model's load."""
    ref = f"{at(content, 'name')}/{at(content, 'version')}"
    entry = case.world.base_models.get(ref)
    return not_allowed(case.world, entry, f"base model {ref!r}") or _files(content, entry)


def _json(text: JsonValue) -> Any:
    try:
        return json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _entry(case: Case, adapter: JsonValue) -> str | None:
    name, version = at(adapter, "name"), at(adapter, "version")
    if not isinstance(name, str) or not ADAPTER_NAME.fullmatch(name):
        return f"the name {shown(name)}, which is no name of an adapter"
    if not isinstance(version, str) or not ADAPTER_VERSION.fullmatch(version):
        return f"the version {shown(version)}, which is no v<date>"
    entry = case.world.adapters.get(f"{name}/{version}")
    fault = not_allowed(case.world, entry, f"adapter '{name}/{version}'")
    return fault or _files(adapter, entry)


def _files(adapter: JsonValue, entry: object) -> str | None:
    """The sums of the manifest must be the catalog's: they are what is compared with the bucket."""
    files = entry.get("files") if isinstance(entry, Mapping) else None
    approved = {name: at(file, "sha256") for name, file in files.items()} if isinstance(files, Mapping) else {}
    said = {str(at(file, "path")): at(file, "sha256") for file in entries(at(adapter, "files"))}
    different = sorted(name for name in {*approved, *said} if approved.get(name) != said.get(name))
    return f"the sums of {', '.join(different)} are not the catalog's" if different else None


RULE = Rule(
    id="adapters-approved",
    title="Servers load approved base models and adapters of the catalog, adapters only for their own base model.",
    severity=Severity.CRITICAL,
    reason="An adapter changes what a model says: nobody calls one that has not been evaluated and approved.",
    remedy="Bring the adapter into the catalog, have it approved, and list it in kitchen:kitchens.<name>.adapters.",
    reference="https://docs.vllm.ai/en/latest/features/lora.html",
    judge=judge,
)
