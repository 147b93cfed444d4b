"""The catalog's list of variables has every name that the installed vLLM reads, and no other of its own."""

from __future__ import annotations

import json
import os
import subprocess

from infra.flag_words import FILE, VERSION
from tests.serving.support.served_kitchen import PYTHON

READ = "import json, vllm.envs as envs; print('\\n' + json.dumps(sorted(envs.environment_variables)))"


def test_the_catalog_knows_the_variables_of_this_vllm() -> None:
    done = subprocess.run([os.environ[PYTHON], "-c", READ], capture_output=True, text=True, check=True, timeout=300)
    said = set(json.loads(done.stdout.splitlines()[-1]))
    listed = json.loads(FILE.with_name("server-variables.json").read_text())
    own = {name for name, entry in listed["variables"].items() if name.startswith("VLLM_") and "elsewhere" not in entry}
    assert listed["version"] == VERSION
    assert said - set(listed["variables"]) == set()
    assert own - said == set()
