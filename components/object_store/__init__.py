"""Buckets of an S3-compatible store, and the keys of those who read them.

The providers talk to the store in a process of their own; `minio` holds what only MinIO can do.
"""
