"""`make profile`: where the time of a preview or update goes; every Python process of the engine loads `hook`."""
