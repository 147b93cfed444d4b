"""This tier runs where `make test-istio` has built Istio's analyzer, and nowhere else."""

from __future__ import annotations

from tools.toolchain import look_up

collect_ignore_glob = [] if look_up("istioctl") else ["test_*.py"]
