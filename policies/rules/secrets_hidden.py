"""Rule: secrets stay in Secrets, and are secret in the state. No message shows a value.

Whether a Secret's data is secret in the state is told by the engine's own mark, see `policies.judging.secrecy`. The
Kubernetes provider marks the data of every Secret before the pack sees it, wherever it came from: what the rule finds
there are Secrets that some other provider, or none, makes. Elsewhere the mark tells of a secret that is about to be
shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pulumi_policy import Severity

from policies.judging.rule import Case, Rule
from policies.judging.subject import mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import NOT_KNOWN, Fault, at, titles, titles_schema
from policies.manifests.objects import told
from policies.manifests.secret_forms import header_or_command
from policies.manifests.secret_leaves import binary_fault, leaves_with_secrets, literals_with_secrets
from policies.manifests.secret_looks import CODE, decoded, form_of, is_well_known, lines_with_secrets
from policies.manifests.secret_names import (
    is_reference,
    is_reference_in_a_line,
    is_secret,
    names_a_secret,
    names_an_object,
)
from policies.manifests.secret_ways import round_the_name
from policies.manifests.servers import servers

_ID = "secrets-stay-secret"
_USERS = ":MinioUser"
_OPEN_PLACES = ("args", "command", "env", "annotations", "labels", "httpHeaders")
_FLAG = re.compile(r"-*[A-Za-z][\w.-]*")
_NAMES_FLAGS = re.compile(r"(?:OPTS|OPTIONS|ARGS|ARGUMENTS|FLAGS|PARAMS|COMMAND|CMD)$")
_PROGRAM = re.compile(r"\s*#![^\n]{0,100}?(?:python|node|ruby|perl|php|lua|pwsh)")
"""Begins a program whose lines are no settings."""

_NO_DOCUMENTS = ("description", "message", "summary", "help", "query", "expr")
"""Keys of texts that are no settings: what people and monitoring read."""

_ROW = 4000
"""Most characters of a list of words that is read as one command line."""

_NAMES_OF_SECRETS = tuple(f"nginx.ingress.kubernetes.io/{name}-secret" for name in ("proxy-ssl", "auth", "auth-tls"))
_NAME_OF_A_SECRET = re.compile(r"(?:[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?/)?[a-z]([-a-z0-9.]{0,61}[a-z0-9])?")
"""Annotations of ingress-nginx that hold the name of a Secret, `<namespace>/<name>`."""

_SETTERS = ("export", "env", "-e", "--env", "local", "readonly")
"""Words behind which a shell reads NAME=value."""

_HEADERS = ("authorization", "proxy-authorization", "x-api-key")
_EXAMPLE = "env: [{name: AWS_SECRET_ACCESS_KEY, valueFrom: {secretKeyRef: {name: reader, key: AWS_SECRET_ACCESS_KEY}}}]"


def judge(case: Case) -> Iterator[str]:
    """Yield one message for each secret that would be seen."""
    subject = case.subject
    rule = "secrets lie in Secrets, encrypted in the state, and nowhere else"
    if subject.resource_type.endswith(_USERS):
        yield from told(case, _marked(case, {"secretKey": subject.inputs.get("secretKey")}, ""), rule, _EXAMPLE)
    elif subject.is_kubernetes and not titles(case.config, "notSecret", subject.title):
        found = _secret(case) if (subject.group, subject.kind) == ("", "Secret") else _other(case)
        # The same place may be found for two reasons.
        places: dict[str, Fault] = {}
        for fault in found:
            places.setdefault(fault.path, fault)
        yield from told(case, [*places.values(), *_spoken(case)], rule, _EXAMPLE)


def _spoken(case: Case) -> Iterator[Fault]:
    """What callers say to a model is as secret as they make it."""
    for server in servers(case):
        for flag in server.refused(_ID):
            yield Fault(path=server.path, text=f"gives --{flag.name}, which {flag.closed}")


def _marked(case: Case, values: dict[str, JsonValue], prefix: str) -> Iterator[Fault]:
    for name, value in values.items():
        path = f"{prefix}{name}"
        if value is not None and path not in case.secrets:
            yield Fault(path=path, text="is not secret in the state (value not shown)")


def _secret(case: Case) -> Iterator[Fault]:
    for field in ("data", "stringData"):
        value = case.subject.inputs.get(field)
        if value is UNKNOWN and field not in case.secrets:
            yield Fault(path=field, text=NOT_KNOWN)
        yield from _marked(case, mapping(value), f"{field}.")
        for name, text in mapping(value).items():
            if isinstance(text, str) and is_well_known(decoded(text) if field == "data" else text):
                yield Fault(path=f"{field}.{name}", text="is a password that everybody knows (value not shown)")
    yield from _walk(case.subject.inputs.get("metadata"), "metadata", "metadata")


def _other(case: Case) -> Iterator[Fault]:
    for path in sorted(case.secrets):
        yield Fault(path=path, text="is secret in the program, and everybody who reads the object would see it")
    yield from _files(case.subject.inputs)
    yield from _walk(case.subject.inputs, "", "")


def _files(inputs: dict[str, JsonValue], holder: str = "") -> Iterator[Fault]:
    for field in ("data", "binaryData"):
        value = inputs.get(field)
        if value is UNKNOWN:
            yield Fault(path=f"{holder}{field}", text=NOT_KNOWN)
        for name, text in mapping(value).items():
            path = f"{holder}{field}.{name}"
            if text is UNKNOWN:
                yield Fault(path=path, text=NOT_KNOWN)
            elif isinstance(text, str):
                if field == "binaryData" and (fault := binary_fault(text)):
                    yield Fault(path=path, text=fault)
                for setting in _settings_of(name, decoded(text) if field == "binaryData" else text):
                    yield Fault(path=path, text=f"holds a value for {setting} (not shown)")


def _settings_of(name: str, content: str) -> list[str]:
    """Names of settings in a file that hold a secret; a program's are texts in quotes alone."""
    certificate = name.endswith((".pem", ".crt"))
    if certificate and "-----BEGIN" in content:
        return []
    if name.endswith(CODE) and not certificate:
        return [*literals_with_secrets(content)]
    return list(dict.fromkeys([*lines_with_secrets(content), *leaves_with_secrets(name, content)]))


