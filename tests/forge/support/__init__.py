"""A Gitea on loopback with four accounts, and a repository whose main branch is protected."""
