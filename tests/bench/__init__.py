"""Measurements, side by side in one run: ratios and milliseconds a resource, never asserted."""
