"""Rule: buckets keep what is in them, and show it to nobody but the users that were given it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pulumi_policy import Severity

from policies.judging.rule import Case, Rule
from policies.judging.subject import entries
from policies.judging.values import UNKNOWN
from policies.manifests.fields import Fault, at, listed, missing, shown
from policies.manifests.objects import told

BUCKET, USER = ":S3Bucket", ":MinioUser"
LOCKED = ("models", "lora", "audit")
_FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*/?")
_EXAMPLE = "versioning: true, closed: true, objectLockDays: 365, and users with prefixes [helpdesk-faq/v2026-02-01/]"


def judge(case: Case) -> Iterator[str]:
    """Yield one message for each way in which a bucket loses or shows something."""
    kind = case.subject.resource_type
    rule = "buckets have versions, no public access, a lock where models lie, and users of single folders"
    if kind.endswith(BUCKET):
        yield from told(case, _bucket(case), rule, _EXAMPLE)
    elif kind.endswith(USER):
        yield from told(case, _user(case), rule, _EXAMPLE)


def _bucket(case: Case) -> Iterator[Fault]:
    inputs = case.subject.inputs
    if inputs.get("versioning") is not True:
        yield Fault(path="versioning", text=missing(inputs.get("versioning")))
    if inputs.get("closed") is not True and not (_access_by_policies(case) and inputs.get("closed") is False):
        yield Fault(path="closed", text=missing(inputs.get("closed")))
    guards = inputs.get("guards")
    if "guards" in inputs and "anonymous" not in entries(guards) and not _access_by_policies(case):
        yield Fault(path="guards", text=f"{shown(guards)}: nothing keeps anonymous callers out")
    yield from _endpoint(case)
    yield from _lock(case)


def _lock(case: Case) -> Iterator[Fault]:
    """A lock is judged by the bucket's last word: its prefix is the environment's."""
    name, days = case.subject.inputs.get("bucket"), case.subject.inputs.get("objectLockDays")
    said = [str(word) for word in entries(case.config.get("locked"))] or list(LOCKED)
    if case.world.environment != "prod":
        return
    meant = name is UNKNOWN or any(str(name) == word or str(name).endswith(f"-{word}") for word in said)
    if meant and not (isinstance(days, int | float) and days > 0):
        yield Fault(path="objectLockDays", text=f"{missing(days)}: in prod {', '.join(said)} are locked")


def _endpoint(case: Case) -> Iterator[Fault]:
    endpoint = case.subject.inputs.get("endpoint")
    if case.world.environment == "prod" and not str(endpoint).lower().startswith("https://"):
        yield Fault(path="endpoint", text=f"{missing(endpoint)}: prod reaches the store over TLS")


def _user(case: Case) -> Iterator[Fault]:
    yield from _endpoint(case)
    prefixes = case.subject.inputs.get("prefixes")
    if prefixes is not UNKNOWN and not entries(prefixes):
        yield Fault(path="prefixes", text="is missing, which means the whole bucket")
    for path, prefix in listed(prefixes, "prefixes"):
        if not (isinstance(prefix, str) and _FOLDER.fullmatch(prefix)):
            yield Fault(path=path, text=f"{shown(prefix)}, which is no single folder")


def _access_by_policies(case: Case) -> bool:
    """With `kind: s3` readers get their access by a policy of the bucket, which is not the program's."""
    store = case.world.settings.get("objectStore")
    return isinstance(store, Mapping) and at(dict(store), "kind") == "s3"


RULE = Rule(
    id="buckets-safe",
    title="Buckets have versions, no public access, a lock where models lie, and users of single folders.",
    severity=Severity.CRITICAL,
    reason="Weights that can be overwritten are not those that were approved; adapters tell what they learned from.",
    remedy="Leave versioning and closed on, set kitchen:objectStore.objectLockDays in prod, and give users folders.",
    reference="https://min.io/docs/minio/linux/administration/object-management/object-retention.html",
    judge=judge,
    config_schema={
        "locked": {
            **{"type": "array", "items": {"type": "string"}, "default": list(LOCKED)},
            "description": "last words of the names of buckets that prod locks",
        },
    },
)
