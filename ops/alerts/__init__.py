"""`kitchen alerts`: the table of an environment's alerts, and what a Prometheus says of each of them."""
