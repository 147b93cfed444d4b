"""What the store's dynamic providers share: quiet errors, checks of an address, and the store's client on demand."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from pulumi import dynamic
from pulumi.runtime import rpc


class QuietProvider(dynamic.ResourceProvider):
    """A provider whose expected errors reach the user once, without a traceback.

    The state holds where a provider's class is found: `__module__` of each is a name in `components.recorded_names`,
    which stays when files move, so that older and newer releases can read each other's states.
    """

    serialize_as_secret_always = False

    def configure(self, req: dynamic.ConfigureRequest) -> None:
        """Keep gRPC from printing what the engine tells the user anyway."""
        logging.getLogger("grpc._server").addFilter(_not_told_yet)


def endpoint_faults(props: Mapping[str, Any]) -> list[dynamic.CheckFailure]:
    """What is wrong with `endpoint` and `region`; unknown values pass."""
    faults = []
    endpoint = props["endpoint"]
    if known(endpoint) and not _is_endpoint(str(endpoint)):
        shown = str(endpoint).rsplit("@", 1)[-1]
        reason = f"{shown}: must be http(s)://host[:port], no user, no path; example: https://minio.example.com"
        faults.append(dynamic.CheckFailure("endpoint", reason))
    if not props["region"]:
        faults.append(dynamic.CheckFailure("region", "must not be empty; example: us-east-1"))
    return faults


def known(value: object) -> bool:
    """Whether a value is there already; in a preview an output of a resource yet to be made is not."""
    return value != rpc.UNKNOWN


def plain(props: Mapping[str, Any]) -> dict[str, Any]:
    """The properties without the engine's own."""
    return {name: value for name, value in props.items() if not name.startswith("__")}


def _is_endpoint(text: str) -> bool:
    try:
        url = urlsplit(text)
        return (
            url.scheme in ("http", "https")
            and bool(url.hostname)
            and "@" not in url.netloc
            and (url.path, url.query, url.fragment) in (("", "", ""), ("/", "", ""))
            and url.port != 0
        )
    except ValueError:
        return False


def _not_told_yet(record: logging.LogRecord) -> bool:
    kind = record.exc_info[0] if record.exc_info else None
    return not (kind and issubclass(kind, client_module().ObjectStoreError))


# The program only declares buckets; boto3 and minio would cost each of its previews half a second.
def client_module() -> ModuleType:
    """The module `store_client`; only the provider's process loads it."""
    from components.object_store import store_client  # noqa: PLC0415 - the provider's process only

    return store_client
