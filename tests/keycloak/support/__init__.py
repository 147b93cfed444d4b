"""Helpers of the tier with Keycloak."""
