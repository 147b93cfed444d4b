"""Samples of manifests that stand packed in an object or are written by templates, and of archives that stay shut."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from typing import Any

from tests.policy.support.objects import manifest
from tests.policy.support.sample import UNKNOWN_VALUE, Sample, table

_MAP_TYPE = "kubernetes:core/v1:ConfigMap"
_MAP: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "team"}}
_SECRET: dict[str, Any] = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a", "namespace": "team"}}
_POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {hostPID: true, containers: [{name: a, image: b}]}\n"
_DASHBOARD = json.dumps({"title": "requests", "panels": [{"type": "graph", "targets": [{"expr": "up"}]}]})
_STRANGE = _POD.replace("kind: Pod", "kind: Gadget").replace("apiVersion: v1", "apiVersion: example.com/v1")


def _coded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _zipped(text: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("a/b.yaml"), text)
    return held.getvalue()


def _tarred(text: str) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        member = tarfile.TarInfo("a.yaml")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text.encode()))
    return held.getvalue()


def _packings(text: str) -> dict[str, bytes]:
    plain = text.encode()
    small = gzip.compress(plain, mtime=0)
    return {
        "base64 alone": plain,
        "gzip": small,
        "gzip in two members": gzip.compress(plain[:30], mtime=0) + gzip.compress(plain[30:], mtime=0),
        "gzip in base64": base64.b64encode(small),
        "gzip twice": gzip.compress(small, mtime=0),
        "bzip2": bz2.compress(plain),
        "bzip2 in two streams": bz2.compress(plain[:30]) + bz2.compress(plain[30:]),
        "xz": lzma.compress(plain),
        "zip": _zipped(text),
        "zip behind a script": b"#!/bin/sh\nexit\n" + _zipped(text),
        "UTF-16": text.encode("utf-16"),
        "tar": _tarred(text),
        "tar in gzip": gzip.compress(_tarred(text), mtime=0),
    }


_SHUT = {
    "a broken end": gzip.compress(_POD.encode(), mtime=0)[:-20],
    "zstd": b"\x28\xb5\x2f\xfd" + bytes(range(60)),
    "7z": b"7z\xbc\xaf\x27\x1c" + bytes(range(60)),
    "a broken zip": b"PK\x03\x04" + bytes(range(60)),
    "too much of gzip": gzip.compress(bytes(17 * 2**20), mtime=0),
    "too much of zip": _zipped("a" * (17 * 2**20)),
    "more packings than are opened": gzip.compress(
        gzip.compress(gzip.compress(gzip.compress(gzip.compress(b"a" * 99, mtime=0), mtime=0), mtime=0), mtime=0),
        mtime=0,
    ),
}
_OPEN = {
    "a key store": b"\xfe\xed\xfe\xed" + bytes(range(255)),
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(range(255)),
    **{f"a dashboard in {name}": data for name, data in _packings(_DASHBOARD).items()},
}
_MAPS = (
    *table(
        _MAP_TYPE,
        _MAP,
        *(
            (
                f"a pod in {name}, as {field}",
                {field: {"a": _coded(data)}},
                f"ConfigMap team/a: {field}.a: spec.hostPID: is True",
            )
            for name, data in _packings(_POD).items()
            for field in ("data", "binaryData")
        ),
        (
            "a pod in base64, in lines",
            {"data": {"a": base64.encodebytes(_POD.encode()).decode()}},
            "data.a: spec.hostPID",
        ),
        (
            "a pod in base64 for addresses",
            {"data": {"a": base64.urlsafe_b64encode(_POD.encode()).decode().rstrip("=")}},
            "data.a: spec.hostPID",
        ),
    ),
)
_TEMPLATES = {
    "with actions": '{{- $k := "Pod" }}\n{{ "apiVersion" }}: v1\n{{ "kind" }}: {{ $k }}\nspec: {hostPID: true}\n',
    "with other quotes": "{{ `apiVersion` }}: v1\n{{ 'kind' }}: {{ a }}\n",
    "with the words as values": '{{ $a := "apiVersion" }}{{ $b := "kind" }}{{ $a }}: v1\n{{ $b }}: Pod\n{{ end }}: [',
    "of Helm": "{{ if .Values.a }}\napiVersion: v1\nkind: Pod\n{{ end }}\n",
}
_EXPRESSIONS = ("{{inputs.parameters.m}}", "${schema.spec.a}", "$(params.a)", "a: {{b}}")
_KNOWN = (
    *table(
        _MAP_TYPE,
        _MAP,
        *((f"nothing in {name}", {"binaryData": {"a": _coded(data)}}) for name, data in _OPEN.items()),
        ("a sum", {"data": {"sha256": "0f" * 32}}),
        ("settings with places for values", {"data": {"a.yaml": "url: ${URL}\nname: {{ name }}\nkind: {{ kind }}\n"}}),
        *(
            (
                f"{name} is shut",
                {"binaryData": {"a": _coded(data)}},
                "binaryData.a: is an archive that cannot be opened",
            )
            for name, data in _SHUT.items()
        ),
        *(
            (f"a template {name}", {"data": {"a.tpl": text}}, "data.a.tpl: looks like manifests and cannot be read")
            for name, text in _TEMPLATES.items()
        ),
        *(
            (
                f"a strange kind in {name}",
                {"binaryData": {"a": _coded(data)}},
                "binaryData.a.kind: is Gadget of example.com",
            )
            for name, data in _packings(_STRANGE).items()
        ),
    ),
    *table(
        "kubernetes:core/v1:Secret",
        _SECRET,
        ("a key store in a Secret", {"data": {"a": _coded(_OPEN["a key store"])}}),
        (
            "a release of Helm",
            {
                "data": {
                    "release": _coded(base64.b64encode(gzip.compress(json.dumps({"manifest": _POD}).encode(), mtime=0)))
                }
            },
            "data.release.manifest: holds a Pod, which nobody can review in a Secret",
        ),
        (
            "a shut archive in a Secret",
            {"data": {"a": _coded(_SHUT["zstd"])}},
            "data.a: is an archive that cannot be opened",
        ),
        ("a pod as text in base64", {"stringData": {"a": _coded(_POD.encode())}}, "ata.a: holds a Pod"),
    ),
    *table(
        "kubernetes:argoproj.io/v1alpha1:Workflow",
        manifest(
            "argoproj.io/v1alpha1", "Workflow", {"templates": [{"resource": {"action": "create", "manifest": ""}}]}
        ),
        ("no manifest", {}),
        *(
            (
                f"a manifest that is {text}",
                {"spec templates 0 resource manifest": text},
                "resource.manifest: looks like manifests",
            )
            for text in _EXPRESSIONS
        ),
        (
            "a manifest not known",
            {"spec templates 0 resource manifest": UNKNOWN_VALUE},
            "resource.manifest: looks like",
        ),
    ),
    *table(
        "kubernetes:triggers.tekton.dev/v1beta1:TriggerTemplate",
        manifest("triggers.tekton.dev/v1beta1", "TriggerTemplate", {"resourcetemplates": []}),
        (
            "whatever a caller sends",
            {"spec resourcetemplates": ["$(tt.params.a)"]},
            "spec.resourcetemplates[0]: looks like",
        ),
    ),
    *table(
        "kubernetes:argoproj.io/v1alpha1:Rollout",
        manifest(
            "argoproj.io/v1alpha1", "Rollout", {"workloadRef": {"apiVersion": "example.com/v1", "kind": "Gadget"}}
        ),
        ("a kind that is named", {}),
        (
            "a kind that is made",
            {"spec made": {"apiVersion": "example.com/v1", "kind": "Gadget"}},
            "spec.made.kind: is Gadget",
        ),
    ),
)
_WRITES = manifest(
    "external-secrets.io/v1",
    "ExternalSecret",
    {"target": {"template": {"templateFrom": [{"target": "Data", "literal": "a: b"}]}}},
)
_WRITTEN = table(
    "kubernetes:external-secrets.io/v1:ExternalSecret",
    _WRITES,
    ("data of a Secret", {}),
    *(
        (
            f"a {kind} out of texts",
            {"spec target manifest": {"apiVersion": version, "kind": kind}},
            f"target.manifest: makes a {kind} out of texts",
        )
        for version, kind in (
            ("apps/v1", "Deployment"),
            ("rbac.authorization.k8s.io/v1", "RoleBinding"),
            ("v1", "ConfigMap"),
        )
    ),
    (
        "a part of an object",
        {"spec target template templateFrom 0 target": "roleRef"},
        "templateFrom[0].target: is 'roleRef'",
    ),
    ("a target not known", {"spec target": UNKNOWN_VALUE}, "spec.target: is not known"),
)
_FOR_ALL = table(
    "kubernetes:external-secrets.io/v1:ClusterExternalSecret",
    {**_WRITES, "kind": "ClusterExternalSecret", "spec": {"externalSecretSpec": _WRITES["spec"]}},
    (
        "an object in many namespaces",
        {"spec externalSecretSpec target manifest": {"apiVersion": "v1", "kind": "Pod"}},
        "spec.externalSecretSpec.target.manifest: makes a Pod out of texts",
    ),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {
    "kinds-known": _KNOWN,
    "pod-security-baseline": _MAPS,
    "rendered-elsewhere": (*_WRITTEN, *_FOR_ALL),
}
