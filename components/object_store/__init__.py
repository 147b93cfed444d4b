"""Buckets of an S3-compatible store, and the keys of those who read them.

The providers talk to the store in a process of their own; `minio` holds what only MinIO can do.
"""

from __future__ import annotations

from components.object_store.bucket_policy import Guard
from components.object_store.buckets import Bucket, BucketAccess, BucketAccessArgs, BucketArgs

__all__ = [
    "Bucket",
    "BucketAccess",
    "BucketAccessArgs",
    "BucketArgs",
    "Guard",
]
