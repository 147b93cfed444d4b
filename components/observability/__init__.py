"""What is seen of an environment: what Prometheus scrapes, and the one table of its rules.

Nothing is imported here: commands read the table, and need not wait for the engine's SDK.
"""
