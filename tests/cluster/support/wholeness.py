"""Whether a kitchen is whole after a kill: recorded and there once, nothing doubled, nothing lost."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError
from minio.credentials.providers import StaticProvider
from minio.minioadmin import MinioAdmin

from ops.store import client
from tests.cluster.support.environments import OURS, objects, recorded
from tests.cluster.support.kubectl import Kubectl
from tools.local.up import LocalKitchen

Named = tuple[str, str, str]


def claims(kitchen: LocalKitchen) -> dict[Named, str]:
    """The uid of every volume of ours: one that was made anew has another, and has lost its data."""
    items = Kubectl(kitchen.cluster.kubeconfig).get("persistentvolumeclaims", *OURS)["items"]
    return {("PersistentVolumeClaim", *_place(item)): item["metadata"]["uid"] for item in items}


def artifacts(kitchen: LocalKitchen) -> dict[str, str]:
    """Every object of the store that people brought in, with its sum."""
    s3, found = kitchen.store_client(), {}
    for bucket in ("dev-lora", "dev-models"):
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            found |= {f"{bucket}/{entry['Key']}": entry["ETag"] for entry in page.get("Contents", ())}
    return found


def doubled(kitchen: LocalKitchen) -> list[str]:
    """What is there and not recorded, or recorded twice: objects, users of the store, buckets."""
    state = recorded(kitchen)["resources"]
    twice = [f"recorded twice: {urn}" for urn, count in Counter(entry["urn"] for entry in state).items() if count > 1]
    told = {_named(entry["inputs"]) for entry in state if entry["type"].startswith("kubernetes:")}
    there = objects(Kubectl(kitchen.cluster.kubeconfig))
    twice += [f"not recorded: {entry}" for entry in sorted(there - told)]
    buckets = {entry["Name"] for entry in kitchen.store_client().list_buckets()["Buckets"]}
    twice += [f"not recorded: bucket {name}" for name in sorted(buckets - _ids(state, ":S3Bucket"))]
    return twice + [f"not recorded: user {name}" for name in sorted(users(kitchen) - _ids(state, ":MinioUser"))]


def lost(kitchen: LocalKitchen) -> list[str]:
    """What is recorded and not there, or does not work: objects, keys of the store's users."""
    state = recorded(kitchen)
    missing = [f"pending: {entry['type']}" for entry in state.get("pending_operations") or ()]
    told = {_named(entry["inputs"]) for entry in state["resources"] if entry["type"].startswith("kubernetes:")}
    missing += [f"not there: {entry}" for entry in sorted(told - objects(Kubectl(kitchen.cluster.kubeconfig)))]
    return [*missing, *_broken_keys(kitchen)]


def _broken_keys(kitchen: LocalKitchen) -> Iterator[str]:
    """Keys that pods have in their Secrets and that the store does not take."""
    users = [entry["inputs"] for entry in recorded(kitchen)["resources"] if entry["type"].endswith(":MinioUser")]
    prefixes = {inputs["accessKey"]: (inputs["bucket"], inputs["prefixes"][0]) for inputs in users}
    secrets = Kubectl(kitchen.cluster.kubeconfig).get("secrets", *OURS)["items"]
    for item in secrets:
        data = {key: base64.b64decode(value).decode() for key, value in (item.get("data") or {}).items()}
        if "AWS_ACCESS_KEY_ID" not in data:
            continue
        names = {"ACCESS_KEY": "AWS_ACCESS_KEY_ID", "SECRET_KEY": "AWS_SECRET_ACCESS_KEY"}
        key = {f"KITCHEN_OBJECT_STORE_{name}": data[said] for name, said in names.items()}
        bucket, prefix = prefixes.get(data["AWS_ACCESS_KEY_ID"], ("", ""))
        try:
            client(kitchen.cluster.minio_endpoint, "us-east-1", key).list_objects_v2(
                Bucket=bucket, Prefix=f"{prefix.rstrip('/')}/", MaxKeys=1
            )
        except (ClientError, ValueError) as error:
            yield f"key of {_place(item)}: {error}"


def users(kitchen: LocalKitchen) -> set[str]:
    """Access keys of every user of the store."""
    return set(json.loads(administrator(kitchen).user_list()))


def administrator(kitchen: LocalKitchen) -> MinioAdmin:
    """A client of the store's administration interface."""
    place = kitchen.cluster.minio_endpoint.removeprefix("http://")
    keys = StaticProvider(kitchen.cluster.minio_access_key, kitchen.cluster.minio_secret_key)
    return MinioAdmin(endpoint=place, credentials=keys, secure=False)


def _ids(state: list[dict[str, Any]], end: str) -> set[str]:
    return {str(entry["id"]) for entry in state if entry["type"].endswith(end)}


def _named(meta: dict[str, Any]) -> Named:
    return (meta["kind"], *_place(meta))


def _place(item: dict[str, Any]) -> tuple[str, str]:
    return item["metadata"].get("namespace", ""), item["metadata"]["name"]
