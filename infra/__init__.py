"""The program: an environment's settings in, an environment's resources out.

`load` and `validate` read settings and catalog, `rules` judge them, `kitchen` builds components from them. What a pod
runs is in `payload`, what may run at all in `catalog`. Commands that people type are in `ops`.
"""
