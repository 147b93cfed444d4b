"""What is seen of a kitchen: the metrics that Prometheus takes."""
