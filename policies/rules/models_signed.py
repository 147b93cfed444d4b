"""Rule: where the settings state signers, what servers load is asked for a signature by exactly them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pulumi_policy import Severity

from policies.judging.pace import note
from policies.judging.rule import Case, Rule
from policies.judging.subject import entries
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed
from policies.manifests.model_places import claims
from policies.manifests.models import SERVING, base_model
from policies.manifests.objects import each_object, is_a, told
from policies.manifests.payload_code import MANIFEST, manifest_of
from policies.manifests.pod_finder import pods

_ID = "models-signed"
ADAPTERS, BASE_MODELS = "adapters", "baseModels"
SIGNATURE = "model.sig"

_KEYS = ("publicKey", "authority", "subject")
_EXAMPLE = "kitchen model publish FOLDER --name tsuzumi-7b-instruct/v1 --private-key FILE, with the key of a signer"


@each_object
def judge(case: Case) -> Iterator[str]:
    """Yield one message for each base model and list that asks other signers, or nobody, for a signature."""
    rule = "what servers load is signed by one of kitchen:signers, or an exemption names the base model with a last day"
    found = _manifest(case) if is_a(case, "", "ConfigMap") else _served(case)
    return told(case, found, rule, _EXAMPLE)


def _served(case: Case) -> Iterator[Fault]:
    """What names a base model or mounts its claim, and adapters of a volume, whatever loads them."""
    if base_model(case) is UNKNOWN and _asked(case, BASE_MODELS):
        yield Fault(path="spec", text=f"the base model {NOT_KNOWN}, so whether it is signed cannot be seen")
    for ref, path in _named(case).items() if _asked(case, BASE_MODELS) else ():
        if text := _unsigned(case, ref):
            yield Fault(path=path, text=text)
    if is_a(case, SERVING, "LLMInferenceService", "LLMInferenceServiceConfig") and _asked(case, ADAPTERS):
        adapters = at(case.subject.inputs.get("spec"), "model", "lora", "adapters")
        for path, entry in listed(adapters, "spec.model.lora.adapters"):
            if at(entry, "uri") is not None:
                yield Fault(path=f"{path}.uri", text="is a place at which nobody checks a signature")


def _named(case: Case) -> dict[str, str]:
    """The base models of an object, each with the first path that names it or its claim."""
    ref = base_model(case)
    found = {ref: "spec"} if isinstance(ref, str) else {}
    for pod in pods(case.subject):
        for path, volume in listed(at(pod.spec, "volumes"), f"{pod.path}.volumes"):
            claim = at(volume, "persistentVolumeClaim", "claimName")
            held = claims(case.world).get(claim) if isinstance(claim, str) else None
            if held is not None:
                found.setdefault(held, path)
    return found


def _manifest(case: Case) -> Iterator[Fault]:
    """A list of what is loaded names whose signatures it asks for."""
    stated = case.world.settings.get("signers")
    data = case.subject.inputs.get("data")
    text = UNKNOWN if data is UNKNOWN else at(data, MANIFEST)
    if not stated or text is None:
        return
    path = f"data.{MANIFEST}"
    content = manifest_of(text)
    if not isinstance(content, dict):
        yield Fault(path=path, text=f"{NOT_KNOWN}: whose signatures it asks for cannot be seen")
        return
    if "adapters" in content:
        if fault := _others(content, _asked(case, ADAPTERS)):
            yield Fault(path=path, text=fault)
    elif "files" in content:
        ref = f"{at(content, 'name')}/{at(content, 'version')}"
        unsigned = _unsigned(case, ref)
        exempted = SIGNATURE not in _files(case, ref) and not unsigned
        if unsigned:
            yield Fault(path=path, text=unsigned)
        elif not exempted and (fault := _others(content, _asked(case, BASE_MODELS))):
            yield Fault(path=path, text=fault)


def _asked(case: Case, kind: str) -> Sequence[Mapping[str, JsonValue]]:
    """The signers of a kind as lists have them; a signer who is not understood is one whom no list names."""
    stated, found = case.world.settings.get("signers"), []
    for signer in entries(stated) if isinstance(stated, list) else [stated] if stated else []:
        signs = at(signer, "signs")
        if signs is None or signs is UNKNOWN or kind in entries(signs):
            said = {key: at(signer, key) for key in ("name", *_KEYS)}
            found.append({key: value for key, value in said.items() if value is not None})
    return found


def _others(content: Mapping[str, Any], asked: Sequence[Mapping[str, JsonValue]]) -> str | None:
    """Why the signers of a list are not those who are asked for, or None."""
    found = content.get("signers")
    if not asked or found == list(asked):
        return None
    names = ", ".join(str(signer.get("name")) for signer in asked)
    if found is None:
        return f"asks for no signature; expected one by {names}"
    return f"asks for signatures of others than {names}, or by other keys"


def _unsigned(case: Case, ref: str) -> str | None:
    """Why a base model may not run, or None; an exemption that lets it through is told as used."""
    if not _asked(case, BASE_MODELS) or SIGNATURE in _files(case, ref):
        return None
    title, ended = f"BaseModel {ref}", ""
    for exemption in case.world.exemptions:
        if (exemption.rule, exemption.object) == (_ID, title):
            if case.world.today <= exemption.expires:
                note(str(exemption))
                return None
            ended = f", and its exemption has ended on {exemption.expires}"
    return f"the base model {ref!r}, which has no {SIGNATURE} in the catalog{ended}"


def _files(case: Case, ref: str) -> Mapping[str, Any]:
    files = at(case.world.base_models.get(ref), "files")
    return files if isinstance(files, Mapping) else {}


RULE = Rule(
    id=_ID,
    title="Where signers are stated, servers load what one of them has signed.",
    severity=Severity.CRITICAL,
    reason="The catalog says what was approved, a signature says that its signer saw these very bytes: a wrong merge "
    "brings no signature.",
    remedy="Publish the base model with a signature, or let that version through by an exemption with "
    "`object: BaseModel NAME/vN`.",
    reference="https://github.com/ossf/model-signing-spec",
    judge=judge,
)
