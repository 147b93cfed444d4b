"""The CrossGuard pack: what may be declared in an environment.

It stands alone: it imports nothing of the program, so that it can judge any YAML. Imports go down only: `check`, `docs`
and `pack` use `rules`, those use `manifests`, and those use `judging`.
"""
