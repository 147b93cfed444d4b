"""Settings that are secret: taken out before anything could show them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.facts import PLACEHOLDER
from infra.faults import HIDDEN, Fault
from infra.settings import SecretText

KEYS = ("registryCredentials",)


def take_secrets(data: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, SecretText], list[Fault]]:
    """Part settings into what may be shown, the secrets by key, and faults of what should be secret and is not.

    A stack file holds a secret as `{secure: v1:...}`, which the engine alone can read; `render-only` stands for one
    in a stack that renders or previews without it.
    """
    shown = dict(data)
    secrets: dict[str, SecretText] = {}
    faults: list[Fault] = []
    for key in KEYS:
        if key not in shown:
            continue
        value = shown.pop(key)
        if isinstance(value, SecretText):
            secrets[key] = value
        elif value == PLACEHOLDER or _is_encrypted(value):
            secrets[key] = SecretText(value=None)
        else:
            faults.append(_in_clear_text(key))
    for key, value in shown.items():
        if isinstance(value, SecretText):
            # The engine holds it encrypted, and yet it is no secret: what follows needs its value.
            faults.append(_not_secret(key))
    return {key: value for key, value in shown.items() if not isinstance(value, SecretText)}, secrets, faults


def without_secrets(config: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """A stack file's `config` with `render-only` for each secret that it holds encrypted; `prefix` is the project's."""
    names = {f"{prefix}{key}" for key in KEYS}
    return {key: PLACEHOLDER if key in names and _is_encrypted(value) else value for key, value in config.items()}


def _is_encrypted(value: object) -> bool:
    return isinstance(value, dict) and set(value) == {"secure"} and isinstance(value["secure"], str)


def _in_clear_text(key: str) -> Fault:
    return Fault(
        path=key,
        value=HIDDEN,
        rule="must not stand in clear text: change what was written here, it is in the history",
        example=f"make secret STACK=prod KEY={key} < FILE",
    )


def _not_secret(key: str) -> Fault:
    rule = f"is encrypted, and must be open to review; secret here: {', '.join(KEYS)}"
    return Fault(path=key, value=HIDDEN, rule=rule, example=f"kitchen:{key}: ... in the file, as text")
