"""`kitchen calls` and `kitchen usage`: the record of calls, read from the bucket of the audit and added up."""
