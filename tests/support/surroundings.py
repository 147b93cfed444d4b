"""What the caller's shell, machine or pipeline has set, and what no test may depend on."""

from __future__ import annotations

import os
import subprocess
from collections.abc import MutableMapping

_PREFIXES = ("AWS_", "CI_", "GITEA_", "GITHUB_", "GITLAB_", "KITCHEN_FORGE", "KITCHEN_OBJECT_STORE", "PULUMI_")
_NAMES = {
    *("COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR", "DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "KUBECONFIG"),
    *("STACK", "CONTEXT", "PLAN", "VERBOSE", "WAIT", "TAKE_BACK", "FORCE_UNLOCK"),
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_EXTERNAL_DIFF", "GIT_DIFF_OPTS"),
    *(f"GIT_{who}_{what}" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL", "DATE")),
}
_LOOPBACK = "127.0.0.1,127.0.0.2,localhost"


def forget(environment: MutableMapping[str, str]) -> None:
    """Take it out. Proxies and authorities stay, which builds of tools need, but nobody asks loopback by a proxy.

    Of Git's configuration of the user, folders that Git is to trust stay: the checkout may be another user's.
    """
    for name in list(environment):
        if name.startswith(_PREFIXES) or name in _NAMES:
            del environment[name]
    for name in ("no_proxy", "NO_PROXY"):
        environment[name] = ",".join(filter(None, [environment.get(name), _LOOPBACK]))
    words = ["git", "config", "--global", "--get-all", "safe.directory"]
    said = subprocess.run(words, env=environment, capture_output=True, text=True, check=False).stdout
    environment["GIT_CONFIG_GLOBAL"] = f"{os.devnull}/none"  # root's `git config --global` would replace the device
    for number, folder in enumerate(said.splitlines(), int(environment.get("GIT_CONFIG_COUNT", "0"))):
        environment[f"GIT_CONFIG_KEY_{number}"], environment[f"GIT_CONFIG_VALUE_{number}"] = "safe.directory", folder
        environment["GIT_CONFIG_COUNT"] = str(number + 1)
