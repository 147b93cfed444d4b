"""`make demo`: a kitchen that really answers on one machine, real vLLM behind the real Envoy, without containers."""
