"""Dashboards on a real Prometheus: every query answers, and a real Perses draws the pictures of the docs."""
