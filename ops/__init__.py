"""The command `kitchen`: what people do to artifacts, the catalog and a running environment.

It works on files, the store and the cluster, and leaves resources to the Pulumi program. Of `infra` it takes settings
and catalog alone.
"""
