"""How texts are read, beside the kubectl of this machine."""
