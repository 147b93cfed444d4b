"""Rule: base models come from volumes, adapters from the bucket, both by names that say their version."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity

from policies.judging.rule import Case, Rule
from policies.judging.subject import entries, mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import (
    Fault,
    at,
    command_line,
    environment,
    listed,
    missing,
    shown,
    titles,
    titles_schema,
)
from policies.manifests.kind_table import refusals
from policies.manifests.model_names import other_names
from policies.manifests.model_places import claim_of, claims, made_claims, place_of_model, writers
from policies.manifests.models import SERVING, STORAGE_URI, base_model, not_allowed
from policies.manifests.objects import each_object, is_a, told
from policies.manifests.pod_finder import pods
from policies.manifests.pods import KSERVE_COMPONENTS, STORAGE_CONTAINER
from policies.manifests.server_variables import closed_faults, closed_variables, given
from policies.manifests.servers import Server, containers
from policies.manifests.stated import stated, stated_schema

_EXAMPLE = "storageUri: pvc://base-tsuzumi-7b-instruct-v1/base/tsuzumi-7b-instruct/v1"
_ID = "hybrid-storage"
_CODE = "runtime-lora-updating"
_FETCH_IMAGE = "storage-initializer"
MODEL_PATH = "/mnt/models"
"""Where KServe mounts the base model."""

_MODEL_FLAGS = ("model", "model-id", "model-dir")
"""vLLM's flag and those of KServe's own servers."""

_KSERVE_MARKS = "internal.serving.kserve.io/"
"""Beginning of labels and annotations that KServe's controllers write for its webhook, which fetches by them."""

_ENTRY_POINT = "initializer-entrypoint"
"""The program of KServe's initializer: sources and targets are its words, by turns."""

_CLAIMS, _VOLUMES, _READY = "modelClaims", "modelVolumes", "persistentVolumes"
_STATE_CLAIM = f"state another one in {_CLAIMS} of this rule's configuration, with a reason"
_MODEL_VARIABLES = ("STORAGE_URI", "MODEL_ID", "MODEL_DIR")
"""Variables by which KServe's webhook and its servers fetch a model into a custom container."""


@each_object
def judge(case: Case) -> Iterator[str]:
    """Yield one message for each model that comes from elsewhere, or is not in the catalog."""
    rule = "base models are named pvc://<claim>/base/<name>/vN and are approved; nothing is fetched from elsewhere"
    known = stated(case.config, _CLAIMS)
    yield from told(case, (*_faults(case), *_marks(case), *_volumes(case, known)), rule, _EXAMPLE)
    for server in containers(case):
        yield from told(case, _server(case, server, known), rule, _EXAMPLE)
        yield from told(case, _fetcher(case, server, known), rule, _EXAMPLE)


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
        if at(spec, "model") is not UNKNOWN and at(spec, "model", "name") is UNKNOWN:
            yield Fault(path="spec.model.name", text=shown(UNKNOWN))
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
    claim = match["claim"]
    if fault is None and claims(case.world).get(claim) != match["model"] and claim not in stated(case.config, _CLAIMS):
        fault = f"{shown(uri)}, and the claim of this model is {claim_of(match['model'])}; {_STATE_CLAIM}"
    if fault:
        yield Fault(path=path, text=fault)


def _marks(case: Case) -> Iterator[Fault]:
    """Labels and annotations by which KServe's webhook brings another model into a pod."""
    found = [("metadata", case.subject.metadata)] if case.subject.group == SERVING else []
    for pod in pods(case.subject):
        found.append((pod.path, {"labels": pod.labels, "annotations": pod.annotations}))
    for path, metadata in found:
        for field in ("labels", "annotations"):
            for name in mapping(metadata.get(field)):
                if name.startswith(_KSERVE_MARKS):
                    yield Fault(
                        path=f"{path} ({name})", text="is for KServe's own controllers: by it they fetch a model"
                    )


