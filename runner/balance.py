"""Whether rows add up: rows = succeeded + failed + unknown + rejected + duplicate + pending."""

from __future__ import annotations

from collections.abc import Iterator

from runner.ledger import Store, views


def unbalanced(store: Store) -> Iterator[str]:
    """What keeps rows from adding up: rows = succeeded + failed + unknown + rejected + duplicate + pending."""
    for source in views.manifests(store):
        count, first, last = views.rows_of(store, source.number)
        if count != source.rows or (count and (first, last) != (1, count)):
            yield f"{source.path}: {source.rows} rows were read, {count} are in the ledger, from {first} to {last}"
    lines, _, last = views.rows_of(store)
    told = sum(sum(step.values()) for step in views.counts(store).values())
    if not lines == (last or 0) == told:
        yield f"{lines} rows in the ledger, the last is {last}, the states add up to {told}"
    yield from views.misfits(store)
