"""`components.minio_quota`, as states name it: see `components.recorded_names`."""

from components.object_store.minio.quota import MinioQuotaProvider

__all__ = ["MinioQuotaProvider"]
