"""By whom people may sign in to a MinIO with OpenID, and which policies they have then; no secret of it is kept."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LINE = re.compile(r"identity_openid(?::(\S+))?\s(.*)")
_VARIABLE = re.compile(r"# MINIO_IDENTITY_OPENID_(CONFIG_URL|ROLE_POLICY|ENABLE)(?:_(\S+?))?=(.*)")
_ONE = "_"
_WORD = re.compile(r'(\w+)=("[^"]*"|\S*)')


@dataclass(frozen=True, kw_only=True)
class Provider:
    """One of them; without `policies` each token says which policies its bearer has."""

    name: str
    policies: tuple[str, ...]


def read(told: str) -> tuple[Provider, ...]:
    """Those that the store's settings name and that are not off; what stands in its environment is in comments."""
    said: dict[str, dict[str, str]] = {}
    for line in told.splitlines():
        if matched := _LINE.fullmatch(line.strip()):
            words = {name: value.strip('"') for name, value in _WORD.findall(matched[2])}
            said[matched[1] or _ONE] = {**words, **said.get(matched[1] or _ONE, {})}
        elif matched := _VARIABLE.fullmatch(line.strip()):
            said.setdefault(matched[2] or _ONE, {})[matched[1].lower()] = matched[3].strip('"')
    return tuple(
        Provider(name=name, policies=tuple(part.strip() for part in words.get("role_policy", "").split(",") if part))
        for name, words in said.items()
        if words.get("config_url") and words.get("enable") != "off"
    )
