"""The kitchen on this machine: what `make up`, `make down`, `make preview` and `make policy` do.

A convenience: on a real cluster the ordinary `pulumi` command does the same with the same program.
"""
