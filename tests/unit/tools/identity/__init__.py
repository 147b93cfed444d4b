"""Tests of rendered rights: what each way gets, by name where names are known, and nothing beside it."""
