"""`kitchen tell`: the report of a plan as one comment and commit statuses, and drift as one issue, at a forge."""
