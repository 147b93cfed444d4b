"""When what is declared came into the settings."""
