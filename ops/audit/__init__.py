"""`kitchen audit`: what Git declares against state, bucket, cluster and the servers' own answer."""
