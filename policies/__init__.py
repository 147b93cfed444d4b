"""The CrossGuard pack: one rule a module, each with its metadata."""
