"""Readiness of kitchens, on objects in the form of an API server."""
