"""Image references, parsed whole.

Grammar: github.com/distribution/reference (regexp.go, reference.go) and the registered digest algorithms of the OCI
image specification (descriptor.md), stricter in one point: a digest of zeros only is no digest of an image.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_PATH = 255
"""Longest repository path, without the registry's host name (distribution/reference, RepositoryNameTotalLengthMax)."""

DIGEST_LENGTHS = {"sha256": 64, "sha512": 128}
"""Registered algorithms and how many lower-case hexadecimal digits each has."""

_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_DOMAIN = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_NAME = re.compile(rf"(?:(?P<domain>{_DOMAIN})/)?(?P<path>{_COMPONENT}(?:/{_COMPONENT})*)", re.ASCII)
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", re.ASCII)
_HEX = re.compile(r"[0-9a-f]+", re.ASCII)


class ImageReferenceError(ValueError):
    """The text is no image reference; `str()` says why."""


@dataclass(frozen=True, kw_only=True)
class ImageReference:
    """A parsed reference; `domain`, `tag` and `digest` are None where the text has none."""

    domain: str | None
    path: str
    tag: str | None
    digest: str | None


def parse(text: str) -> ImageReference:
    """Return the parts of `[domain/]path[:tag][@digest]`; raise ImageReferenceError for anything else."""
    if not text:
        raise ImageReferenceError("is empty")
    rest, at, digest = text.partition("@")
    if at:
        _check_digest(digest)
    name, tag = _split_tag(rest)
    if tag is not None and not _TAG.fullmatch(tag):
        raise ImageReferenceError("has a malformed tag")
    match = _NAME.fullmatch(name)
    if match is None:
        raise ImageReferenceError("has a malformed name")
    if len(match["path"]) > MAX_PATH:
        raise ImageReferenceError(f"has a name of more than {MAX_PATH} characters")
    return ImageReference(domain=match["domain"], path=match["path"], tag=tag, digest=digest or None)


def unpinned(text: str) -> str | None:
    """Say why a reference does not name exactly one content, or None when it does."""
    try:
        reference = parse(text)
    except ImageReferenceError as error:
        return str(error)
    if reference.digest is not None:
        return None
    return f"is named by the tag {reference.tag}" if reference.tag else "has neither tag nor digest"


def _split_tag(text: str) -> tuple[str, str | None]:
    """Split at the last colon behind the last slash: a colon before it belongs to the registry's port."""
    colon = text.rfind(":")
    return (text[:colon], text[colon + 1 :]) if colon > text.rfind("/") else (text, None)


def _check_digest(digest: str) -> None:
    algorithm, colon, encoded = digest.partition(":")
    if not colon:
        raise ImageReferenceError("has a malformed digest")
    length = DIGEST_LENGTHS.get(algorithm)
    if length is None:
        raise ImageReferenceError(f"has a digest of an algorithm that is not one of {', '.join(DIGEST_LENGTHS)}")
    if len(encoded) != length or not _HEX.fullmatch(encoded):
        raise ImageReferenceError(f"has a {algorithm} digest that is not {length} lower-case hexadecimal digits")
    if not encoded.strip("0"):
        raise ImageReferenceError("has a digest of zeros only, which no image has")
