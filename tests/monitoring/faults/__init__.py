"""Faults that are made for real, and what people are told of each: real parts, Prometheus, Alertmanager, webhook."""
