"""Decisions of the entry, asked of the real Envoy with the configuration that pods get."""
