"""Every rule of the pack."""

from __future__ import annotations

from policies import images_pinned

RULES = (images_pinned.RULE,)
