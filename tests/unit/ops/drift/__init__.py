"""What an update would change, counted."""
