"""`kitchen token`: a token of the organisation's own issuer, for a person or a program that calls a model."""
