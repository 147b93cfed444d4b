"""The check of other versions, without an engine."""
