"""The files of a rendered branch: one manifest each, in a form that changes only when an object does."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml

from infra.faults import HIDDEN, Fault, FaultsError
from tools.gitops.manifests import SOURCE, Manifest, Rendered, SecretName

FOLDER = "manifests"
SECRETS_FILE = "secrets.yaml"
_CLUSTER = "cluster"
_ODD = re.compile(r"[^a-z0-9.-]")

WAVE, OPTIONS = "argocd.argoproj.io/sync-wave", "argocd.argoproj.io/sync-options"
_WAVES = {"PriorityClass": "-1", "InferenceService": "1", "LLMInferenceService": "1"}
"""Argo CD orders Kubernetes' own kinds by itself. Pods name a PriorityClass; services come after runtimes and loads."""

_OPTIONS = {
    "PersistentVolumeClaim": "Prune=false,Delete=false",
    "Namespace": "Prune=false,Delete=false",
    "PriorityClass": "Force=true,Replace=true",
}
"""What holds data is removed by a person; `Prune=confirm` would hold up every later sync until it is answered.
Kubernetes changes no PriorityClass in place."""

_SECRETS_HEAD = """\
# Secrets that the manifests name. Git never holds them. Each one is made in the cluster by your secret store, or by the
# project's own update of the object store's part: docs/pipelines.md, What Argo CD does not make.
"""


def files(rendered: Rendered, known: Mapping[str, str]) -> dict[str, str]:
    """Texts by path. `known` are secrets by the name of their variable; raise FaultsError where an object has one.

    They are looked for in the objects' own words, as they are, in base64, and as JSON writes them: YAML breaks and
    escapes what it writes.
    """
    texts = {path_of(one): _text(_annotated(one)) for one in rendered.manifests}
    if len(texts) != len(rendered.manifests):
        twice = sorted(str(one) for one in rendered.manifests if _count(one, rendered.manifests) > 1)
        rule = "names that differ by their letters from a to z, digits, dots and hyphens"
        raise FaultsError(SOURCE, [Fault(path=name, value="file", rule=rule, example="support") for name in twice])
    texts[SECRETS_FILE] = _secrets(rendered.secrets)
    said = {path_of(one): [*_words(one.content)] for one in rendered.manifests} | {SECRETS_FILE: [texts[SECRETS_FILE]]}
    faults = [
        Fault(path=path, value=HIDDEN, rule=f"no secret, and this holds the value of {name}", example="a reference")
        for path, words in said.items()
        for name, value in known.items()
        if value and any(form in word for form in _forms(value) for word in words)
    ]
    if faults:
        raise FaultsError(SOURCE, faults)
    return texts


def path_of(one: Manifest) -> str:
    """Such as `manifests/helpdesk-dev/networkpolicy-deny-all.yaml`."""
    words = [one.kind.lower(), *([one.group.partition(".")[0]] if one.group else []), one.name.lower()]
    return f"{FOLDER}/{one.namespace or _CLUSTER}/{_ODD.sub('_', '-'.join(words))}.yaml"


def _count(one: Manifest, every: Iterable[Manifest]) -> int:
    return sum(path_of(other) == path_of(one) for other in every)


def _annotated(one: Manifest) -> dict[str, Any]:
    """The object with what tells Argo CD its place in the order, and what it may not do alone."""
    marks = {WAVE: _WAVES.get(one.kind), OPTIONS: _OPTIONS.get(one.kind)}
    added = {key: value for key, value in marks.items() if value}
    metadata = dict(one.content["metadata"])
    if added:
        metadata["annotations"] = {**(metadata.get("annotations") or {}), **added}
    return {**one.content, "metadata": metadata}


def _words(content: Any) -> Iterator[str]:
    """Every text in an object, names of fields too."""
    if isinstance(content, Mapping):
        for key, value in content.items():
            yield from (str(key), *_words(value))
    elif isinstance(content, list):
        for value in content:
            yield from _words(value)
    else:
        yield str(content)


def _forms(value: str) -> set[str]:
    return {value, base64.b64encode(value.encode(errors="surrogateescape")).decode(), json.dumps(value)[1:-1]}


def _text(content: Any) -> str:
    return yaml.safe_dump(content, sort_keys=True, width=120, allow_unicode=True)


def _secrets(secrets: Iterable[SecretName]) -> str:
    rows = [{"namespace": one.namespace, "name": one.name, "keys": list(one.keys)} for one in secrets]
    return _SECRETS_HEAD + yaml.safe_dump({"secrets": rows}, sort_keys=False, width=120)
