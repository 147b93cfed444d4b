"""What of a bucket MinIO keeps no old versions of, by its own addition to the S3 API."""

from __future__ import annotations

from components.object_store.minio import admin as minio


def unversioned(endpoint: str, region: str, key: tuple[str, str], bucket: str) -> list[str]:
    """Patterns of the names that are left out, and `folders`; raise ObjectStoreError."""
    found = minio.versioning(endpoint, region, key, bucket)
    return [*(found.excluded_prefixes or []), *["folders"] * found.exclude_folders]
