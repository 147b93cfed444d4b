"""What the cluster's own policies read beside the object that they judge: never a Secret, for they show what they read.

Their program may read everything, and whoever writes a message of a policy sees what stands in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, shown

_STRINGS = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`[^`]*`")
_READS = re.compile(r"\.\s*(?:Get|List)\s*\(")
_PLAIN_READS = re.compile(r"\.\s*(?:Get|List)\s*\(\s*~\d+~\s*,\s*~(\d+)~\s*[,)]")
_VARIABLE = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_OF_NAMES = re.compile(
    r"\{\{\s*(?:request\.(?:name|namespace)|request\.object\.metadata\.(?:name|namespace)"
    r"|element\.metadata\.(?:name|namespace)|serviceAccountName|serviceAccountNamespace)\s*\}\}"
)
"""Variables of Kyverno that are names, and so hold no slash."""

_PATH = re.compile(
    r"/(?:api/v1|apis/[a-z0-9.-]+/v[a-z0-9]+)(?:/namespaces/[^/]+)?/(?P<resource>[a-z0-9]+)(?:/[^/]+)?(?:/(?:status|scale))?"
)
_CONTEXT = ("name", "configMap", "apiCall", "variable")
_OF_OTHERS = re.compile(r"(?<![\w.])globalContext(?!\w)")
_SECRETS = "secret"
_PARAMETERS = ("ConfigMap", "Namespace")
_SHOWS = "a policy shows what it reads, and its program may read every Secret"


def parameters(spec: JsonValue) -> Iterator[Fault]:
    """The kind of the parameters of a policy: what stands in them can come into its messages."""
    kind = at(spec, "paramKind")
    version, name = at(kind, "apiVersion"), at(kind, "kind")
    if UNKNOWN in (kind, version, name):
        yield Fault(path="spec.paramKind", text=NOT_KNOWN)
    elif kind is not None and "/" not in str(version) and name not in _PARAMETERS:
        yield Fault(path="spec.paramKind.kind", text=f"{shown(name)}: {_SHOWS}")


def address(path: JsonValue) -> str | None:
    """Why a policy of Kyverno may not read a path of the API; None where it may."""
    if not isinstance(path, str):
        return NOT_KNOWN if path is UNKNOWN else f"{shown(path)}: what it reads cannot be seen"
    plain = _VARIABLE.sub(lambda match: "x" if _OF_NAMES.fullmatch(match[0]) else "/?/", path.partition("?")[0])
    match = _PATH.fullmatch(plain)
    if match is None:
        return f"{shown(path)}: which kind of object it reads cannot be seen"
    return f"{shown(path)}: {_SHOWS}" if _SECRETS in match["resource"] else None


def strange_context(context: JsonValue, path: str) -> Iterator[Fault]:
    """What a rule of Kyverno takes in beside ConfigMaps and calls that are judged: registries, and what others read."""
    for where, entry in listed(context, path):
        for field in entry if isinstance(entry, dict) else ():
            if field not in _CONTEXT:
                yield Fault(path=f"{where}.{field}", text="whom it asks, and what it reads, cannot be seen here")


def is_plain(text: str) -> bool:
    """Whether each read of an expression in CEL says a kind of object by a plain word, and none is of Secrets."""
    words: list[str] = []

    def kept(match: re.Match[str]) -> str:
        words.append(match[0][1:-1])
        return f"~{len(words) - 1}~"

    code = _STRINGS.sub(kept, text)
    if _OF_OTHERS.search(code):
        return False
    found = [words[int(match[1])] for match in _PLAIN_READS.finditer(code)]
    known = all(re.fullmatch(r"[\w./-]*", word) and _SECRETS not in word.lower() for word in found)
    return known and len(found) == len(_READS.findall(code))
