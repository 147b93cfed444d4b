"""Chat templates of a base model, judged like the code that they are.

A template is Jinja that the server runs for every request: it decides what the model is told. It is parsed as
transformers parses it and never rendered. What is understood passes; everything else is a finding with a name, and a
person accepts it by that name or takes another template.
"""
