"""Base models: the volume of a version, the Job that fills it, and the check before a server starts."""
