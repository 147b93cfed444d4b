"""What a change would do in every environment: the program of a base and of the work tree, held against each other."""

from __future__ import annotations

from tools.plan.making import report_of

__all__ = ["report_of"]
