"""Samples of the rules: objects that pass and objects that are denied, one module a topic."""
