"""Rule: servers load what the catalog has approved: adapters made for their base model, base models by their sums."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_policy import Severity

from policies.judging.rule import Case, Rule
from policies.judging.subject import entries, mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, shown
from policies.manifests.flag_values import strange_values
from policies.manifests.flags import Module, modules
from policies.manifests.flags_twice import other_port, twice
from policies.manifests.kind_table import refusals
from policies.manifests.model_names import in_a_servers_place
from policies.manifests.models import (
    ADAPTER_NAME,
    ADAPTER_URI,
    ADAPTER_VERSION,
    SERVING,
    adapters_named,
    base_model,
    not_allowed,
)
from policies.manifests.mounts import Mount, folder, mounts
from policies.manifests.objects import each_object, is_a, told
from policies.manifests.payload_code import MANIFEST, changed_code, manifest_of
from policies.manifests.server_flags import nearest, removed
from policies.manifests.server_variables import closed_faults
from policies.manifests.servers import Server, servers
from policies.manifests.stated import stated, stated_schema
from policies.manifests.verified_fetch import ADAPTERS, fetch_fault, target_of

_ID = "adapters-approved"
FOLDER = "/mnt/adapters"
"""Where the verified fetch puts adapters, each in a folder of its name."""

_STATED = "flagValues"
_LISTS = "vLLMLoRAConfig"
_SYNCER = re.compile(rf"(?m)^[ \t]*[\"']?{_LISTS}[\"']?\s*:|[{{,]\s*[\"']{_LISTS}[\"']\s*:")
"""The configuration of the inference gateway's LoRA syncer, which loads from hubs and buckets."""

_EXAMPLE = (
    "--lora-modules helpdesk-faq=/mnt/adapters/helpdesk-faq, with helpdesk-faq/v2026-02-01 approved in the catalog"
)


@each_object
def judge(case: Case) -> Iterator[str]:
    """Yield one message for each adapter that may not be loaded."""
    rule = "adapters are in the catalog, approved for the environment, made for the base model, and loaded as approved"
    refused = [Fault(path="kind", text=text) for text in refusals(case.subject, _ID)]
    found = _manifest(case) if is_a(case, "", "ConfigMap") else _servers(case)
    return told(case, [*refused, *found, *in_a_servers_place(case)], rule, _EXAMPLE)


def _servers(case: Case) -> Iterator[Fault]:
    base = base_model(case)
    for server in servers(case):
        yield from _unread(server)
        if server.is_vllm:
            yield from closed_faults(server, _ID)
            # Where the start is not understood, its words are guesses, and that is told above.
            texts = () if server.flags.unread else strange_values(server.flags, stated(case.config, _STATED))
            yield from (Fault(path=server.path, text=text) for text in texts)
        for module in modules(server.flags):
            text = _module_fault(case, server, module, base)
            if text:
                yield Fault(path=server.path, text=f"--lora-modules {module.text!r}: {text}")
    if is_a(case, SERVING, "LLMInferenceService", "LLMInferenceServiceConfig"):
        adapters = at(case.subject.inputs.get("spec"), "model", "lora", "adapters")
        for path, entry in listed(adapters, "spec.model.lora.adapters"):
            name = at(entry, "name")
            text = _not_loadable(case, name, base) if isinstance(name, str) else shown(name)
            if text:
                yield Fault(path=f"{path}.name", text=text)
            elif at(entry, "uri") is not None:
                yield from _uri(case, name, at(entry, "uri"), f"{path}.uri")


def _unread(server: Server) -> Iterator[Fault]:
    """What may name adapters and cannot be seen: closed is what is not read."""
    flags = server.flags
    if flags.unknown and (server.is_vllm or flags.has_lora):
        yield Fault(path=server.path, text=NOT_KNOWN)
    for flag in server.refused(_ID):
        text = f"gives --{flag.name}{': ' if flag.of_rest else ', which '}{flag.closed}"
        yield Fault(path=server.path, text=text)
    if server.is_vllm:
        for text in (*twice(flags), *other_port(server)):
            yield Fault(path=server.path, text=text)
        for name in flags.strangers:
            yield Fault(path=server.path, text=f"gives {_flag(name)}, which is {_unknown(name)}")
        for what in flags.unread:
            yield Fault(path=server.path, text=f"starts {what}, so that what the server loads cannot be seen")


def _unknown(name: str) -> str:
    """What is known of a flag that vLLM does not have: since when, and what is in its place or like it."""
    gone = removed().get(name.removeprefix("no-"))
    if gone is not None:
        return (
            f"gone{' since ' + gone['gone'] if 'gone' in gone else ''}; in its place: {gone.get('instead', 'nothing')}"
        )
    like = nearest(name)
    return "no flag that infra/catalog/server-flags.json knows" + (f"; the nearest is --{like}" if like else "")


def _flag(name: str) -> str:
    """A flag's name as messages show it: what was written as one may be anything."""
    named = name if name.startswith("-") else f"--{name}"
    return named if re.fullmatch(r"-[A-Za-z0-9-]{1,60}", named) else "a flag"


