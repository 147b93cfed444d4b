"""What a change would do, told to people and to machines: the report of `kitchen plan`."""
