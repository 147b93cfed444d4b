"""The one error of the toolchain."""


class ToolchainError(Exception):
    """A tool cannot be provided. The text is one message for a person: what, where, why and what to do."""
