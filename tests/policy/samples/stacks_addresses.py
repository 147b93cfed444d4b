"""Samples of the rule on what is declared together: addresses written by hand, and the Service that they are for."""

from __future__ import annotations

from typing import Any

Row = tuple[Any, ...]


def _named(api_version: str, kind: str, name: str, **more: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": "team"}, **more}


_DATABASE = _named("v1", "Service", "database", spec={"ports": [{"port": 5432}]})
_SELECTING = _named("v1", "Service", "database", spec={"ports": [{"port": 5432}], "selector": {"app": "database"}})
_ENDPOINTS = _named("v1", "Endpoints", "database", subsets=[{"addresses": [{"ip": "10.1.2.3"}]}])
_SLICE = _named("discovery.k8s.io/v1", "EndpointSlice", "a", endpoints=[{"addresses": ["10.1.2.3"]}])
_OF_DATABASE = {**_SLICE, "metadata": {**_SLICE["metadata"], "labels": {"kubernetes.io/service-name": "database"}}}
_NONE = "no Service 'database' without a selector is declared in team, so it takes another's calls"

ADDRESSES: tuple[Row, ...] = (
    ("endpoints of a Service without pods", {"database": _DATABASE, "addresses": _ENDPOINTS}),
    ("endpoints of a Service with pods", {"database": _SELECTING, "addresses": _ENDPOINTS}, _NONE),
    ("endpoints of no Service", {"addresses": _ENDPOINTS}, _NONE),
    ("a slice of a Service without pods", {"database": _DATABASE, "addresses": _OF_DATABASE}),
    ("a slice of a Service with pods", {"database": _SELECTING, "addresses": _OF_DATABASE}, _NONE),
    (
        "a slice of a Service elsewhere",
        {"database": {**_DATABASE, "metadata": {"name": "database", "namespace": "b"}}, "addresses": _OF_DATABASE},
        _NONE,
    ),
    ("a slice that names no Service", {"addresses": _SLICE}),
)
"""Name, changes of a whole stack, and a fragment of each violation."""