def _walk(value: JsonValue, path: str, key: str, *, open_place: bool = False) -> Iterator[Fault]:
    """Yield faults at and below a value; in an open place one that is not known may be a secret for all to read."""
    open_place = (open_place or key in _OPEN_PLACES) and key != "valueFrom"
    yield from round_the_name(value, path, key)
    if isinstance(value, dict):
        yield from _variable(value, path)
        if path:
            yield from _object_within(value, path)
        for name, entry in value.items():
            where = f"{path}.{name}" if path else name
            if _is_value(value, key, name):
                yield Fault(path=where, text="is named like a secret and has a value (not shown)")
            yield from _walk(entry, where, name, open_place=open_place)
    elif isinstance(value, list):
        yield from _words(value, path)
        for index, entry in enumerate(value):
            yield from _walk(entry, f"{path}[{index}]", key, open_place=open_place)
    elif isinstance(value, str):
        form = form_of(value)
        if form:
            yield Fault(path=path, text=f"looks like {form} (not shown)")
        # The object's own files have been read.
        own = path.startswith(("data.", "binaryData."))
        for setting in lines_with_secrets(value) if not own and _is_document(value, key) else ():
            yield Fault(path=path, text=f"holds a value for {setting} (not shown)")
    elif value is UNKNOWN and open_place:
        yield Fault(path=path, text=NOT_KNOWN)


def _is_value(holder: dict[str, JsonValue], key: str, name: str) -> bool:
    """Whether a field holds a secret itself: an ExternalSecret's `secretKey` is a name, a SealedSecret is encrypted."""
    value = holder[name]
    if not isinstance(value, str) or not is_secret(name, value):
        return False
    # What lies in a document is found in it.
    if key == "encryptedData" or (name == "secretKey" and {"remoteRef", "sourceRef"} & set(holder)) or _is_json(value):
        return False
    if key == "annotations" and name in _NAMES_OF_SECRETS:
        return _NAME_OF_A_SECRET.fullmatch(value) is None
    return key in _OPEN_PLACES or key == "data" or not names_an_object(name, value)


