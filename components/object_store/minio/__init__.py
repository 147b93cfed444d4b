"""MinIO alone: the server in the cluster, its users and its quotas. With another store nothing of this is used."""
