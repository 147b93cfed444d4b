"""Whether every declared kitchen serves what was declared: waited for with a limit that is told, and why not."""

from __future__ import annotations

from tools.ready.services import SERVICES, Service, declared_services, state_of
from tools.ready.wait import Verdict, await_ready
from tools.ready.watch import Watch

__all__ = ["SERVICES", "Service", "Verdict", "Watch", "await_ready", "declared_services", "state_of"]
