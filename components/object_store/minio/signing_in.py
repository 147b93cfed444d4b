"""By whom people may sign in to a MinIO with OpenID, and which policies they have then; no secret of it is kept."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from minio.error import MinioAdminException

if TYPE_CHECKING:
    from components.object_store.minio.admin import Admin

_LINE = re.compile(r"identity_openid(?::(\S+))?\s(.*)")
_WORD = re.compile(r'(\w+)=("[^"]*"|\S*)')


@dataclass(frozen=True, kw_only=True)
class Provider:
    """One of them; without `policies` each token says which policies its bearer has."""

    name: str
    policies: tuple[str, ...]


def providers(admin: Admin) -> tuple[Provider, ...] | None:
    """Those that are set; None where the store does not tell its settings to this account."""
    try:
        told = admin.config_get("identity_openid")
    except (MinioAdminException, UnboundLocalError):  # the client trips over its own refusal
        return None
    return read(told)


def read(told: str) -> tuple[Provider, ...]:
    """Those that the store's settings name; comments are passed over, as are those that are off."""
    found = []
    for line in told.splitlines():
        if (matched := _LINE.fullmatch(line.strip())) is None:
            continue
        words = {name: value.strip('"') for name, value in _WORD.findall(matched[2])}
        if words.get("config_url") and words.get("enable") != "off":
            policies = tuple(word.strip() for word in words.get("role_policy", "").split(",") if word.strip())
            found.append(Provider(name=matched[1] or "_", policies=policies))
    return tuple(found)
