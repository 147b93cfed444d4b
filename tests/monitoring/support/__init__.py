"""What the tests with a real Prometheus share."""
