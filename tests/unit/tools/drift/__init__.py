"""Drift of clusters and stores, on objects in the forms of the engine and of an API server."""
