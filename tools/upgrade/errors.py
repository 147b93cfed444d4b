"""What ends the check without an answer: exit status 2."""


class UpgradeError(Exception):
    """The check could not be made. The text is one message for a person."""
