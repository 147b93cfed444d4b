"""What can go wrong with a bundle, by who has to act."""

from __future__ import annotations

from infra.faults import FaultsError


class BundleFaultsError(FaultsError):
    """The bundle's content or signature is not what it must be: nothing of it may be used."""


class RegistryFaultsError(FaultsError):
    """The closed registry cannot hold what the bundle brings as it is: nothing was sent."""


class ToolError(Exception):
    """A tool or a disk refused; `str()` is one line without credentials."""
