"""The commands on the catalog: `kitchen adapter`, `kitchen model` and `kitchen image`.

They change one entry of one file in Git as a person would, and leave the review to the pull request.
"""
