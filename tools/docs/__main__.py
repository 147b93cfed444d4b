"""`python -m tools.docs`: write the generated references."""

from __future__ import annotations

from tools.docs import DOCS, configuration
from tools.docs.alert_pages import alerts_page
from tools.docs.memory_rows import memory_page


def main() -> None:
    """Write every generated file and say which."""
    made = {"configuration.md": configuration(), "memory.md": memory_page(DOCS), "alerts.md": alerts_page(DOCS)}
    for name, text in made.items():
        path = DOCS / name
        path.write_text(text)
        print(f"wrote {path.relative_to(DOCS.parent)}")


if __name__ == "__main__":
    main()
