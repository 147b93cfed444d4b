"""Generated references."""
