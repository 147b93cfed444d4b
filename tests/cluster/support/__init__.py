"""Helpers of the cluster tier."""
