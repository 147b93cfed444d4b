"""What stops the demo."""

from __future__ import annotations


class DemoError(Exception):
    """One clear message for the user."""
