"""Typed component resources: what an environment is made of.

Each folder composes one thing. They take values and read neither files nor configuration: that is `infra`. On the
ground lies what all of them use: names, labels, ports, the platform, sums of content and the Kubernetes object itself.
"""

# States name classes by modules that moved; see components/recorded_names/__init__.py.
__path__ = [*__path__, f"{__path__[0]}/recorded_names"]
