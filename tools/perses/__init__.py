"""The Perses of the dashboards' pictures: its server from a Go module, its pages and plugins from npm."""
