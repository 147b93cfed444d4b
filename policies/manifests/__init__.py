"""What a rule can see in an object: its kind, objects and pods inside it, images, entries, networks, models, secrets.

What is demanded is said in `policies.rules`. Where a demand is about many kinds, what is a fault in each of them is
said here, one topic a module: entries, networks, objects that open the node or the API.
"""
