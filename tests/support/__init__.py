"""Helpers of several tiers: artifacts, keys, a MinIO, registries, small programs."""
