"""What a rule can see in an object: its pods, images, paths, peers, quantities, flags and looks of secrets.

No judgement lives here: what is allowed is said in `policies.rules`.
"""
