"""MinIO alone: `server.MinioServer` in the cluster, its users and its quotas. With another store nothing of it is used.

Nothing is imported here: `server` would bring the tenants' code into the process of the users' and quotas'
providers, for which each preview waits.
"""
