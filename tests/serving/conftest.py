"""This tier runs where `make test-serving` has made a Python environment with vLLM, and nowhere else."""

from __future__ import annotations

import os

from tests.serving.support.served_kitchen import PYTHON

collect_ignore_glob = [] if os.environ.get(PYTHON) else ["test_*.py"]
