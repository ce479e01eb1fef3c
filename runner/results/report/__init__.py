"""The report: one page of HTML about one run, complete in itself, readable offline, on paper and in the dark.

```
ledger ─▶ figures (numbers) ─▶ plots (SVG) ─┐
                            └─▶ page ◀──────┴─ markup (everything escaped), style.css
```
"""

from runner.results.report.page import render, write_report

__all__ = ["render", "write_report"]
