"""Uploads a folder to the artifact server that the runner names, as actions/upload-artifact v3 did."""

from __future__ import annotations

import json
import os
import sys
import urllib.parse
import urllib.request
from pathlib import Path

HEAD = {"Authorization": f"Bearer {os.environ['ACTIONS_RUNTIME_TOKEN']}"}


def asked(method: str, url: str, body: bytes, **headers: str) -> bytes:
    request = urllib.request.Request(url, data=body, method=method, headers=HEAD | headers)  # noqa: S310 - the runner's
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        content: bytes = answer.read()
        return content


name, folder = os.environ["NAME"], Path(os.environ["UPLOADED"])
files = sorted(path for path in folder.rglob("*") if path.is_file())
if not files and os.environ["NOTHING"] != "ignore":
    sys.exit(f"no file in {folder}")
base = f"{os.environ['ACTIONS_RUNTIME_URL']}_apis/pipelines/workflows/{os.environ['GITHUB_RUN_ID']}/artifacts"
made = json.loads(asked("POST", f"{base}?api-version=6.0-preview", json.dumps({"Name": name}).encode()))
for path in files:
    content = path.read_bytes()
    place = urllib.parse.quote(f"{name}/{path.relative_to(folder)}")
    span = f"bytes 0-{max(len(content) - 1, 0)}/{len(content)}"
    asked("PUT", f"{made['fileContainerResourceUrl']}?itemPath={place}", content, **{"Content-Range": span})
print(f"uploaded {len(files)} files as {name}")
