"""Helpers of the policy tier: what a sample is, objects that samples start from, where samples are found."""
