"""The audit bucket on a real MinIO: locked, and with a writer that can put below two prefixes and nothing else."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from components.entry.shipper import CONTENTS, PREFIX
from components.object_store.minio.users import write_policy
from tests.support.minio_server import MinioServer

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

BUCKET = "kitchen-dev-audit"


class AuditStore:
    """A started MinIO with the bucket; the folder `key` is the writer's mounted Secret."""

    def __init__(self, server: MinioServer, folder: Path) -> None:
        self.server = server
        self.key = folder / "key"
        self.client: S3Client = server.client()
        self.client.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
        rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 1}}
        self.client.put_object_lock_configuration(
            Bucket=BUCKET, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
        )
        self._writer()

    def _writer(self) -> None:
        name, secret = f"writer{secrets.token_hex(4)}", secrets.token_hex(16)
        # The very policy that the program gives to the entry's writer.
        policy = self.key.with_name("policy.json")
        policy.write_text(json.dumps(write_policy("kitchen/test", BUCKET, [f"{PREFIX}/", f"{CONTENTS}/"])))
        admin = self.server.admin()
        admin.user_add(name, secret)
        admin.policy_add("record-writer", policy_file=str(policy))
        admin.attach_policy(["record-writer"], user=name)
        self.key.mkdir()
        (self.key / "AWS_ACCESS_KEY_ID").write_text(name)
        (self.key / "AWS_SECRET_ACCESS_KEY").write_text(secret)

    def objects(self) -> Iterator[str]:
        for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
            yield from (entry["Key"] for entry in page.get("Contents", []))
