"""A day of fifty kitchens as made series, a Prometheus that holds it, Perses, and a browser for the pictures."""
