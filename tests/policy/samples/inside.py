"""Samples of rules that are asked about objects inside other objects: in fields, in lists, in texts, in Templates."""

from __future__ import annotations

import json
from typing import Any

from tests.policy.support.objects import manifest, pod_spec
from tests.policy.support.sample import PINNED, Sample, changed, table

_META = {"name": "sample", "namespace": "team"}
_BINDING: dict[str, Any] = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRoleBinding",
    "metadata": {"name": "x"},
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
    "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": "team"}],
}
_HARMLESS = changed(_BINDING, {"roleRef name": "view"})
_OPEN = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"type": "NodePort"}}
_ROUTE = {
    "apiVersion": "route.openshift.io/v1",
    "kind": "Route",
    "metadata": {"name": "r"},
    "spec": {"host": "a.example.com"},
}
_POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": pod_spec()}
_BAD_POD = changed(_POD, {"spec containers 0 image": "evil:latest", "spec hostPID": True})

HOLDERS: dict[str, tuple[dict[str, Any], str]] = {
    "Crossplane's Object": (
        manifest("kubernetes.crossplane.io/v1alpha2", "Object", {"forProvider": {"manifest": None}}),
        "spec forProvider manifest",
    ),
    "a policy of many clusters": (
        manifest(
            "policy.open-cluster-management.io/v1",
            "Policy",
            {
                "policy-templates": [
                    {
                        "objectDefinition": {
                            "apiVersion": "policy.open-cluster-management.io/v1",
                            "kind": "ConfigurationPolicy",
                            "metadata": {"name": "c"},
                            "spec": {"object-templates": [{"objectDefinition": None}]},
                        }
                    }
                ]
            },
        ),
        "spec policy-templates 0 objectDefinition spec object-templates 0 objectDefinition",
    ),
    "kro's graph": (
        manifest("kro.run/v1alpha1", "ResourceGraphDefinition", {"resources": [{"id": "a", "template": None}]}),
        "spec resources 0 template",
    ),
    "Kyverno's generate": (
        manifest("kyverno.io/v1", "ClusterPolicy", {"rules": [{"generate": {"data": None}}]}),
        "spec rules 0 generate data",
    ),
    "a trigger of Tekton": (
        manifest("triggers.tekton.dev/v1beta1", "TriggerTemplate", {"resourcetemplates": [None]}),
        "spec resourcetemplates 0",
    ),
    "a sensor of Argo": (
        manifest(
            "argoproj.io/v1alpha1",
            "Sensor",
            {"triggers": [{"template": {"k8s": {"source": {"resource": None}}}}]},
        ),
        "spec triggers 0 template k8s source resource",
    ),
    "work for another cluster": (
        manifest("work.open-cluster-management.io/v1", "ManifestWork", {"workload": {"manifests": [None]}}),
        "spec workload manifests 0",
    ),
    "an object of no known kind": (
        manifest("example.com/v1", "Holder", {"deep": {"deeper": [[None]]}}),
        "spec deep deeper 0 0",
    ),
    "an object with no spec": ({"apiVersion": "example.com/v1", "kind": "Holder", "metadata": _META, "x": None}, "x"),
}
"""Objects of many projects that hold others, and where; the place is empty."""


def _token(holder: dict[str, Any]) -> str:
    version = holder["apiVersion"]
    return f"kubernetes:{'core/v1' if version == 'v1' else version}:{holder['kind']}"


def _in_fields(inner: dict[str, Any], *says: str) -> tuple[Sample, ...]:
    return tuple(
        Sample(
            name=f"{name}: {inner['kind']} {len(says)}",
            resource_type=_token(holder),
            inputs=changed(holder, {path: inner}),
            says=says,
        )
        for name, (holder, path) in HOLDERS.items()
    )


_TEXTS: dict[str, tuple[dict[str, Any], str]] = {
    "a bundle of Fleet": (
        manifest("fleet.cattle.io/v1alpha1", "Bundle", {"resources": [{"name": "a.yaml", "content": ""}]}),
        "spec resources 0 content",
    ),
    "a ConfigMap": (
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": _META, "data": {"a.yaml": ""}},
        "data a.yaml",
    ),
    "a ConfigMap of the core's long name": (
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": _META, "data": {"a": ""}},
        "data a",
    ),
    "a step of a workflow": (
        manifest(
            "argoproj.io/v1alpha1", "Workflow", {"templates": [{"resource": {"action": "create", "manifest": ""}}]}
        ),
        "spec templates 0 resource manifest",
    ),
    "raw templates of a policy": (
        manifest("policy.open-cluster-management.io/v1", "ConfigurationPolicy", {"object-templates-raw": ""}),
        "spec object-templates-raw",
    ),
}


def _in_texts(inner: dict[str, Any], *says: str) -> tuple[Sample, ...]:
    forms = {
        "JSON": json.dumps(inner),
        "after another": f"a: b\n---\n{json.dumps(inner, indent=2)}\n",
        "in a list": f"[{json.dumps(inner)}]",
    }
    return tuple(
        Sample(
            name=f"{name}, {form}: {inner['kind']} {len(says)}",
            resource_type=_token(holder),
            inputs=changed(holder, {path: text}),
            says=says,
        )
        for name, (holder, path) in _TEXTS.items()
        for form, text in forms.items()
    )