def _module_fault(case: Case, server: Server, module: Module, base: JsonValue) -> str | None:
    """Why an adapter may not be loaded from where a server loads it, or None."""
    if module.name is None:
        return "has no name"
    text = _not_loadable(case, module.name, base)
    if text is not None:
        return text
    said = case.config.get("adaptersPath")
    place = said if isinstance(said, str) and said else FOLDER
    if module.path != f"{place}/{module.name}":
        return f"approved is what lies at {place}/{module.name}"
    return _not_fetched(case, server, module.path)


def _not_fetched(case: Case, server: Server, path: str) -> str | None:
    """Why an adapter's folder is not filled by the verified fetch, or None; the volume that holds it is an emptyDir."""
    wanted = folder(path)
    held = False
    for mount in mounts(server.pod, server.container):
        if not mount.known:
            return f"the volume that holds it {NOT_KNOWN}"
        # Above the folder, or in it.
        if not (wanted.startswith(mount.place) or mount.place.startswith(wanted)):
            continue
        held = True
        if mount.volume is None:
            return f"the volume {mount.name!r} is none of the pod's: what it holds is not seen here"
        if not mount.is_private:
            return f"the volume {mount.name!r} holds what nothing has compared; the fetch fills an emptyDir"
        if mount.place != folder(path.rpartition("/")[0]) or _is_part(mount):
            return f"the volume {mount.name!r} is not mounted whole at {path.rpartition('/')[0]}, as the fetch fills it"
        writer = _other_writer(case, server, mount.name)
        if writer:
            return writer
    # KServe puts a pod together out of two objects, and the other one may have the mount.
    return None if held or server.pod.kind else "no volume of the pod holds it, so nothing has compared it"


def _other_writer(case: Case, server: Server, volume: JsonValue) -> str | None:
    """What may write the volume of the adapters beside the verified fetch, or None."""
    for container in server.pod.containers():
        held = [mount for mount in mounts(server.pod, container) if mount.name == volume or not mount.known]
        if container.path == server.container.path or all(mount.is_read_only for mount in held):
            continue
        fault = fetch_fault(case.world, server.pod, container, ADAPTERS)
        if fault:
            return f"container {container.name!r} may write the volume {volume!r} beside the fetch: it {fault}"
        target = folder(target_of(container))
        if any(_is_part(mount) or mount.place != target for mount in held):
            return f"container {container.name!r} has not the whole volume {volume!r} at its --target"
    return None


def _is_part(mount: Mount) -> bool:
    """Whether a part of a volume is mounted: there lies an adapter under the name of another one."""
    return any(at(mount.spec, field) not in (None, "") for field in ("subPath", "subPathExpr"))


def _uri(case: Case, name: str, uri: JsonValue, path: str) -> Iterator[Fault]:
    """An adapter of a URI is an approved version of that very name."""
    match = ADAPTER_URI.fullmatch(uri) if isinstance(uri, str) else None
    text = None if match else f"{shown(uri)}, and approved is pvc://<claim>/lora/{name}/<version>"
    if match and match["name"] != name:
        text = f"{shown(uri)}, which is another adapter"
    elif match:
        entry = case.world.adapters.get(f"{name}/{match['version']}")
        text = not_allowed(case.world, entry, f"adapter '{name}/{match['version']}'")
    if text:
        yield Fault(path=path, text=text)


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
    for name, entry in mapping(data).items():
        if isinstance(entry, str) and _LISTS in entry and _SYNCER.search(entry):
            yield Fault(path=f"data.{name}", text="names adapters for a sidecar that compares nothing")
    yield from changed_code(data)
    text = at(data, MANIFEST)
    path = f"data.{MANIFEST}"
    if text is None:
        return
    content = manifest_of(text)
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


def _entry(case: Case, adapter: JsonValue) -> str | None:
    name, version = at(adapter, "name"), at(adapter, "version")
    if not isinstance(name, str) or not ADAPTER_NAME.fullmatch(name):
        return f"the name {shown(name)}, which is no name of an adapter"
    if not isinstance(version, str) or not ADAPTER_VERSION.fullmatch(version):
        return f"the version {shown(version)}, which is no v<date>"
    served = at(adapter, "served")
    if served not in (None, name, f"{name}--{version}"):
        return f"{name}/{version} to be served by a name that {shown(served)}: callers would take it for another one"
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
    id=_ID,
    title="Servers load approved base models and adapters of the catalog, adapters only for their own base model.",
    severity=Severity.CRITICAL,
    reason="An adapter changes what a model says: nobody calls one that has not been evaluated and approved.",
    remedy="Bring the adapter into the catalog, have it approved, and list it in kitchen:kitchens.<name>.adapters.",
    reference="https://docs.vllm.ai/en/latest/features/lora.html",
    judge=judge,
    config_schema={
        _STATED: stated_schema(
            "Values of vLLM's flags that servers may be given beside those of infra/catalog/server-flags.json, as"
            " --name=value, each with the reason why it opens nothing."
        ),
        "adaptersPath": {"type": "string", "default": FOLDER, "description": "folder that servers load adapters from"},
    },
)
