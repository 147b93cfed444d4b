"""`python -m tools.docs`: write the generated references."""

from __future__ import annotations

from tools.docs import DOCS, configuration
from tools.docs.memory_rows import memory_page


def main() -> None:
    """Write every generated file and say which."""
    for name, text in (("configuration.md", configuration()), ("memory.md", memory_page(DOCS))):
        path = DOCS / name
        path.write_text(text)
        print(f"wrote {path.relative_to(DOCS.parent)}")


if __name__ == "__main__":
    main()
