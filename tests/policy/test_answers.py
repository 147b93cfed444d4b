"""The pack's own answers to the engine are the SDK's, and read each resource once."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

SERVER = """
import dataclasses, json, sys
from pulumi_policy import EnforcementLevel, ResourceValidationPolicy, policy
from pulumi.runtime.proto import analyzer_pb2
from google.protobuf import json_format
from policies.judging import answers, messages
from policies.judging.rule import Rule
from policies.judging.stack_rule import StackRule

SDK, way = policy._PolicyAnalyzerServicer, sys.argv[1]
reads = []
def counted(message, read=messages.read):
    reads.append(1)
    return read(message)
answers.read = counted

TEXTS = {"severity": policy.Severity.HIGH, "reason": "because", "remedy": "mend", "reference": "https://example.com"}
def one(case):
    if "bad" in case.subject.inputs:
        yield f"{case.subject.title}: bad is {case.subject.inputs['bad']}, {dict(case.config)}, {case.protect}"
def raising(case):
    yield f"{case.subject.title}: before"
    raise KeyError("value")
def whole(case):
    yield "all", f"{[subject.inputs for subject in case.subjects]}, {dict(case.config)}"
levels = EnforcementLevel
RULES = [
    Rule(id="told", title="Told.", judge=one, level=levels.MANDATORY, **TEXTS),
    Rule(id="remark", title="Remark.", judge=one, level=levels.ADVISORY,
         config_schema={"names": {"type": "array", "default": []}}, **TEXTS),
    Rule(id="off", title="Off.", judge=one, level=levels.DISABLED, **TEXTS),
    Rule(id="changing", title="Changing.", judge=one, level=levels.REMEDIATE, **TEXTS),
    Rule(id="raising", title="Raising.", judge=raising, **TEXTS),
    StackRule(id="whole", title="Whole.", judge=whole, **TEXTS),
    StackRule(id="whole-off", title="Whole, off.", judge=whole, level=levels.DISABLED, **TEXTS),
]
change = ResourceValidationPolicy(name="change", description="d", enforcement_level=levels.REMEDIATE,
                                  remediate=lambda args: {"a": "changed"})
calm = ResourceValidationPolicy(name="calm", description="d", enforcement_level=levels.DISABLED,
                                remediate=lambda args: {"a": "changed"})
if way == "own":
    answers.answer_at_once({rule.id: rule for rule in RULES})
def server(*more):
    made = SDK("p", "0.0.1", [*(rule.policy() for rule in RULES), *more], levels.MANDATORY, None)
    config = analyzer_pb2.ConfigureAnalyzerRequest()
    config.policyConfig["remark"].enforcementLevel = analyzer_pb2.ADVISORY
    config.policyConfig["remark"].properties.update({"names": ["x"]})
    made.Configure(config, None)
    return made
def request(kind, name, **inputs):
    made = kind(type="kubernetes:core/v1:ConfigMap", urn="urn:" + name, name=name)
    made.properties.update(inputs)
    made.options.protect = name == "protected"
    return made
told = []
both = server(change)
for name, inputs in (("good", {"a": 1}), ("protected", {"bad": "x"}), ("left-out", {})):
    asked = request(analyzer_pb2.AnalyzeRequest, name, **inputs)
    for answer in (both.Analyze(asked, None), both.Remediate(asked, None), server(calm).Remediate(asked, None)):
        told.append(json_format.MessageToDict(answer))
resources = [request(analyzer_pb2.AnalyzerResource, str(n), **({"n": n} if n else {})) for n in range(3)]
told.append(json_format.MessageToDict(both.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(resources=resources), None)))
off = analyzer_pb2.ConfigureAnalyzerRequest()
off.policyConfig["told"].enforcementLevel = analyzer_pb2.DISABLED
off.policyConfig["change"].enforcementLevel = analyzer_pb2.DISABLED
both.Configure(off, None)
asked = request(analyzer_pb2.AnalyzeRequest, "later", bad="x")
told += [json_format.MessageToDict(answer) for answer in (both.Analyze(asked, None), both.Remediate(asked, None))]
both = server(change)
odd = request(analyzer_pb2.AnalyzeRequest, "odd")
odd.properties.fields["n"].number_value = float("nan")
if way == "own":
    told.append(json_format.MessageToDict(both.Analyze(odd, None)))
print(json.dumps({"reads": len(reads), "told": told}))
"""


def answered(way: str) -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-c", SERVER, way], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.fixture(scope="module")
def own() -> dict[str, Any]:
    return answered("own")


def test_the_engine_is_answered_as_the_sdk_answers(own: dict[str, Any]) -> None:
    sdk = answered("sdk")["told"]
    assert own["told"][:-1] == sdk
    assert [len(answer.get("diagnostics", [])) for answer in sdk] == [2, 0, 0, 5, 0, 0, 0, 0, 0, 1, 4, 0]


def test_each_resource_is_read_once_for_all_rules(own: dict[str, Any]) -> None:
    assert own["reads"] == 3 + 3 + 1 + 1


def test_a_resource_that_cannot_be_read_is_denied_by_every_rule(own: dict[str, Any]) -> None:
    told = own["told"][-1]["diagnostics"]
    assert [entry["policyName"] for entry in told] == ["told", "remark", "changing", "raising"]
    assert all("cannot judge it: ValueError" in entry["message"] for entry in told)
