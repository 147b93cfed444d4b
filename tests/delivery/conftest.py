"""This tier runs where `make test-delivery` has provided its programs, and nowhere else."""

from __future__ import annotations

import os

from tools.toolchain import look_up
from tools.toolchain.families import DELIVERY

collect_ignore_glob = [] if os.environ.get("KITCHEN_ACT") and all(map(look_up, DELIVERY)) else ["test_*.py"]
