"""What a pipeline runs on a pull request and after a merge, and what a person can run in its place."""