_TEMPLATE: dict[str, Any] = {
    "apiVersion": "template.openshift.io/v1",
    "kind": "Template",
    "metadata": _META,
    "objects": [_HARMLESS],
    "parameters": [{"name": "ROLE", "value": "view"}, {"name": "N", "value": "x"}],
}
_TEMPLATES = table(
    "kubernetes:template.openshift.io/v1:Template",
    _TEMPLATE,
    ("a role by its name", {}),
    ("a name by a parameter", {"objects 0 metadata name": "a-${N}"}),
    ("a role by a parameter", {"objects 0 roleRef name": "${ROLE}"}, "roleRef.name: is not known before the update"),
    ("a role by two", {"objects 0 roleRef name": "${N}-${ROLE}"}, "roleRef.name: is not known"),
    ("a whole value by a parameter", {"objects 0 roleRef name": "${{ROLE}}"}, "roleRef.name: is not known"),
    (
        "what is no parameter stays",
        {"objects 0 roleRef name": "${OTHER}", "objects 0 metadata name": "${OTHER}"},
        "roleRef.name: is '${OTHER}', for all namespaces",
    ),
    ("subjects by a parameter", {"objects 0 subjects 0 name": "${N}"}, "subjects[0].name: is not known"),
    ("all objects by a parameter", {"objects": "${{N}}"}, "objects[0]: is not known before the update"),
    ("an object by a parameter", {"objects 0": "${{N}}"}, "objects[0]: is not known before the update"),
    ("a strong role in it", {"objects 0": _BINDING}, "ClusterRoleBinding x: roleRef.name: is 'cluster-admin'"),
)
_TEXT = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: x}\nroleRef: {name: %s}\n"
_MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m"}, "data": {"a": ""}}
_TEXTS_IN_TEMPLATES = table(
    "kubernetes:template.openshift.io/v1:Template",
    {**_TEMPLATE, "objects": [_MAP]},
    ("a text in a Template", {"objects 0 data a": _TEXT % "view"}),
    (
        "a strong role in a text in it",
        {"objects 0 data a": _TEXT % "cluster-admin"},
        "roleRef.name: is 'cluster-admin'",
    ),
    ("a parameter in a text in it", {"objects 0 data a": _TEXT % "'${ROLE}'"}, "roleRef.name: is not known"),
)
_INSTANCE = manifest("template.openshift.io/v1", "TemplateInstance", {"template": _TEMPLATE})
_INSTANCES = table(
    _token(_INSTANCE),
    _INSTANCE,
    ("an instance, by its name", {}),
    ("an instance, by a parameter", {"spec template objects 0 roleRef name": "${ROLE}"}, "roleRef.name: is not known"),
    ("an instance, a strong role", {"spec template objects 0": _BINDING}, "roleRef.name: is 'cluster-admin'"),
)
_EXPRESSIONS = tuple(
    Sample(
        name=f"a role by {text}",
        resource_type=_token(holder),
        inputs=changed(holder, {path: changed(_BINDING, {"roleRef name": text})}),
        says=("roleRef.name: is not known before the update",),
    )
    for holder, path in [HOLDERS["kro's graph"]]
    for text in ("${schema.spec.role}", "{{ .Values.role }}", "a-{{hub fromSecret hub}}", "$(tt.params.role)")
)
_LIST = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBindingList", "items": [_BINDING]}
_LISTS = table(
    "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBindingList",
    _LIST,
    ("entries that say their kind", {}, "roleRef.name: is 'cluster-admin'"),
    (
        "entries that do not",
        {"items 0": {key: value for key, value in _BINDING.items() if key not in ("kind", "apiVersion")}},
        "ClusterRoleBinding x: roleRef.name: is 'cluster-admin'",
    ),
)

_PODS_IN_TEMPLATES = table(
    "kubernetes:template.openshift.io/v1:Template",
    {**_TEMPLATE, "objects": [_POD]},
    ("a pod in a Template", {}),
    ("a pod's namespace by a parameter", {"objects 0 spec hostPID": "${{ROLE}}"}, "spec.hostPID: is not known"),
    ("a pod's containers by a parameter", {"objects 0 spec containers": "${{ROLE}}"}, "spec.containers: is not known"),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {
    "rbac-least": (
        *_in_fields(_BINDING, "ClusterRoleBinding x: roleRef.name: is 'cluster-admin'"),
        *_in_fields(_HARMLESS),
        *_in_texts(_BINDING, "ClusterRoleBinding x: roleRef.name: is 'cluster-admin'"),
        *_in_texts(_HARMLESS),
        *_TEMPLATES,
        *_INSTANCES,
        *_TEXTS_IN_TEMPLATES,
        *_EXPRESSIONS,
        *_LISTS,
    ),
    "network-closed": (*_in_fields(_OPEN, "Service s: spec.type: is 'NodePort'"), *_in_texts(_OPEN, "is 'NodePort'")),
    "entry-guarded": _in_texts(_ROUTE, "spec.tls.termination: is missing", "metadata.annotations: lacks"),
    "pod-security-baseline": (
        *(sample for sample in _in_fields(_BAD_POD, "hostPID: is True") if "Kyverno" not in sample.name),
        *_in_texts(_BAD_POD, "spec.hostPID: is True"),
        *_in_texts(_POD),
        *_PODS_IN_TEMPLATES,
    ),
    "images-pinned-by-digest": (
        *_in_fields(_BAD_POD, "'evil:latest' is named by the tag"),
        *_in_texts(_BAD_POD, "'evil:latest' is named by the tag"),
        *_in_texts(changed(_POD, {"spec containers 0 image": PINNED})),
    ),
}
