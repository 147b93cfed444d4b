"""What Envoy counts of calls: the sums are those of the record and of the servers, and callers make no series."""
