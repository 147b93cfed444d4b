"""What a workplace needs: the pinned tools, a cluster on this machine, generated artifacts and the pipelines' steps.

Nothing here ships to a cluster of yours.
"""
