"""What cannot be read."""

from __future__ import annotations


class ReadingError(Exception):
    """Why a text cannot be read: one sentence with what stands there, the rule and, where it helps, a right example.

    `line` counts from 1 within the text that was given to the reader. Values are never part of it, names of keys are.
    """

    def __init__(self, text: str, line: int = 1) -> None:
        """Keep the sentence and its line."""
        super().__init__(text)
        self.text = text
        self.line = line
