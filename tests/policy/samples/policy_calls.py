"""Samples of what the cluster's own policies ask of others."""

from __future__ import annotations

from tests.policy.support.objects import manifest
from tests.policy.support.sample import UNKNOWN_VALUE, Sample, table

_SENDS = "sends what it sees to an address that is not judged"
_WRITES = "it writes with the policies' own rights"
_CALL = {"service": {"url": "https://a.example"}, "method": "POST"}
_RULE = {"name": "a", "match": {"any": [{}]}, "validate": {"message": "use http.Get no more", "pattern": {}}}
_KYVERNO = table(
    "kubernetes:kyverno.io/v1:ClusterPolicy",
    manifest("kyverno.io/v1", "ClusterPolicy", {"rules": [_RULE]}),
    ("a policy of Kyverno", {}),
    ("one that reads the API", {"spec rules 0 context": [{"name": "n", "apiCall": {"urlPath": "/api/v1/nodes"}}]}),
    (
        "one that calls",
        {"spec rules 0 context": [{"name": "n", "apiCall": _CALL}]},
        f"rules[0].context[0].apiCall.service: {_SENDS}",
    ),
    (
        "one that calls for each",
        {"spec rules 0 validate foreach": [{"list": "a", "context": [{"name": "n", "apiCall": _CALL}]}]},
        "rules[0].validate.foreach[0].context[0].apiCall.service",
    ),
    ("one that calls before", {"spec context": [{"apiCall": _CALL}]}, "spec.context[0].apiCall.service"),
    (
        "one that writes",
        {"spec rules 0 context": [{"apiCall": {"urlPath": "/api/v1/namespaces/a/pods", "method": "POST"}}]},
        f"apiCall.method: is 'POST': {_WRITES}",
    ),
    (
        "one that is not known",
        {"spec rules 0 context": [{"apiCall": UNKNOWN_VALUE}]},
        "context[0].apiCall: is not known",
    ),
)
_CEL = (
    'http.Post("https://a.example", object)',
    "http.Get('http://a')",
    "has(object.a) && http . Get('a') != null",
    "[http][0].Get('a')",
    "http",
    "resource.Post('v1', 'pods', 'team', object)",
)
_VALIDATING = table(
    "kubernetes:policies.kyverno.io/v1:ValidatingPolicy",
    manifest(
        "policies.kyverno.io/v1", "ValidatingPolicy", {"validations": [{"expression": "true", "message": "http"}]}
    ),
    ("a policy in CEL", {}),
    *(
        (f"CEL that is right: {text}", {"spec validations 0 expression": text})
        for text in (
            "object.spec.http == 1",
            "object.url.startsWith('http://a')",
            "https == 1",
            "resource.Get('v1', 'a', 'b', 'c') != null",
        )
    ),
    *(
        (
            f"CEL that calls: {text}",
            {"spec variables": [{"name": "e", "expression": text}]},
            f"spec.variables[0].expression: {_SENDS}",
        )
        for text in _CEL
    ),
    (
        "a message that calls",
        {"spec validations 0 messageExpression": "http.Get('a')"},
        "validations[0].messageExpression",
    ),
    (
        "a condition that calls",
        {"spec matchConditions": [{"expression": "http.Get('a')"}]},
        "matchConditions[0].expression",
    ),
    (
        "CEL that is not known",
        {"spec validations 0 expression": UNKNOWN_VALUE},
        "validations[0].expression: is not known",
    ),
)
_IMAGES = table(
    "kubernetes:policies.kyverno.io/v1:ImageValidatingPolicy",
    manifest("policies.kyverno.io/v1", "ImageValidatingPolicy", {"validations": [{"expression": "true"}]}),
    ("a policy of images that calls", {"spec validations 0 expression": "http.Get('a') == 1"}, _SENDS),
)
_REGO = 'package a\nviolation[{"msg": msg}] { input.review.object.spec.http; msg := "http.send is not here" }\n'
_GATEKEEPER = table(
    "kubernetes:templates.gatekeeper.sh/v1:ConstraintTemplate",
    manifest("templates.gatekeeper.sh/v1", "ConstraintTemplate", {"targets": [{"rego": _REGO, "libs": []}]}),
    ("a template of constraints", {}),
    *(
        (f"Rego with {call}", {"spec targets 0 rego": f"{_REGO}a {{ b := {call} }}"}, f"spec.targets[0].rego: {_SENDS}")
        for call in (
            'http.send({"url": "a"})',
            'external_data({"provider": "a"})',
            "opa.runtime()",
            'net.lookup_ip_addr("a")',
            'http["send"]',
        )
    ),
    (
        "a library that calls",
        {"spec targets 0 libs": ["package lib.a\nb { http.send({}) }"]},
        f"targets[0].libs[0]: {_SENDS}",
    ),
    (
        "code that calls",
        {"spec targets 0 code": [{"engine": "Rego", "source": {"rego": "a { external_data({}) }"}}]},
        f"targets[0].code[0].source.rego: {_SENDS}",
    ),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {"network-closed": (*_KYVERNO, *_VALIDATING, *_IMAGES, *_GATEKEEPER)}
