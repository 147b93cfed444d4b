"""Scrapes of what takes minutes, or tools of its own: `make test-names`."""
