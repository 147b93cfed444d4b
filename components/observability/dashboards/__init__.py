"""Dashboards: one description as plain data, and what Grafana and Perses take in made of it."""
