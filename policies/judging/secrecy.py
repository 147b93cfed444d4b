"""Which inputs the engine holds for secret.

The engine marks secrets in what it sends to a pack, and the SDK drops the marks for rules and keeps them for
remediations alone (pulumi_policy/deserialize.py). Here they stay: a secret text is a `SecretText`, which is a text for
everybody else.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pulumi_policy import deserialize, policy

from policies.judging.values import unwrapped


class SecretText(str):
    """A text that the engine holds for secret."""

    __slots__ = ()


def keep_the_marks() -> None:
    """Make the SDK hand secret texts to rules as such; done before anything else wraps the function."""
    sdk: Any = policy
    original = sdk.deserialize_properties

    def deserialize_properties(props: dict[str, Any], proxy_secrets: bool = False) -> Any:
        return original(props, proxy_secrets) if proxy_secrets else original(_marked(props, secret=False))

    sdk.deserialize_properties = deserialize_properties


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
