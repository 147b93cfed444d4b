"""MinIO alone: `server.MinioServer` in the cluster, its users and its quotas. With another store nothing of it is used.

Nothing is imported here: the providers of users and quotas run in a process of their own, for which each preview waits.
"""
