"""Part of the Private AI Kitchen."""
