"""The rights of whoever deploys, looks for drift or syncs: derived from the objects of an environment (ADR 0053)."""
