"""Names of the entry's own metrics, in one place: Envoy makes them, and stands its own prefix before some."""

from __future__ import annotations

CALLS = "kitchen_entry_calls_total"
"""Calls by tenant, kitchen, adapter, version, group and outcome (ok, refused, limited, failed, cut)."""

REFUSALS = "kitchen_entry_refusals_total"
"""Refused calls by kitchen and reason."""
