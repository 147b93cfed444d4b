"""What a rule is and how it is run: its metadata, the resource before it, the settings, exemptions and secrets.

Nothing here knows a Kubernetes kind; reading objects is `policies.manifests`.
"""
