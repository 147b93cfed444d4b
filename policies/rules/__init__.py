"""The rules, one a file: what each denies, why, and what to write instead.

Nothing else lives here. How a rule finds pods, images or rights in an object is in `policies.manifests`.
"""
