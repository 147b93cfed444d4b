"""How a delivery ends before anything is applied."""

from __future__ import annotations

from tools.local.errors import LocalError


class NotApprovedError(LocalError):
    """What would be done is not what was approved; nothing was applied. `str()` says what differs and what to do."""
