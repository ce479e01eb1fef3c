"""`doctor`: look at all that a run needs, tell each with its remedy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from runner.config.settings import Flags
from runner.doctor import Finding, Level
from runner.doctor.checks import findings
from runner.domain.errors import ExitCode
from runner.system.console import printable, say, say_json


def doctor(flags: Flags, manifests: Sequence[str], rows: int | None, *, as_json: bool) -> ExitCode:
    """Print the findings as they come. REFUSED if one of them would keep a run from going well."""
    found: list[Finding] = []
    for finding in findings(flags, manifests, rows):
        found.append(finding)
        if not as_json:
            say("\n".join(_lines(finding)))
    failed = [finding.name for finding in found if finding.level is Level.FAIL]
    if as_json:
        document = {"ok": not failed, "findings": [finding.document() for finding in found]}
        say_json(document)
    else:
        say(f"not fit to run: {', '.join(failed)}" if failed else "fit to run")
    return ExitCode.REFUSED if failed else ExitCode.SUCCEEDED


def _lines(finding: Finding) -> Iterator[str]:
    yield printable(f"{finding.level.value:<4}  {finding.name:<12}  {finding.told}")
    if finding.remedy:
        yield printable(f"{'':<4}  {'':<12}  → {finding.remedy}")
