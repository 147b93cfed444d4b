"""Write `infra/catalog/server-flags.json` anew from the vLLM that a Python has: PYTHON -m vllm must be importable."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from infra.flag_words import FILE
from tools.server_flags import UNJUDGED, merged, text

READING = Path(__file__).with_name("reading.py")


def main(argv: list[str]) -> int:
    """Run the reader by the interpreter that is named, and write the list; name what somebody has to judge."""
    if len(argv) != 1:
        print("usage: python -m tools.server_flags PYTHON_WITH_VLLM", file=sys.stderr)
        return 2
    done = subprocess.run([argv[0], str(READING)], capture_output=True, text=True, check=False, timeout=600)
    if done.returncode != 0:
        print(f"server-flags: {argv[0]} could not read vLLM's parser:\n{done.stderr[-2000:]}", file=sys.stderr)
        return 1
    listed = json.loads(FILE.read_text())
    made = merged(listed, json.loads(done.stdout.splitlines()[-1]))
    FILE.write_text(text(made))
    for name, entry in made["flags"].items():
        if entry.get("closed") == UNJUDGED:
            print(f"server-flags: --{name} is new: say in {FILE.name} what it opens")
    for name in made["removed"].keys() - listed.get("removed", {}).keys():
        print(f"server-flags: --{name} is gone: say in {FILE.name} what replaces it")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
