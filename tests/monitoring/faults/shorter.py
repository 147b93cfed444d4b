"""Time that passes FACTOR times as fast: the rules, scrapes and waits of the real files, each divided by one number.

Windows, holds, intervals and the waits of Alertmanager are shortened alike, and so are numbers of seconds that rules
compare with. Days are left as they are: certificates and what else ends is counted in them.
"""

from __future__ import annotations

import re
from typing import Any

FACTOR = 20

_UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_TIME = re.compile(r"(\d+)(ms|[smhd])")
_WINDOW = re.compile(r"(?<=\[)[^\]]+(?=\])|(?<=offset )\d+[smhd]")
_SECONDS = re.compile(r"(?<=[<>/] )(300|900)\b")
_HELD = ("for", "interval", "group_wait", "group_interval", "repeat_interval")


def time(text: str) -> str:
    """`5m` as `15000ms`."""
    return _TIME.sub(lambda found: f"{max(1, int(found[1]) * _UNITS[found[2]] // FACTOR)}ms", text)


def seconds(text: str) -> float:
    """How long `5m` is."""
    return sum(int(number) * _UNITS[unit] for number, unit in _TIME.findall(text)) / 1000


def shorter(value: Any) -> Any:
    """Rules, or a configuration of Alertmanager, with every time divided."""
    if isinstance(value, list):
        return [shorter(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {key: _entry(key, one) for key, one in value.items()}


def _entry(key: str, value: Any) -> Any:
    if key in _HELD:
        return time(value)
    if key == "expr":
        text = _WINDOW.sub(lambda found: time(found[0]), value)
        return _SECONDS.sub(lambda found: f"{int(found[0]) / FACTOR:g}", text)
    return shorter(value)
