"""What ends a command with one message and exit code 1."""


class LocalError(Exception):
    """One clear message for the user."""
