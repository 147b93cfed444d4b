"""What a manifest says to kubectl, it says to the rules: tricks of reading are judged, or the file is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from policies.check.__main__ import main
from tests.policy.support.sample import PINNED

PODS, RESTRICTED, IMAGES = "pod-security-baseline", "pod-security-restricted", "images-pinned-by-digest"
CLOSED, RIGHTS, SECRETS = "network-closed", "rbac-least", "secrets-stay-secret"


def checked(path: Path, text: str, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, dict[str, Any]]:
    path.write_bytes(text.encode())
    status = main([str(path), "--output", "json", *options])
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    content: dict[str, Any] = json.loads(captured.out)
    return status, content


def pod(spec: str = "", container: str = "", image: str = PINNED) -> str:
    return (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: team}\n"
        f"spec:\n  {spec}\n  containers:\n  - name: a\n    image: {image}\n    {container}\n"
    )


def service(kind: str) -> str:
    return f"apiVersion: v1\nkind: Service\nmetadata: {{name: s, namespace: team}}\nspec: {{type: {kind}}}\n"


def binding(name: str) -> str:
    return (
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: b, namespace: team}\n"
        f"roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {name}}}\nsubjects: []\n"
    )


def variable(value: str) -> str:
    return pod(container=f"env: [{{name: DB_PASSWORD, value: {value}}}]")


DB_PASSWORD = "!!binary REJfUEFTU1dPUkQ="
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: team}\n"
OPEN = "{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {type: NodePort}}"
LIST = "apiVersion: v1\nkind: List\nitems:\n"
PODS_OF = "apiVersion: v1\nkind: PodList\nitems: "

# fmt: off
DENIED: dict[str, tuple[str, str]] = {
    # A tag of bytes as a key or as a value is the text that the bytes are.
    "hostPID as bytes": (pod("!!binary aG9zdFBJRA==: true"), PODS),
    "hostNetwork as bytes": (pod('!!binary "aG9zdE5ldHdvcms=": true'), PODS),
    "privileged as bytes": (pod(container="securityContext: {!!binary cHJpdmlsZWdlZA==: true}"), PODS),
    "hostPath as bytes": (pod("volumes: [{name: v, !!binary aG9zdFBhdGg=: {path: /}}]"), PODS),
    "NodePort as bytes": (service("!!binary Tm9kZVBvcnQ="), CLOSED),
    "LoadBalancer as bytes": (service("!<tag:yaml.org,2002:binary> TG9hZEJhbGFuY2Vy"), CLOSED),
    "an image as bytes": (pod(image="!!binary bmdpbng="), IMAGES),
    "cluster-admin as bytes": (binding("!!binary Y2x1c3Rlci1hZG1pbg=="), RIGHTS),
    "a password as bytes": (variable("!!binary aHVudGVyMmh1bnRlcjI="), SECRETS),
    "a password as bytes in quotes": (variable("!!binary 'aHVudGVyMmh1bnRlcjI='"), SECRETS),
    "a name of a password as bytes": (pod(container=f"env: [{{name: {DB_PASSWORD}, value: hunter2hunter2}}]"), SECRETS),
    "a password as bytes in a ConfigMap": (f"{CONFIG}data: {{DB_PASSWORD: !!binary aHVudGVyMmh1bnRlcjI=}}\n", SECRETS),
    "a key of a password as bytes": (f"{CONFIG}data: {{{DB_PASSWORD}: hunter2hunter2}}\n", SECRETS),
    # Text is text, whatever else it looks like to other readers.
    "an image that looks like a date": (pod(image="2026-01-01"), IMAGES),
    "an image that looks like a time": (pod(image="2026-01-01T10:00:00Z"), IMAGES),
    "an image that looks like minutes": (pod(image="1:30:00"), IMAGES),
    "an image that cannot be a date": (pod(image="2026-99-99"), IMAGES),
    "an image behind =": (pod(image="="), IMAGES),
    "a password that is a number by its letters": (variable("!!str 0123456789012345"), SECRETS),
    # Numbers and truth values in every spelling.
    "root in octal": (pod("securityContext: {runAsUser: 0o0}"), RESTRICTED),
    "root in old octal": (pod("securityContext: {runAsUser: 00}"), RESTRICTED),
    "root in hexadecimal": (pod("securityContext: {runAsUser: 0x0}"), RESTRICTED),
    "root by a tag": (pod("securityContext: {runAsUser: !!int '0'}"), RESTRICTED),
    "root with an exponent": (pod("securityContext: {runAsUser: 0e0}"), RESTRICTED),
    "hostPID: y": (pod("hostPID: y"), PODS),
    "hostPID: On": (pod("hostPID: On"), PODS),
    "hostPID by a tag": (pod("hostPID: !!bool 'yes'"), PODS),
    # A merge counts where it stands.
    "a merge before": (pod(container="<<: {securityContext: {privileged: true}}"), PODS),
    "a merge of aliases": (pod(container="<<: [{tty: true}, {securityContext: {privileged: true}}]"), PODS),
    "an alias": (pod("securityContext: &a {seLinuxOptions: {user: x}}\n  overhead: *a"), PODS),
    # Whatever has items is a list.
    "a list of pods without kinds": (f"{PODS_OF}[{{metadata: {{name: p}}, spec: {{hostPID: true}}}}]\n", PODS),
    "a list that calls itself otherwise": (f"{LIST.replace('List', 'ConfigMap')}- {OPEN}\n", CLOSED),
    "a list in a list": (f"{LIST}- {{apiVersion: v1, kind: List, items: [{OPEN}]}}\n", CLOSED),
}
# fmt: on


@pytest.mark.parametrize("name", DENIED)
def test_a_rule_sees_what_kubectl_sees(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, rule = DENIED[name]
    status, content = checked(tmp_path / "a.yaml", text, capsys)
    assert content["faults"] == []
    assert rule in {entry["rule"] for entry in content["violations"] if entry["level"] == "mandatory"}
    assert status == 1


DEEP = 900
# fmt: off
REFUSED: dict[str, str] = {
    "an image behind a pinned one": pod(container='<<: {image: "evil:latest"}'),
    "privileged behind unprivileged": pod(
        container="securityContext: {privileged: false, <<: {privileged: true}}"
    ),
    "a type behind a type": service("ClusterIP, <<: {type: NodePort}"),
    "a list of merges behind its key": pod("hostPID: false\n  <<: [{tty: true}, {hostPID: true}]"),
    "memory that is no number": pod(container="resources: {requests: {memory: .nan}}"),
    "cpu without an end": pod(container="resources: {limits: {cpu: .inf}}"),
    "replicas that are no number": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {replicas: .NaN}",
    "JSON that is nested deeply": '{"apiVersion":"v1","kind":"Pod","spec":{"hostPID":true,"x":'
    + '{"a":' * DEEP + "1" + "}" * DEEP + "}}",
    "lists that are nested deeply": pod("x: " + "[" * DEEP + "]" * DEEP),
    "mappings that are nested deeply": pod("x: " + "{a: " * DEEP + "1" + "}" * DEEP),
    "dashes that are nested deeply": pod("x:\n  " + "- " * DEEP + "a"),
    "a list in a list that is nested deeply": f"{LIST}- {OPEN.replace('NodePort', '[' * DEEP + ']' * DEEP)}\n",
    "a tag that a reader might take for a field": pod("!ruby/sym hostPID: true"),
    "a key in two spellings": pod("hostPID: false\n  !!binary aG9zdFBJRA==: true"),
    "a list as a key": pod("? [hostPID]\n  : true"),
    "a document in disguise": service("ClusterIP") + "...\n" + service("NodePort"),
}
# fmt: on


@pytest.mark.parametrize("name", REFUSED)
def test_what_readers_may_take_otherwise_is_refused(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, content = checked(tmp_path / "a.yaml", REFUSED[name], capsys)
    assert status == 2
    assert len(content["faults"]) == 1
    assert content["objects"] <= 1


GOOD: dict[str, str] = {
    "the sign = in an enum": "spec: {enum: [=, '!=']}",
    "the sign = as a matcher": "spec: {matchers: [{name: team, matchType: =, value: a}]}",
    "the sign = as a key": "spec: {=: a, =~: b}",
    "the sign = alone": "spec: =",
    "a port as a key": 'data: {9000: "team/server:8080"}',
    "two ports as keys": 'data: {53: "kube-system/dns:53", 0x36: a}',
    "a version as a key": "data: {1.29: old, 1.3: new}",
    "truth as a key": "data: {on: a, n: b}",
    "a date as a key": "data: {2026-01-01: holiday}",
    "bytes as a value": "binaryData: {a: !!binary YWJj}",
    "a merge that stands first": "data: {<<: {a: x, b: y}, b: z}",
    "a value that is just deep enough": "spec: " + "{a: " * 150 + "1" + "}" * 150,
    "a large number": "spec: {limit: 18446744073709551615, factor: 1e300}",
}


@pytest.mark.parametrize("name", GOOD)
def test_what_kubectl_takes_in_one_way_is_readable(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c, namespace: team}}\n{GOOD[name]}\n"
    _, content = checked(tmp_path / "a.yaml", text, capsys)
    assert content["faults"] == content["failures"] == []
    assert content["objects"] == 1


def test_no_rule_fails_on_what_is_just_shallow_enough(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Rules walk down: the reader's bound must end before Python's does."""
    kinds = ("v1 Pod", "apps/v1 Deployment", "example.com/v1 Thing", "v1 ConfigMap", "v1 List", "v1 Template",
             "serving.kserve.io/v1beta1 InferenceService", "argoproj.io/v1alpha1 Workflow")  # fmt: skip
    texts = []
    for kind in kinds:
        version, name = kind.split(" ")
        for opening in ("{spec: ", "{template: ", "{a: ", "[", "{env: [", "{containers: [", "{metadata: {labels: "):
            levels = 190 // (opening.count("{") + opening.count("["))
            closing = "".join({"{": "}", "[": "]"}[sign] for sign in reversed(opening) if sign in "{[")
            value = f"{opening * levels}1{closing * levels}"
            texts.append(f"apiVersion: {version}\nkind: {name}\nmetadata: {{name: x}}\nspec: {value}\n")
            texts.append(f"apiVersion: {version}\nkind: {name}\nmetadata: {{name: x}}\nobjects: [{value}]\n")
    _, content = checked(tmp_path / "a.yaml", "---\n".join(texts), capsys)
    assert content["faults"] == content["failures"] == []
    assert content["objects"] == len(texts)
