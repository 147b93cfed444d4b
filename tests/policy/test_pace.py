"""A resource is read out of the engine's message once for all rules, and never mixed up with another."""

from __future__ import annotations

import subprocess
import sys

from policies.pace import once

COUNT = """
from google.protobuf import struct_pb2
from pulumi_policy import EnforcementLevel, ResourceValidationPolicy, policy
from pulumi.runtime.proto import analyzer_pb2
from policies import pace

converted = []
original = policy.json_format.MessageToDict
policy.json_format.MessageToDict = lambda message, *rest: (converted.append(1), original(message, *rest))[1]
pace.json_format = policy.json_format
class Remembering:
    MessageToDict = staticmethod(pace.once(policy.json_format.MessageToDict))
pace._JsonFormat = Remembering
pace.read_each_resource_once()
seen = []
def see(args, report):
    seen.append(args.props["a"])
rules = [ResourceValidationPolicy(name=f"rule-{n}", description="d", validate=see) for n in range(5)]
servicer = policy._PolicyAnalyzerServicer("p", "0.0.1", rules, EnforcementLevel.MANDATORY, None)
for value in ("x", "y", "x"):
    request = analyzer_pb2.AnalyzeRequest(type="t:m:T", urn="urn:" + value, name=value)
    request.properties.update({"a": value})
    servicer.Analyze(request, None)
print(len(converted), "".join(seen))
"""


def test_each_resource_is_converted_once_for_all_rules() -> None:
    done = subprocess.run([sys.executable, "-c", COUNT], capture_output=True, text=True, check=False)
    assert done.stdout == "3 xxxxxyyyyyxxxxx\n", done.stdout + done.stderr


def test_only_the_very_same_object_is_remembered() -> None:
    calls: list[dict[str, int]] = []
    remembering = once(lambda argument: calls.append(argument) or len(calls))
    first, equal = {"a": 1}, {"a": 1}
    assert [remembering(first), remembering(first), remembering(equal), remembering(first)] == [1, 1, 2, 1]
