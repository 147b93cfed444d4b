"""Helpers of the unit tier."""
