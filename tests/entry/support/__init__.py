"""What the entry's tests share: keys and tokens, servers that record, a running entry, and callers."""
