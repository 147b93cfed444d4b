"""This tier runs where `make test-keycloak` has installed Keycloak, and nowhere else."""

from __future__ import annotations

import os

from tests.keycloak.support.keycloak import HOME

collect_ignore_glob = [] if os.environ.get(HOME) else ["test_*.py"]
