"""Real tokens of a real Keycloak, through the real Envoy with what the program renders."""
