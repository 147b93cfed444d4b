"""The errors of the toolchain."""


class ToolchainError(Exception):
    """A tool cannot be provided. The text is one message for a person: what, where, why and what to do."""


class UnavailableError(ToolchainError):
    """A file cannot be had from its server. The text says why, not yet what to do."""


class Stopped(Exception):  # noqa: N818 (nothing is wrong with the work itself)
    """Another part of the same run has failed or was interrupted, so that this part ends early."""
