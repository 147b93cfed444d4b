"""Rule: base models come from volumes, adapters from the bucket, both by names that say their version."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity

from policies.judging.rule import Case, Rule
from policies.judging.subject import entries, mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import Fault, at, environment, listed, missing, shown, titles_schema
from policies.manifests.kind_table import refusals
from policies.manifests.models import SERVING, STORAGE_URI, not_allowed
from policies.manifests.objects import each_object, is_a, told
from policies.manifests.pods import KSERVE_COMPONENTS
from policies.manifests.servers import Server, servers

_EXAMPLE = "storageUri: pvc://base-tsuzumi-7b-instruct-v1/base/tsuzumi-7b-instruct/v1"
_ID = "hybrid-storage"
MODEL_PATH = "/mnt/models"
"""Where KServe mounts the base model."""

_MODEL_FLAGS = ("model", "model-id", "model-dir")
"""vLLM's flag and those of KServe's own servers."""

_MODEL_VARIABLES = ("STORAGE_URI", "MODEL_ID", "MODEL_DIR")
"""Variables by which KServe's webhook and its servers fetch a model into a custom container."""


@each_object
def judge(case: Case) -> Iterator[str]:
    """Yield one message for each model that comes from elsewhere, or is not in the catalog."""
    rule = "base models are named pvc://<claim>/base/<name>/vN and are approved; nothing is fetched from elsewhere"
    yield from told(case, _faults(case), rule, _EXAMPLE)
    for server in servers(case):
        yield from told(case, _server(case, server), rule, _EXAMPLE)


def _faults(case: Case) -> Iterator[Fault]:
    spec = case.subject.inputs.get("spec")
    for text in refusals(case.subject, _ID):
        yield Fault(path="kind", text=text)
    if is_a(case, SERVING, "InferenceService"):
        for part in KSERVE_COMPONENTS:
            if isinstance(spec, dict) and part in spec:
                yield from _part(case, at(spec, part), f"spec.{part}")
        if spec is UNKNOWN:
            yield Fault(path="spec", text=shown(spec))
    elif is_a(case, SERVING, "LLMInferenceService", "LLMInferenceServiceConfig"):
        uri = at(spec, "model", "uri")
        # A configuration may leave the model to the services that it is a base of.
        if uri is not None or case.subject.kind == "LLMInferenceService":
            yield from _uri(case, uri, "spec.model.uri")
        known = entries(case.config.get("baseConfigs"))
        for path, ref in listed(at(spec, "baseRefs"), "spec.baseRefs") if spec is not UNKNOWN else ():
            if at(ref, "name") not in known:
                text = f"{shown(at(ref, 'name'))}, and what that configuration fills in is not seen here"
                yield Fault(path=f"{path}.name", text=text)


def _part(case: Case, part: JsonValue, path: str) -> Iterator[Fault]:
    if part is UNKNOWN or at(part, "model") is UNKNOWN:
        yield Fault(path=path, text=shown(UNKNOWN))
        return
    if at(part, "model") is not None:
        yield from _uri(case, at(part, "model", "storageUri"), f"{path}.model.storageUri")
    for holder, where in ((part, path), (at(part, "model"), f"{path}.model")):
        if at(holder, "storage") is not None:
            yield Fault(path=f"{where}.storage", text="names a bucket, from which KServe would fetch unverified files")
    for where, entry in listed(at(part, "storageUris"), f"{path}.storageUris"):
        yield from _uri(case, at(entry, "uri"), f"{where}.uri")
    for field, value in mapping(part).items():
        # The fields of older frameworks (spec.predictor.huggingface ...) take a storageUri as well.
        if field != "model" and isinstance(value, dict) and "storageUri" in value:
            yield from _uri(case, value["storageUri"], f"{path}.{field}.storageUri")


def _uri(case: Case, uri: JsonValue, path: str) -> Iterator[Fault]:
    match = STORAGE_URI.fullmatch(uri) if isinstance(uri, str) else None
    if match is None:
        yield Fault(path=path, text=missing(uri))
        return
    fault = not_allowed(case.world, case.world.base_models.get(match["model"]), f"base model {match['model']!r}")
    if fault:
        yield Fault(path=path, text=fault)


def _server(case: Case, server: Server) -> Iterator[Fault]:
    """The one model of a server is what lies at the mount of the base model; nothing names a second one."""
    if not server.is_server:
        return
    said = case.config.get("modelPath")
    path = said if isinstance(said, str) and said else MODEL_PATH
    # The names, never the values: an address of a model may hold a key.
    for name in _MODEL_FLAGS:
        if any(value.rstrip("/") != path for value in server.values(name)):
            yield Fault(path=server.path, text=f"gives --{name} another value than {path}, where the base model is")
    if any(value.rstrip("/") != path for value in server.flags.models):
        yield Fault(path=server.path, text=f"names another model than {path}, where the base model is")
    for flag in server.refused(_ID):
        yield Fault(path=server.path, text=f"gives --{flag.name}, which {flag.closed}")
    if case.subject.group == SERVING:
        for name in _MODEL_VARIABLES:
            value = environment(server.container).get(name)
            if value is not None:
                yield from _uri(case, value, f"{server.container.path}.env: {name}")


RULE = Rule(
    id=_ID,
    title="Base models come from volumes by name and version, and are approved in the catalog.",
    severity=Severity.CRITICAL,
    reason="Weights that a pod fetches from a bucket or a hub are compared with nothing, and come late on every start.",
    remedy="Publish the base model to its volume and name it pvc://<claim>/base/<name>/vN.",
    reference="https://kserve.github.io/website/docs/model-serving/storage/providers/pvc",
    judge=judge,
    config_schema={
        "modelPath": {"type": "string", "default": MODEL_PATH, "description": "where the base model is mounted"},
        "baseConfigs": titles_schema("LLMInferenceServiceConfigs of the cluster that services may name in baseRefs"),
    },
)
