"""`python -m tools.docs`: write the generated references."""

from __future__ import annotations

from tools.docs import DOCS, configuration


def main() -> None:
    """Write every generated file and say which."""
    path = DOCS / "configuration.md"
    path.write_text(configuration())
    print(f"wrote {path.relative_to(DOCS.parent)}")


if __name__ == "__main__":
    main()
