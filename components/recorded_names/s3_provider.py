"""`components.s3_provider`, as states name it: see `components.recorded_names`."""

from components.object_store.s3_provider import BucketProvider

__all__ = ["BucketProvider"]
