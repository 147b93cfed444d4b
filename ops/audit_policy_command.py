"""Arguments and run of `kitchen audit-policy`."""

from __future__ import annotations

import argparse
from pathlib import Path

import yaml

from infra.audit_policy import audit_policy, openshift_audit
from infra.catalog import load_catalog
from infra.load import settings_from_file

_HEADS = {
    "kubernetes": "# For --audit-policy-file of the API server; written by `kitchen audit-policy`, not by hand.\n",
    "openshift": "# For `oc apply --server-side -f`; written by `kitchen audit-policy`, not by hand.\n",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--settings", type=Path, required=True, metavar="FILE", help="Pulumi.<stack>.yaml")
    parser.add_argument("--form", choices=tuple(_HEADS), help="the settings' platform.kind, if not stated")


def run(options: argparse.Namespace) -> int:
    """Print the policy as YAML; 0. Raise FaultsError."""
    settings = settings_from_file(options.settings, load_catalog())
    form = options.form or settings.platform.kind
    made = openshift_audit() if form == "openshift" else audit_policy(settings)
    print(_HEADS["openshift" if form == "openshift" else "kubernetes"], end="")
    print(yaml.safe_dump(made, sort_keys=False, width=120), end="")
    return 0
