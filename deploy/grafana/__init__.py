"""Dashboards of Grafana as code: `python -m deploy.grafana.make_dashboards` writes dashboards/."""