def _volumes(case: Case, known: frozenset[str]) -> Iterator[Fault]:
    """Claims of base models that are filled by something else than the verified load."""
    spec = case.subject.inputs.get("spec")
    if titles(case.config, _VOLUMES, case.subject.title):
        return
    if is_a(case, "", "PersistentVolumeClaim") and _holds_model(case, case.subject.object_name, known):
        for field in ("dataSource", "dataSourceRef", "volumeName", "selector"):
            if at(spec, field) is not None:
                yield Fault(path=f"spec.{field}", text=f"fills the claim of a base model from elsewhere; {_STATE}")
    elif is_a(case, "", "PersistentVolume"):
        if _holds_model(case, at(spec, "claimRef", "name"), known):
            yield Fault(
                path="spec.claimRef", text=f"gives the claim of a base model a volume that lies ready; {_STATE}"
            )
        elif case.subject.object_name not in stated(case.config, _READY):
            text = (
                "lies ready for a claim, with what is in it, and may be the storage of a base model a second time: let"
                f" its class make it, or state its name in {_READY} of this rule's configuration, with a reason"
            )
            yield Fault(path="spec", text=text)
    else:
        yield from made_claims(case, known)


_STATE = f"state it in {_VOLUMES} of this rule's configuration where somebody has judged what it holds"


def _holds_model(case: Case, claim: JsonValue, known: frozenset[str]) -> bool:
    return isinstance(claim, str) and (claim in claims(case.world) or claim in known)


def _fetcher(case: Case, server: Server, known: frozenset[str]) -> Iterator[Fault]:
    """What brings weights into a pod beside the server."""
    container = server.container
    if not server.is_vllm:
        yield from writers(case, server.pod, container, known)
    if server.pod.kind == STORAGE_CONTAINER and is_a(case, SERVING, STORAGE_CONTAINER):
        if not _fetches(case, container.spec.get("image")):
            text = f"{shown(container.spec.get('image'))}, which is not the catalog's {_FETCH_IMAGE}"
            yield Fault(path=f"{container.path}.image", text=text)
        for field in ("command", "args", "lifecycle"):
            if container.spec.get(field) not in (None, [], {}):
                text = "is given: KServe's own initializer starts as its image does, with words of KServe's"
                yield Fault(path=f"{container.path}.{field}", text=text)
        for name in (entry.name for entry in given(server) if entry.name in closed_variables(_CODE)):
            yield Fault(path=f"{container.path}.env", text=f"sets {name}, which brings code into the initializer")
        return
    words = command_line(container)
    own = not entries(container.spec.get("command"))
    if own and not _fetches(case, container.spec.get("image")):
        return
    if not own and not (words and str(words[0]).rpartition("/")[2] == _ENTRY_POINT):
        return
    for source in (words if own else words[1:])[::2]:
        if not (isinstance(source, str) and source.startswith("-")):
            yield from _uri(case, source, f"{container.path}.args")


def _fetches(case: Case, image: JsonValue) -> bool:
    """Whether an image is the catalog's for KServe's initializer."""
    entry = case.world.images.get(_FETCH_IMAGE)
    repository, digest = at(entry, "repository"), at(entry, "digest")
    if not isinstance(image, str) or not repository:
        return False
    name = image.partition("@")[0]
    return f"/{name}:".find(f"/{repository}:") >= 0 or (bool(digest) and image.endswith(f"@{digest}"))


def _server(case: Case, server: Server, known: frozenset[str]) -> Iterator[Fault]:
    """The one model of a server is what lies at the mount of the base model; nothing names a second one."""
    if not server.is_server:
        return
    said = case.config.get("modelPath")
    path = said if isinstance(said, str) and said else MODEL_PATH
    # The names, never the values: an address of a model may hold a key.
    for name in _MODEL_FLAGS:
        if any(value.rstrip("/") != path for value in server.values(name)):
            yield Fault(path=server.path, text=f"gives --{name} another value than {path}, where the base model is")
    place = place_of_model(case, server, path, known)
    yield from place.faults
    for name in other_names(case, server, place.model or base_model(case)):
        text = f"answers under the name {name!r}, which is another model's or adapter's of the catalog"
        yield Fault(path=server.path, text=text)
    if server.is_vllm:
        yield from closed_faults(server, _ID)
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
        _CLAIMS: stated_schema(
            "Claims that hold base models beside base-<name>-vN of the catalog, each with the reason why what lies at"
            " base/<name>/vN in them is what the catalog says."
        ),
        _VOLUMES: titles_schema(
            "PersistentVolumeClaims and PersistentVolumes of base models that are filled or bound by somebody who has"
            " judged what they hold, as `<kind> <namespace>/<name>`; `*` is any text."
        ),
        _READY: stated_schema(
            "Names of PersistentVolumes that are written by hand, each with the reason why what lies in it is no base"
            " model's, and no claim of one binds to it."
        ),
        "baseConfigs": titles_schema("LLMInferenceServiceConfigs of the cluster that services may name in baseRefs"),
    },
)
