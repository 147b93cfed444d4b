"""Forges (GitHub, GitLab, Gitea) by their REST interfaces: pull requests, comments, commit statuses, issues."""
