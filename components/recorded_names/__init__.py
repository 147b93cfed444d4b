"""Names by which states find the providers of the object store.

A state says of each bucket, user and quota where the class of its provider is imported from. These names are a promise
to every state that was ever recorded: they stay when the code moves. `components` looks for its modules here too, so
`components.s3_provider` is the file `s3_provider.py` of this folder.
"""
