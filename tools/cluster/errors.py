"""The one error that the embedded cluster raises."""


class ClusterError(Exception):
    """A message for the user: what failed, the rule, and where to look."""


class PortTakenError(ClusterError):
    """Another process took a port between the choice and the start; a new choice helps."""
