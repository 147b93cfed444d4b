"""Whether two names belong together: what a chart calls a role, and what it calls the binding, webhook or account."""

from __future__ import annotations

import re

_WORD = re.compile(r"[a-z0-9]{3,}")
_LEAST = 3
_OF_ALL = frozenset(
    {
        *(
            "role",
            "roles",
            "cluster",
            "clusterrole",
            "binding",
            "rolebinding",
            "clusterrolebinding",
            "the",
            "and",
            "for",
        ),
        *("system", "com", "org", "net", "dev", "example", "configuration", "config", "cfg", "webhook", "webhooks"),
        *(
            "admission",
            "validating",
            "mutating",
            "resource",
            "resources",
            "controller",
            "operator",
            "manager",
            "server",
        ),
        *("default", "account", "service", "reader", "viewer", "editor", "admin", "view", "edit", "k8s", "own", "all"),
    }
)
"""Words that stand in the names of everybody."""


def words(name: str) -> frozenset[str]:
    """What tells a name from others."""
    return frozenset(_WORD.findall(name.lower())) - _OF_ALL


def akin(one: str, other: str) -> bool:
    """Whether two names share a word that is not everybody's, or one begins with the other."""
    if min(len(one), len(other)) >= _LEAST and (one.startswith(other) or other.startswith(one)):
        return True
    return not words(one).isdisjoint(words(other))
