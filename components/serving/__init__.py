"""vLLM on KServe: a kitchen's runtime, its service, its adapters in static or hot mode, and how it scales and ends."""
