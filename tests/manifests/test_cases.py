"""Files as people have them, each with the objects that must be sent beside it: `cases/expected.json`.

`want` is the labels of the objects in the order of the file, "refuse" where nothing may be sent, and null where both
answers can be defended. No file may be silently wrong.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from manifests import ManifestError, checker, open_manifest

# Where the contract says otherwise than `want`: what probably is not an identifier is sent and noted, with its rows; a
# number that is shown otherwise than it is stored rejects its row.
NOTED = {"026": 2, "027": 1, "028": 2, "507": 2}
REFUSED = {"112", "520"}
CASES = Path(__file__).parent / "cases"
EXPECTED = json.loads((CASES / "expected.json").read_text("utf-8"))


def sent(case: dict[str, Any], noted: list[int] | None = None) -> list[str | None] | str:
    """The labels of the objects that would be sent, each once; or "refuse: " and why. `noted` gets the noted rows."""
    path = str(CASES / case["file"])
    stdin = io.BytesIO(Path(path).read_bytes()) if case["stdin"] else None
    args: list[str] = case["args"]
    type = args[args.index("--type") + 1] if "--type" in args else None
    labels: dict[str | None, None] = {}
    try:
        with open_manifest("-" if case["stdin"] else path, stdin=stdin) as source:
            check = checker(source.columns, path=source.path, type=type).check
            for batch in source.batches():
                checked = check(batch)
                problems = [problem for problem in checked.problems if problem]
                if problems and "--skip-rejected" not in args:
                    return f"refuse: {problems[0]}"
                if noted is not None:
                    noted += [batch.rows[note.position] for note in checked.notes]
                good = [label for label, problem in zip(checked.objects, checked.problems, strict=True) if not problem]
                labels |= dict.fromkeys(good)
    except ManifestError as error:
        return f"refuse: {error}"
    return list(labels) or "refuse: nothing is left"


@pytest.mark.parametrize("case", [case for case in EXPECTED if case["want"] is not None], ids=lambda case: case["no"])
def test_a_file_sends_what_its_maker_saw_or_nothing(case: dict[str, Any]) -> None:
    noted: list[int] = []
    result = sent(case, noted)
    if case["no"] in NOTED:
        assert len(noted) == NOTED[case["no"]], case["expected"]
    elif case["want"] == "refuse" or case["no"] in REFUSED:
        assert isinstance(result, str), case["expected"]
    else:
        assert result == case["want"], case["expected"]
