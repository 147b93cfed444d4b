"""`components.minio_users`, as states name it: see `components.recorded_names`."""

from components.object_store.minio.users import MinioUserProvider

__all__ = ["MinioUserProvider"]
