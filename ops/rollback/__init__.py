"""`kitchen rollback`: one kitchen's settings as they were at a Git revision."""
