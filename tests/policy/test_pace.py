"""A resource is read out of the engine's message once for all rules, and never mixed up with another."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from google.protobuf import json_format, struct_pb2  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from policies.judging.pace import message_to_dict, once, one_request

COUNT = """
from pulumi_policy import EnforcementLevel, ResourceValidationPolicy, StackValidationPolicy, policy
from pulumi.runtime.proto import analyzer_pb2
from policies.judging import pace

converted, seen = [], []
pace._JsonFormat.MessageToDict = staticmethod(
    pace.once(lambda message: (converted.append(1), pace.message_to_dict(message))[1])
)
pace.read_each_resource_once()
def see(args, report):
    seen.append(args.props["a"])
def see_all(args, report):
    seen.extend(resource.props["a"] for resource in args.resources)
rules = [ResourceValidationPolicy(name=f"rule-{n}", description="d", validate=see) for n in range(5)]
rules += [StackValidationPolicy(name=f"stack-{n}", description="d", validate=see_all) for n in range(3)]
servicer = policy._PolicyAnalyzerServicer("p", "0.0.1", rules, EnforcementLevel.MANDATORY, None)
def request(kind, value):
    made = kind(type="t:m:T", urn="urn:" + value, name=value)
    made.properties.update({"a": value})
    return made
for value in ("x", "y", "x"):
    servicer.Analyze(request(analyzer_pb2.AnalyzeRequest, value), None)
print(len(converted), "".join(seen))
converted.clear(), seen.clear()
resources = [request(analyzer_pb2.AnalyzerResource, value) for value in "xyz"]
servicer.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(resources=resources), None)
print(len(converted), "".join(seen))
for level in (EnforcementLevel.DISABLED, EnforcementLevel.REMEDIATE):
    converted.clear()
    change = ResourceValidationPolicy(name="change", description="d", enforcement_level=level,
                                      remediate=lambda args: {"a": "changed"})
    changing = policy._PolicyAnalyzerServicer("p", "0.0.1", [change], EnforcementLevel.MANDATORY, None)
    answer = changing.Remediate(request(analyzer_pb2.AnalyzeRequest, "x"), None)
    print(len(converted), [dict(entry.properties) for entry in answer.remediations])
"""


EXPECTED = """\
3 xxxxxyyyyyxxxxx
3 xyzxyzxyz
0 []
1 [{'a': 'changed'}]
"""


def test_each_resource_is_converted_once_for_all_rules() -> None:
    done = subprocess.run([sys.executable, "-c", COUNT], capture_output=True, text=True, check=False)
    assert done.stdout == EXPECTED, done.stdout + done.stderr


def test_only_the_very_same_object_is_remembered_and_only_within_a_request() -> None:
    calls: list[dict[str, int]] = []

    @once
    def counted(argument: dict[str, int]) -> int:
        calls.append(argument)
        return len(calls)

    first, equal = {"a": 1}, {"a": 1}
    with one_request():
        assert [counted(first), counted(first), counted(equal), counted(first)] == [1, 1, 2, 1]
    assert [counted(first), counted(first)] == [3, 4]
    with one_request():
        assert counted(first) == 5


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(st.dictionaries(st.text(), _JSON, max_size=5))
def test_a_message_is_read_as_protobuf_reads_it(content: dict[str, Any]) -> None:
    message = struct_pb2.Struct()
    message.update(content)
    message.fields["nothing"].SetInParent()
    assert message_to_dict(message) == json_format.MessageToDict(message)


def test_a_number_that_json_does_not_have_is_refused() -> None:
    message = struct_pb2.Struct()
    message.fields["n"].number_value = float("nan")
    with pytest.raises(ValueError, match="nan"):
        message_to_dict(message)
