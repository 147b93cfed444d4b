"""When what is declared came into the settings, out of the history of Git."""
