"""A tenant: its namespace, quota, roles, network rules and what its pods need before they start."""
