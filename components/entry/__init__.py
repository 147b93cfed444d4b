"""The way in: a kitchen's address outside the cluster, and calls shared with a canary."""
