"""`kitchen bundle`: bring artifacts into a closed network in one signed folder or archive."""
