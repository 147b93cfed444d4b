"""Who may speak to the API server: the token file it reads and one kubeconfig a user."""

from __future__ import annotations

import base64
import json

from tools.cluster.layout import USERS, Credentials, Layout, write_private

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


def write(layout: Layout, credentials: Credentials, api_port: int) -> None:
    """Write the token file and the kubeconfigs, each of mode 0600."""
    rows = []
    authority = (layout.pki / "ca.crt").read_bytes()
    for user in USERS:
        token, name = credentials.tokens[user], _NAMES.get(user, f"kitchen:{user}")
        groups = _GROUPS.get(user)
        rows.append(f"{token},{name},{user}" + (f",{groups}" if groups else ""))
        write_private(layout.kubeconfig_of(user), json.dumps(_kubeconfig(authority, user, token, api_port)))
    write_private(layout.root / "config" / "tokens.csv", "\n".join(rows) + "\n")


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
