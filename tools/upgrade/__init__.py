"""`make upgrade-check`: what other versions of engine, providers, packages and CRDs would change, and nothing else.

The program and the settings are those of the work tree on both sides. A state is settled with the versions of the base
until their own preview changes nothing; what the work tree's versions change of it then comes from versions alone.
"""
