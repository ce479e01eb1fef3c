"""Reports to outsiders how a run ended: a web hook, a command, Prometheus metrics. None of them changes how it ended.

```
receivers (who) ─▶ reporting (when) ─▶ webhook · on_finish · prometheus ─▶ http_client
```
"""
