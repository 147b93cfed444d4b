"""What can go wrong between this command and a forge."""

from __future__ import annotations


class ForgeError(Exception):
    """The forge said no, or something that is not understood; `str()` is one line that says what to do.

    `status` is that of its answer, 0 without one.
    """

    def __init__(self, said: str, status: int = 0) -> None:
        """Keep the status."""
        super().__init__(said)
        self.status = status


class BusyError(ForgeError):
    """The forge did not answer, or not for now: the same question may be answered later."""
