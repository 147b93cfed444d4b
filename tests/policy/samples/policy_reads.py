"""Samples of what the cluster's own policies read beside the object that they judge."""

from __future__ import annotations

from tests.policy.support.objects import manifest
from tests.policy.support.sample import UNKNOWN_VALUE, Sample, table

_SHOWS = "a policy shows what it reads"
_RULE = {"name": "a", "match": {"any": [{}]}, "context": [{"name": "n", "apiCall": {"urlPath": "/api/v1/nodes"}}]}
_KYVERNO = table(
    "kubernetes:kyverno.io/v1:ClusterPolicy",
    manifest("kyverno.io/v1", "ClusterPolicy", {"rules": [_RULE]}),
    *(
        (f"a policy that reads {path}", {"spec rules 0 context 0 apiCall": {"urlPath": path}})
        for path in (
            "/api/v1/namespaces/{{request.namespace}}/pods",
            "/apis/apps/v1/namespaces/{{ request.object.metadata.namespace }}/deployments/a",
            "/api/v1/namespaces/{{ request.namespace }}",
            "/apis/batch/v1/jobs?limit=1",
        )
    ),
    *(
        (
            f"a policy that reads what nobody sees, {path}",
            {"spec rules 0 context 0 apiCall": {"urlPath": path}},
            "context[0].apiCall.urlPath: is ",
        )
        for path in (
            "/api/v1/namespaces/team/secrets/db",
            "/api/v1/secrets?labelSelector=a",
            "/api/v1/namespaces/{{ request.object.data.a }}/pods",
            "/api/v1/nodes/a/proxy",
            "/{{ request.object.data.a }}",
            "/api/v1/namespaces/team/../team/secrets",
            "/apis/bitnami.com/v1alpha1/sealedsecrets",
        )
    ),
    ("a ConfigMap", {"spec rules 0 context": [{"name": "a", "configMap": {"name": "b", "namespace": "team"}}]}),
    *(
        (
            f"a policy with {field}",
            {"spec rules 0 context": [{"name": "a", field: {"reference": "a.example/b", "name": "c"}}]},
            f"spec.rules[0].context[0].{field}: whom it asks",
        )
        for field in ("imageRegistry", "globalReference")
    ),
    ("a path not known", {"spec rules 0 context 0 apiCall urlPath": UNKNOWN_VALUE}, "apiCall.urlPath: is not known"),
)
_CEL = (
    'resource.Get("v1", "secrets", "team", "db").data.a',
    "resource.List('v1', \"secrets\", 'team')",
    'globalContext.Get("all", "")',
    'resource.Get("v1", object.data.kind, "team", "db")',
    'resource.Get("v1", "sec" + "rets", "team", "db")',
    'resource.Get("v1", "se\\u0063rets", "team", "db")',
    '".Get(\'v1\', \'pods\')" != resource.Get(object.a, object.b, "c", "d")',
)
_VALIDATING = table(
    "kubernetes:policies.kyverno.io/v1:ValidatingPolicy",
    manifest("policies.kyverno.io/v1", "ValidatingPolicy", {"validations": [{"expression": "true"}]}),
    ("CEL that reads a pod", {"spec variables": [{"expression": "resource.Get('v1', 'pods', 'a', 'b') != null"}]}),
    *(
        (f"CEL that reads {text}", {"spec validations 0 messageExpression": text}, "reads objects whose kind cannot be")
        for text in _CEL
    ),
)
_PARAMETERS = table(
    "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy",
    manifest("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", {"validations": [{"expression": "true"}]}),
    ("a policy without parameters", {}),
    ("parameters of a ConfigMap", {"spec paramKind": {"apiVersion": "v1", "kind": "ConfigMap"}}),
    ("parameters of a kind of its own", {"spec paramKind": {"apiVersion": "rules.example.com/v1", "kind": "Limit"}}),
    (
        "parameters of a Secret",
        {"spec paramKind": {"apiVersion": "v1", "kind": "Secret"}},
        f"spec.paramKind.kind: is 'Secret': {_SHOWS}",
    ),
    ("parameters of accounts", {"spec paramKind": {"apiVersion": "v1", "kind": "ServiceAccount"}}, _SHOWS),
    ("parameters not known", {"spec paramKind": UNKNOWN_VALUE}, "spec.paramKind: is not known"),
)
_OF_SECRETS = {"resourceRules": [{"apiGroups": [""], "resources": ["secrets"], "operations": ["CREATE"]}]}
_OF_ALL = {"resourceRules": [{"apiGroups": ["*"], "resources": ["*"], "operations": ["*"]}]}
_OF_MAPS = {"resourceRules": [{"apiGroups": [""], "resources": ["configmaps"]}, {"apiGroups": ["apps"]}]}
_NOTE = {"spec auditAnnotations": [{"key": "a", "valueExpression": "string(object.data)"}]}
_TOLD = "tells what stands in Secrets"
_SHOWN = (
    *table(
        "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy",
        manifest("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", {"matchConstraints": _OF_SECRETS}),
        ("a policy of Secrets with a plain message", {"spec validations": [{"expression": "true", "message": "a"}]}),
        ("notes of ConfigMaps", {**_NOTE, "spec matchConstraints": _OF_MAPS}),
        ("notes of Secrets", _NOTE, f"spec.auditAnnotations[0].valueExpression: {_TOLD}"),
        ("notes of everything", {**_NOTE, "spec matchConstraints": _OF_ALL}, _TOLD),
        ("notes of what is not known", {**_NOTE, "spec matchConstraints": UNKNOWN_VALUE}, _TOLD),
        (
            "a message out of Secrets",
            {"spec validations": [{"expression": "false", "messageExpression": "string(object.data.a)"}]},
            f"spec.validations[0].messageExpression: {_TOLD}",
        ),
    ),
    *table(
        "kubernetes:kyverno.io/v1:Policy",
        manifest("kyverno.io/v1", "Policy", {"rules": [{"match": {"any": [{"resources": {"kinds": ["v1/Secret"]}}]}}]}),
        ("a message with the name of a Secret", {"spec rules 0 validate": {"message": "no {{ request.name }}"}}),
        (
            "a message with what is in a Secret",
            {"spec rules 0 validate": {"foreach": [{"deny": {}, "message": "no"}], "message": "{{ request.object }}"}},
            f"spec.rules[0].validate.message: {_TOLD}",
        ),
        (
            "a message of everything",
            {
                "spec rules 0 match": {"resources": {"kinds": ["*"]}},
                "spec rules 0 validate": {"message": "{{ request.object.data }}"},
            },
            _TOLD,
        ),
        (
            "a message of what is no Secret",
            {
                "spec rules 0 match": {"any": [{"resources": {"kinds": ["Pod"]}}]},
                "spec rules 0 validate": {"message": "{{ request.object.spec }}"},
            },
        ),
    ),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {"network-closed": (*_KYVERNO, *_VALIDATING, *_PARAMETERS, *_SHOWN)}
