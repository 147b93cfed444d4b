"""Samples of the rule on kinds: what the table has, what it has not, statements, and kinds inside other objects."""

from __future__ import annotations

import base64
import dataclasses
from typing import Any

from tests.policy.support.objects import manifest, pod_spec
from tests.policy.support.sample import UNKNOWN_VALUE, WORLD, Sample, table

_NOT_UNDERSTOOD = "which the pack does not understand"
_GADGET_TYPE = "kubernetes:example.com/v1:Gadget"
_GADGET = manifest("example.com/v1", "Gadget", {"size": 1})
_STATED = {"group": "example.com", "kind": "Gadget", "reason": "holds the sizes of gadgets"}
_WITH_POD = {**_GADGET, "spec": {"podTemplate": {"spec": pod_spec()}}}
_INNER = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": {}}
_TEXT = "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\nspec: {}\n"
_SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {}\n"


def _said(*statements: Any) -> Any:
    return dataclasses.replace(WORLD, settings={**WORLD.settings, "policy": {"kinds": list(statements)}})


def _settings(name: str, statement: Any, *says: str, inputs: dict[str, Any] = _GADGET) -> Sample:
    return Sample(name=name, resource_type=_GADGET_TYPE, inputs=inputs, says=says, world=_said(statement))


def _kind(version: str, kind: str, *says: str) -> Sample:
    return Sample(
        name=f"{kind} of {version}",
        resource_type=f"kubernetes:{'core/v1' if version == 'v1' else version}:{kind}",
        inputs=manifest(version, kind, {"a": 1}),
        says=says,
    )


