"""The way of a change at a real Gitea: pull request, comment, statuses, approval, merge, delivery."""
