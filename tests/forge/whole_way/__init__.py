"""From a pull request to what runs, through every make target of the pipelines, at a real Gitea."""
