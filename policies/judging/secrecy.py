"""Which inputs the engine holds for secret.

The engine marks secrets in what it sends to a pack, and the SDK drops the marks for rules and keeps them for
remediations alone (pulumi_policy/deserialize.py). Here they stay: a secret text is a `SecretText`, which is a text for
everybody else.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pulumi_policy import deserialize

from policies.judging.values import unwrapped


class SecretText(str):
    """A text that the engine holds for secret."""

    __slots__ = ()


def with_marks(value: Any) -> Any:
    """A message's content in which secret texts are such, and the engine's marks of secrets are gone."""
    return _marked(value, secret=False)


def secret_paths(props: object) -> frozenset[str]:
    """Paths of secret texts below the engine's proxies, also of those that are not known yet."""
    return frozenset(_paths(unwrapped(props), ""))


def _marked(value: Any, *, secret: bool) -> Any:
    if isinstance(value, list):
        return [_marked(entry, secret=secret) for entry in value]
    if isinstance(value, dict):
        signature = value.get(deserialize.SPECIAL_SIG_KEY)
        if signature == deserialize.SPECIAL_SECRET_SIG and "value" in value:
            return _marked(value["value"], secret=True)
        if signature is not None:
            return value
        return {key: _marked(entry, secret=secret) for key, entry in value.items()}
    return SecretText(value) if secret and isinstance(value, str) else value


def _paths(value: Any, path: str) -> Iterator[str]:
    value = unwrapped(value)
    if isinstance(value, SecretText):
        yield path
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield from _paths(entry, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _paths(entry, f"{path}[{index}]")
