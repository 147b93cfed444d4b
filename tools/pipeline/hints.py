"""What to do where the engine cannot read its backend, and its own words do not say."""

from __future__ import annotations

_HINTS = (
    ("no stack named", "is PULUMI_BACKEND_URL right? A new stack: make init STACK={stack}"),
    ("failed to verify certificate", "the backend's authority is not trusted; with s3:// its PEM file is named by "
     "AWS_CA_BUNDLE; example: AWS_CA_BUNDLE=/etc/kitchen/ca.crt"),
    ("get credentials", "the backend has a key of its own: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
    ("InvalidAccessKeyId", "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: the backend has a key of its own"),
    ("SignatureDoesNotMatch", "check AWS_SECRET_ACCESS_KEY: the backend has a key of its own"),
    ("NoSuchBucket", "the bucket that PULUMI_BACKEND_URL names is not there (docs/runbook.md, The state in the store's "
     "own bucket)"),
)  # fmt: skip
"""A part of what the engine says, and what to do."""


def hint(said: str, stack: str) -> str:
    """`; ` and what to do; empty where the engine's words are all that is known."""
    return next((f"; {way.format(stack=stack)}" for part, way in _HINTS if part in said), "")
