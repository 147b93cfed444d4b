"""Helpers of the serving tier."""
