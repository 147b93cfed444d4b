"""Who may speak to the API server: the token file it reads and one kubeconfig a user."""

from __future__ import annotations

import base64
import json

from tools import own_file
from tools.cluster.layout import USERS, Credentials, Layout
from tools.own_form import anything, record, rows, words

_GROUPS = {
    "admin": '"system:masters"',
    # kwok and KServe would have roles of their own in a real cluster; here they are part of the machine.
    "kwok": '"system:masters,kitchen:machinery"',
    "kserve": '"system:masters,kitchen:machinery"',
    "binder": '"system:masters,kitchen:machinery"',
}
_NAMES = {
    "kube-controller-manager": "system:kube-controller-manager",
    "kube-scheduler": "system:kube-scheduler",
}

_USER = record({"name": words, "user": record({"token": words}, closed=False)})
_CLUSTER = record({"server": words, "certificate-authority-data": words}, closed=False)
KUBECONFIG = record(
    {
        "clusters": rows(record({"name": words, "cluster": _CLUSTER})),
        "users": rows(_USER),
        "contexts": rows(anything),
        "current-context": words,
    },
    closed=False,
)
"""What is read of a kubeconfig that was written here; a person may have added to it."""


def write(layout: Layout, credentials: Credentials, api_port: int) -> None:
    """Write the token file and the kubeconfigs, each of mode 0600 and whole or not at all."""
    rows = []
    authority = own_file.content(layout.pki / "ca.crt")
    for user in USERS:
        token, name = credentials.tokens[user], _NAMES.get(user, f"kitchen:{user}")
        groups = _GROUPS.get(user)
        rows.append(f"{token},{name},{user}" + (f",{groups}" if groups else ""))
        own_file.write(layout.kubeconfig_of(user), json.dumps(_kubeconfig(authority, user, token, api_port)))
    own_file.write(layout.root / "config" / "tokens.csv", "\n".join(rows) + "\n")


def _kubeconfig(authority: bytes, user: str, token: str, api_port: int) -> dict[str, object]:
    """JSON is YAML: every client reads it, and nothing has to be quoted by hand."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": "kitchen",
                "cluster": {
                    "server": f"https://127.0.0.1:{api_port}",
                    "certificate-authority-data": base64.b64encode(authority).decode(),
                },
            }
        ],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": "kitchen", "context": {"cluster": "kitchen", "user": user}}],
        "current-context": "kitchen",
    }
