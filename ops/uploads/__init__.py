"""Files on their way into the store: in one request, or in parts, and what the store says that it holds."""
