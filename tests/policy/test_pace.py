"""What rules compute is kept within a request, and never mixed up with another's."""

from __future__ import annotations

from policies.judging.pace import once, one_request


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
