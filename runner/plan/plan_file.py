"""Plan files: TOML → typed steps, or a sentence that names the file, the key and what was expected."""

from __future__ import annotations

import re
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

import msgspec

from runner.domain.errors import Refused
from runner.domain.steps import PLAN_KINDS, Backfill, PlanWork, Regenerate, files_of, relative_to
from runner.plan.modes import resolved
from runner.plan.sources import wrong_source
from runner.plan.typed_paths import typed_paths

SUFFIX = ".toml"
_AT = re.compile(r"^(?P<what>.*?)(?: - at `\$(?P<path>[^`]*)`)?$", re.DOTALL)
_STEP = re.compile(r"^\.step\[(\d+)\]\.?")
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<name>[^`]*)`")
_MISSING = re.compile(r"Object missing required field `(?P<name>[^`]*)`")


class PlanFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The steps of a run, in order. `name` is the run id's stem, `profile` the tenant's."""

    step: Annotated[tuple[PlanWork, ...], msgspec.Meta(min_length=1)]
    name: str | None = None
    profile: str | None = None


def is_plan(path: str) -> bool:
    """Whether a name is that of a plan file."""
    return path.lower().endswith(SUFFIX)


def read_plan(path: str) -> PlanFile:
    """The plan in a file, its paths counted from there. Raises Refused with file, key and what was expected."""
    try:
        document = msgspec.toml.decode(Path(path).read_text("utf-8-sig"))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused(f"{path}: not TOML: {error}") from error
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}") from error
    return plan_of(document, path)


def plan_of(document: Any, path: str) -> PlanFile:
    """The plan that a TOML document holds. Raises Refused."""
    try:
        plan = msgspec.convert(_with_times_as_text(document), PlanFile)
    except msgspec.ValidationError as error:
        raise Refused(f"{path}: {_located(str(error), document)}") from error
    for number, work in enumerate(plan.step, 1):
        if (problem := _contradiction(work) or wrong_source(plan.step, number)) is not None:
            raise Refused(f"{path}, step {number}: {problem}")
    folder = str(Path(path).parent)
    works = [_regenerate(work, folder) if isinstance(work, Regenerate) else work for work in plan.step]
    return msgspec.structs.replace(plan, step=tuple(relative_to(work, folder) for work in works))


def _with_times_as_text(document: Any) -> Any:
    """TOML has types for days and times; keys that take words, too, have them as text."""
    if not isinstance(document, dict) or not isinstance(document.get("step"), list):
        return document
    return document | {"step": [_select_with_text(step) for step in document["step"]]}


def _select_with_text(step: Any) -> Any:
    if not isinstance(step, dict) or step.get("do") != "select":
        return step
    return {name: str(value) if isinstance(value, date) else value for name, value in step.items()}


def _regenerate(work: Regenerate, folder: str) -> Regenerate:
    """The step with the flags of its mode, and the types of single files: `manifests = ["a.csv:Invoice"]`."""
    paths, types = typed_paths(work.manifests, folder)
    return resolved(msgspec.structs.replace(work, manifests=paths, types=work.types | types))


def _contradiction(work: PlanWork) -> str | None:
    """What no type can say."""
    if isinstance(work, Regenerate) and work.mode is not None and (work.only_resend or work.re_migrate):
        return "mode says what only_resend and re_migrate say; give one of them"
    if isinstance(work, Regenerate) and work.only_resend and work.re_migrate:
        return "only_resend and re_migrate exclude each other: Zuora allows one of them"
    if isinstance(work, Regenerate) and (strange := set(work.types) - set(work.manifests)):
        return f"types names {min(strange)!r}, which is none of the manifests"
    if isinstance(work, Regenerate) and (work.from_ is None) == (not work.manifests):
        return 'name manifests, or a step whose objects are regenerated: from = "step 1"'
    if isinstance(work, Backfill) and (work.file is None) == (not work.files):
        return "give either file or files"
    if any(path == "-" or path.startswith("-:") for path in files_of(work)):
        return "a plan cannot read standard input; name a file"
    return None


def _located(message: str, document: Any) -> str:
    """msgspec's message in the words of the file: steps counted from 1, names that are near."""
    match = _AT.match(message)
    assert match is not None
    what, path = match["what"], match["path"] or ""
    numbered = _STEP.match(path)
    step = int(numbered[1]) + 1 if numbered else None
    key = _STEP.sub("", path).strip(".")
    where = ", ".join(part for part in (f"step {step}" if step else "", key) if part)
    return f"{where}: {_explained(what, step, key, document)}" if where else _explained(what, step, key, document)


def _explained(what: str, step: int | None, key: str, document: Any) -> str:
    if unknown := _UNKNOWN.match(what):
        names = _names(document["step"][step - 1].get("do") if step else None)
        return f"there is no key {unknown['name']!r}; {_suggestion(unknown['name'], names)}"
    if missing := _MISSING.match(what):
        return f"the key {missing['name']!r} is missing"
    if key == "do" and (invalid := re.match(r"Invalid value '(.*)'", what)):
        words = [str(kind.__struct_config__.tag) for kind in PLAN_KINDS]
        return f"there is no step {invalid[1]!r}; {_suggestion(invalid[1], words)}"
    return what[:1].lower() + what[1:].replace("`", "")


def _names(do: str | None) -> list[str]:
    if do is None:
        return [*PlanFile.__struct_fields__]
    kind = next(kind for kind in PLAN_KINDS if kind.__struct_config__.tag == do)
    return ["do", *kind.__struct_encode_fields__]


def _suggestion(word: str, known: list[str]) -> str:
    near = get_close_matches(word, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
