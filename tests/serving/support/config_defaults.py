"""Run by the Python that has vLLM: the numbers that config classes of its transformers have for what a file leaves out.

`config_defaults.py FILE` writes FILE (infra/catalog/config-defaults.json). A number is taken only where the class says
it and an object of the class has it: what is worked out from other numbers (a head's size) is no default.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from transformers.models.auto.configuration_auto import CONFIG_MAPPING, CONFIG_MAPPING_NAMES

ABOUT = (
    "Numbers that config classes of transformers have for what a nested config leaves out, by model_type, as the "
    "transformers beside the vLLM of images.yaml says: make architectures. A model_type with a number that is not "
    "certain is left out."
)
NEEDED = (
    *("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads"),
    *("vocab_size", "max_position_embeddings"),
)
FURTHER = ("num_key_value_heads", "head_dim", "sliding_window", "tie_word_embeddings")


def defaults() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each model_type whose class states every number that is needed."""
    for kind in sorted(CONFIG_MAPPING_NAMES):
        try:
            owner = CONFIG_MAPPING[kind]
            made = owner()
        except Exception as error:  # noqa: BLE001 - a class that cannot be made says nothing
            print(f"{kind}: left out: {str(error)[:100]}", file=sys.stderr)
            continue
        stated = {key: getattr(owner, key, None) for key in (*NEEDED, *FURTHER)}
        found = {
            key: value for key, value in stated.items() if type(value) in (int, bool) and vars(made).get(key) == value
        }
        if all(found.get(key) for key in NEEDED):
            yield kind, found


def main() -> None:
    """Write the catalog's file."""
    lines = ",\n".join(f"{json.dumps(kind)}: {json.dumps(said)}" for kind, said in defaults())
    head = f'{{\n"about": {json.dumps(ABOUT)},\n"version": {json.dumps(metadata.version("transformers"))},\n'
    Path(sys.argv[1]).write_text(f'{head}"kinds": {{\n{lines}\n}}\n}}\n')


if __name__ == "__main__":
    main()
