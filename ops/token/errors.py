"""What can go wrong between this command and an issuer; no text of the issuer's own stands in it."""

from __future__ import annotations


class IssuerError(Exception):
    """The issuer said no, or something that is not understood; `str()` is one line without a secret or a token."""


class AwayError(IssuerError):
    """The issuer did not answer, or not for now: the same question may be answered later."""
