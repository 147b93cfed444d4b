"""Settings that differ are told, also where they would be shown alike."""

from __future__ import annotations

from tools.plan.facts import changed


def test_one_name_with_a_comma_is_not_two() -> None:
    assert changed({"a": ("x", "y")}, {"a": ("x, y",)}) == ['a x, y -> "x, y"']
