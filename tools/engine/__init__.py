"""What one run of the Pulumi engine says: its events as they come, and what they amount to."""
