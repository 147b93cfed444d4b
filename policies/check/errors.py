"""What cannot be judged."""

from __future__ import annotations


class CheckError(Exception):
    """One clear message: path, value, rule and, where it helps, a right example."""
