"""A file of 6 GB on its whole way: not part of the default run, `make test-large`."""