def _object_within(value: dict[str, JsonValue], path: str) -> Iterator[Fault]:
    """A List or a Template holds objects whole, and nobody marks what a Secret in it holds."""
    if value.get("apiVersion") != "v1":
        return
    if value.get("kind") == "ConfigMap":
        yield from _files(value, f"{path}.")
    elif value.get("kind") == "Secret":
        for field in ("data", "stringData"):
            held = value.get(field)
            for name, text in {"": UNKNOWN}.items() if held is UNKNOWN else mapping(held).items():
                if text is UNKNOWN or (isinstance(text, str) and not is_reference(text)):
                    yield Fault(
                        path=f"{path}.{field}.{name}".rstrip("."),
                        text="is a Secret's value within another object, where nothing encrypts it: declare it alone",
                    )


def _is_document(text: str, key: str) -> bool:
    """Whether a text is a file of settings: JSON, or lines and mappings of YAML, in scripts too."""
    if key.endswith(CODE) or _PROGRAM.match(text):
        return False
    return _is_json(text) or (key not in _NO_DOCUMENTS and (_is_mapping(text) or "\n" in text.strip()))


def _is_mapping(text: str) -> bool:
    return text.lstrip().startswith("{") and text.rstrip().endswith("}") and not text.lstrip().startswith("{{")


def _is_json(text: str) -> bool:
    return _is_mapping(text) and text.lstrip()[1:].lstrip().startswith(('"', "}"))


def _variable(entry: dict[str, JsonValue], path: str) -> Iterator[Fault]:
    name, value = entry.get("name", entry.get("key")), entry.get("value", entry.get("default"))
    if isinstance(name, str) and isinstance(at(entry, "valueFrom", "configMapKeyRef"), dict) and names_a_secret(name):
        yield Fault(path=f"{path}.valueFrom", text=f"takes {name} out of a ConfigMap, which everybody reads")
    if not isinstance(name, str) or not isinstance(value, str):
        return
    if is_secret(name, value) or (name.lower() in _HEADERS and not is_reference(value) and not form_of(value)):
        yield Fault(path=f"{path}.value", text=f"is the value of {name} in plain text (not shown)")
    # Flags of a program come in variables too: JAVA_OPTS.
    for fault in _words([value], path) if _NAMES_FLAGS.search(name) else ():
        yield Fault(path=f"{path}.value", text=fault.text)


def _words(words: list[JsonValue], path: str) -> Iterator[Fault]:
    texts = [word if isinstance(word, str) else "" for word in words]
    for index, word in enumerate(texts):
        following = texts[index + 1] if index + 1 < len(texts) else ""
        for flag, given, rest in _settings(word, following):
            if not given.startswith("-") and not is_reference_in_a_line(given, rest) and is_secret(flag, given):
                yield Fault(path=f"{path}[{index}]", text=f"gives {flag} a value in plain text (not shown)")
    row = " ".join(texts)
    found = header_or_command(row) if len(texts) > 1 and len(row) <= _ROW else None
    if found and not any(form_of(text) for text in texts):
        yield Fault(path=path, text=f"looks like {found} (not shown)")


def _settings(word: str, following: str) -> Iterator[tuple[str, str, str]]:
    """Flags and variables of a word, their values, and the line from there on; a shell takes many words in one."""
    lines = [line.split() for line in word.splitlines()]
    for pieces in lines:
        for index, piece in enumerate(pieces):
            flag, equals, value = piece.partition("=")
            # In a script of many lines NAME=value elsewhere may be a part of a program.
            starts = len(lines) == 1 or index == 0 or pieces[index - 1] in _SETTERS
            if not _FLAG.fullmatch(flag) or not (flag.startswith("-") or (equals and starts)):
                continue
            behind = pieces[index + 1 :] if index + 1 < len(pieces) else [] if word != piece else [following]
            rest = " ".join([value, *pieces[index + 1 :]] if equals else behind)
            yield flag, (value if equals else behind[0] if behind else "").strip("\"';"), rest


RULE = Rule(
    id=_ID,
    title="Secrets lie in Secrets, encrypted in the state, and nowhere else.",
    severity=Severity.CRITICAL,
    reason="What stands in a variable, argument, annotation or ConfigMap is read by everybody who may look at a pod.",
    remedy="Put the value into a Secret as a Pulumi secret and refer to it by secretKeyRef.",
    reference="https://kubernetes.io/docs/concepts/security/secrets-good-practices/",
    judge=judge,
    config_schema={"notSecret": titles_schema("objects whose values only look like secrets")},
)
