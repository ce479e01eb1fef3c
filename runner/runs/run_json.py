"""run.json: what was asked of a run and how it ended, as its ledger tells it."""

from __future__ import annotations

from typing import Any

from runner.domain.model import State
from runner.ledger import Store, open_read_only
from runner.ledger import queries as ledger_views
from runner.runs.folder import RunFolder
from runner.system.timestamps import iso


def totals_of(counts: dict[int, dict[str, int]]) -> dict[str, int]:
    """Rows by state over all steps; every state is named, and `rows` is their sum."""
    totals = {state.value: sum(step.get(state.value, 0) for step in counts.values()) for state in State}
    return {"rows": sum(totals.values())} | totals


def write_document(folder: RunFolder, store: Store) -> dict[str, Any]:
    """Write run.json from the ledger; returns it."""
    document = document_of(store)
    folder.write_document(document)
    return document


def document_of(store: Store) -> dict[str, Any]:
    """run.json: what was asked and how it ended."""
    facts = store.facts()
    counts = ledger_views.counts(store)
    sent, first, last = ledger_views.sendings(store)
    sources = ledger_views.manifests(store)
    return {
        "run": facts["run_id"],
        "name": facts.get("name"),
        "status": facts["status"],
        "exit_code": facts.get("exit_code"),
        "reason": facts.get("reason"),
        "base_url": facts["base_url"],
        "host": facts["host"],
        "tenant": facts["tenant"],
        "tenant_kind": facts["tenant_kind"],
        "profile": facts.get("profile"),
        "entity_ids": facts["entity_ids"],
        "org_ids": facts["org_ids"],
        "fingerprint": facts["fingerprint"],
        "steps": [
            step
            | {
                "counts": counts.get(step["step"], {}),
                "manifests": [
                    {"path": m.path, "sha256": m.sha256, "bytes": m.bytes, "rows": m.rows}
                    for m in sources
                    if m.step == step["step"]
                ],
            }
            for step in ledger_views.steps(store)
        ],
        "carried": facts.get("carried"),
        "formats": facts["formats"],
        "counts": totals_of(counts),
        "requests": {"pending": ledger_views.pending(store), "sent": sent},
        "planned_at": facts["planned_at"],
        "started_at": facts.get("started_at"),
        "ended_at": facts.get("ended_at"),
        "first_claimed_at": None if first is None else iso(first),
        "last_answered_at": None if last is None else iso(last),
        "head": facts.get("head"),
        "user": facts.get("user"),
        "machine": facts["machine"],
        "version": facts["version"],
    }


def reread(folder: RunFolder) -> dict[str, Any]:
    """The document of a run as its ledger tells it now."""
    with open_read_only(folder.ledger) as store:
        return document_of(store)
