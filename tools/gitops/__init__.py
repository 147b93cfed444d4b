"""What Argo CD applies, as a branch of plain manifests: which objects, in which order, for whom, and never a secret."""
