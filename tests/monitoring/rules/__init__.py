"""Every alert of the table by promtool: a case that fires, one that stays silent, and what absent series do."""
