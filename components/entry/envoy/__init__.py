"""Envoy's configuration out of a plan, by pure functions: the bytes that pods run are those that tests run."""

from __future__ import annotations

from components.entry.envoy.bootstrap import ARGUMENTS, bootstrap

__all__ = ["ARGUMENTS", "bootstrap"]
