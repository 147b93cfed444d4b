"""Tests of the whole look: what is told, what is known by design, and that no secret is ever shown."""