_TABLE = (
    *(_kind(version, kind) for version, kind in (("apps/v1", "Deployment"), ("v1", "Service"), ("batch/v1", "Job"))),
    *(_kind(version, kind) for version, kind in (("route.openshift.io/v1", "Route"), ("tekton.dev/v1", "Task"))),
    # Refused by a rule of its own, which says it better.
    *(_kind(version, kind) for version, kind in (("traefik.io/v1alpha1", "Middleware"), ("kubeai.org/v1", "Model"))),
    *(
        _kind(version, kind, f"kind: is {kind} of {version.rpartition('/')[0] or 'core'}, {_NOT_UNDERSTOOD}")
        for version, kind in (
            *(("example.com/v1", "Gadget"), ("v1", "Node"), ("v1", "Binding"), ("apps/v1", "Deploymint")),
            *(("kubevirt.io/v1", "VirtualMachine"), ("ray.io/v1", "RayService"), ("argoproj.io/v1alpha1", "Sensor")),
            *(("config.openshift.io/v1", "Proxy"), ("serving.kserve.io/v1", "Novelty"), ("tekton.dev/v1", "Customrun")),
            *(("resource.k8s.io/v1", "ResourceClaim"), ("notapps/v1", "Deployment"), ("monitoring.coreos.com/v1", "X")),
        )
    ),
    Sample(name="no object of Kubernetes", resource_type="random:index/randomPet:RandomPet", inputs={"length": 2}),
    Sample(
        name="a patch of what is understood",
        resource_type="kubernetes:apps/v1:DeploymentPatch",
        inputs={"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}},
    ),
    Sample(
        name="a list of its kind",
        resource_type="kubernetes:core/v1:ConfigMapList",
        inputs={"apiVersion": "v1", "kind": "ConfigMapList", "items": [{"metadata": {"name": "a"}, "data": {}}]},
    ),
    Sample(
        name="a list of a strange kind",
        resource_type=f"{_GADGET_TYPE}List",
        inputs={"apiVersion": "example.com/v1", "kind": "GadgetList", "items": [{"metadata": {"name": "a"}}]},
        says=(f"items[0].kind: is Gadget of example.com, {_NOT_UNDERSTOOD}",),
    ),
    *(
        Sample(
            name=f"a list of {what}",
            resource_type="kubernetes:example.com/v1:AllowList",
            inputs={**manifest("example.com/v1", "AllowList", {}), **fields},
            says=(_NOT_UNDERSTOOD,),
        )
        for what, fields in {
            "words": {"items": ["a"]},
            "nothing, with a specification": {"items": []},
            "what is no list": {"items": {"a": "b"}},
        }.items()
    ),
    Sample(
        name="a name that only ends like a list",
        resource_type="kubernetes:example.com/v1:AllowList",
        inputs=manifest("example.com/v1", "AllowList", {}),
        says=(_NOT_UNDERSTOOD,),
    ),
    Sample(
        name="a kind that is not known",
        resource_type=_GADGET_TYPE,
        inputs={**_GADGET, "kind": UNKNOWN_VALUE},
        says=("kind: is not known before the update",),
    ),
)

_STATEMENTS = (
    _settings("stated", _STATED),
    _settings("stated, without pods", {**_STATED, "carriesPods": False}),
    _settings("stated with its pods", {**_STATED, "carriesPods": True}, inputs=_WITH_POD),
    _settings(
        "pods that were not stated", _STATED, "without carriesPods, and spec.podTemplate.spec is a", inputs=_WITH_POD
    ),
    _settings("stated pods that are not there", {**_STATED, "carriesPods": True}, "no pod is found in it"),
    _settings("another kind is stated", {**_STATED, "kind": "Widget"}, _NOT_UNDERSTOOD),
    _settings("another group is stated", {**_STATED, "group": "example.org"}, _NOT_UNDERSTOOD),
    _settings("no reason", {**_STATED, "reason": " "}, f"{_NOT_UNDERSTOOD}; 1 of the statements about kinds cannot be"),
    _settings("every kind of a group", {**_STATED, "kind": "*"}, "1 of the statements about kinds cannot be read"),
    _settings("an unknown key", {**_STATED, "approved": True}, "1 of the statements about kinds cannot be read"),
    _settings("no mapping", "example.com/Gadget", "1 of the statements about kinds cannot be read"),
    *table(_GADGET_TYPE, _GADGET, ("stated in the configuration", {}), config={"kinds": [_STATED]}),
    *table(_GADGET_TYPE, _GADGET, ("another one in the configuration", {}, _NOT_UNDERSTOOD), config={"kinds": [{}]}),
)

_CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "team"}}
_MAP_IN_MAP = """
apiVersion: v1
kind: ConfigMap
data:
  b: |
    apiVersion: x/v1
    kind: Widget
    spec: {}
"""
_BOMB = ["a0: &a0 [x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9))]
_SECRET = {**_CONFIG_MAP, "kind": "Secret"}
_KUBECONFIG = "apiVersion: v1\nkind: Config\nclusters: []\n"
_INSIDE = (
    *table(
        "kubernetes:argoproj.io/v1alpha1:Workflow",
        manifest("argoproj.io/v1alpha1", "Workflow", {"templates": [{"name": "a"}]}),
        ("nothing inside", {}),
        (
            "a widget in a field",
            {"spec object": _INNER},
            f"spec.object.kind: is Widget of example.com, {_NOT_UNDERSTOOD}",
        ),
        ("a widget in a list", {"spec many": [[_INNER]]}, "spec.many[0][0].kind: is Widget of example.com"),
        ("a widget in a text", {"spec templates 0 resource": {"manifest": _TEXT}}, "resource.manifest.kind: is Widget"),
        (
            "a widget in JSON",
            {"spec a": '{"apiVersion": "example.com/v1", "kind": "Widget", "spec": {}}'},
            "a.kind: is",
        ),
        ("a name of a widget", {"spec ref": {"apiVersion": "example.com/v1", "kind": "Widget", "name": "w"}}),
        (
            "a widget in a service",
            {"spec a": {**_INNER, "apiVersion": "v1", "kind": "Service", "spec": {"b": _INNER}}},
            "a.spec.b",
        ),
        (
            "text that cannot be read",
            {"spec a": "apiVersion: v1\nkind: {{ .Kind }}}\n"},
            "spec.a: looks like manifests",
        ),
        ("text about manifests", {"spec a": "an apiVersion: and a kind: stand in every manifest"}),
    ),
    *table(
        "kubernetes:core/v1:ConfigMap",
        _CONFIG_MAP,
        ("a service in a ConfigMap", {"data": {"a": _SERVICE}}),
        (
            "a widget in a ConfigMap",
            {"data": {"a": f"{_SERVICE}---\n{_TEXT}"}},
            "data.a.kind: is Widget of example.com",
        ),
        (
            "a widget in bytes",
            {"binaryData": {"a": base64.b64encode(_TEXT.encode()).decode()}},
            "binaryData.a.kind: is",
        ),
        ("a program's configuration", {"data": {"a": _KUBECONFIG}}),
        *(
            (f"a file of {version}", {"data": {"a": f"apiVersion: {version}\nkind: {kind}\nspec: {{}}\n"}})
            for version, kind in (
                ("kubelet.config.k8s.io/v1beta1", "KubeletConfiguration"),
                ("dashboard.grafana.app/v1beta1", "Dashboard"),
                ("audit.k8s.io/v1", "Policy"),
            )
        ),
        (
            "letters by their numbers",
            {"data": {"a": '{"\\u0061piVersion": "x/v1", "k\\u0069nd": "Widget", "spec": {}}'}},
            "data.a.kind: is Widget of x",
        ),
        (
            "keys by a mark",
            {"data": {"a": "? apiVersion\n: x/v1\n? kind\n: Widget\n? spec\n: {}\n"}},
            "data.a.kind: is Widget",
        ),
        (
            "a merge",
            {"data": {"a": "a: &a {apiVersion: x/v1}\nb: {<<: *a, kind: Widget, spec: {}}\n"}},
            "data.a.b.kind: is",
        ),
        (
            "too many values",
            {"data": {"a": "apiVersion: v1\nkind: A\n" + "\n".join(_BOMB)}},
            "data.a: looks like manifests and cannot be read",
        ),
        (
            "a list in a ConfigMap",
            {"data": {"a": f"- {_TEXT.replace(chr(10), chr(10) + '  ')}"}},
            "data.a.kind: is Widget",
        ),
        (
            "a ConfigMap in a ConfigMap",
            {"data": {"a": _MAP_IN_MAP}},
            "data.a.data.b.kind: is Widget of x",
        ),
    ),
    *table(
        "kubernetes:core/v1:Secret",
        _SECRET,
        ("a key in a Secret", {"stringData": {"a": "b"}}),
        ("a kubeconfig in a Secret", {"stringData": {"a": _KUBECONFIG}}),
        (
            "a service in a Secret",
            {"stringData": {"a": _SERVICE}},
            "a: holds a Service, which nobody can review",
        ),
        (
            "a service in a Secret's bytes",
            {"data": {"a": base64.b64encode(_SERVICE.encode()).decode()}},
            "data.a: holds a",
        ),
    ),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {"kinds-known": (*_TABLE, *_STATEMENTS, *_INSIDE)}
