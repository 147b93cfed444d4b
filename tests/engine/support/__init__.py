"""Helpers of the engine tier."""
