"""What an update would change, in numbers for Prometheus."""
