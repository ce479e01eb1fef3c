"""The report: one page of HTML about one run, complete in itself, readable offline, on paper and in the dark.

```
ledger ─▶ statistics ─┬─▶ charts (SVG) ─────────────────────┐
                      ├─▶ headline (the first sentence) ────┼─▶ page ◀─ html (everything escaped), style.css
ledger ───────────────┴─▶ failure_section (errors, remedies) ┘
```
"""

from runner.results.report.page import render, write_report

__all__ = ["render", "write_report"]
