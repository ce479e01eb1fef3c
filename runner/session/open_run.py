"""One run, opened once: what a command reads, sends and prints of it goes through one value.

```
OpenRun(folder) ─▶ store (to read) ─▶ write() ─▶ store (to write) ─▶ close()
                └▶ document: run.json, built when it is first needed and after each change
```
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from msgspec import structs

from runner.ledger import Facts, Store, open_read_only, open_writable
from runner.runs.folder import RunFolder
from runner.runs.run_json import RunDocument, document_of


class OpenRun:
    """A run folder with its ledger open. A context manager; opens the ledger when it is first needed."""

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self._store: Store | None = None
        self._file: tuple[int, int] | None = None
        self._document: RunDocument | None = None
        self._facts: Facts | None = None

    @property
    def store(self) -> Store:
        """The ledger: to read, or to write after `write`."""
        if self._store is None:
            self._file = self._identity()
            self._store = open_read_only(self.folder.ledger)
        return self._store

    @property
    def document(self) -> RunDocument:
        """run.json as the ledger gives it."""
        if self._document is None:
            self._facts, self._document = self.store.facts(), document_of(self.store)
        return self._document

    def refresh(self) -> Facts:
        """The facts of now, once the run is locked: another process may have planned it again or sent from it."""
        if self._store is not None and self._file != self._identity():
            self.close()
        facts = self.store.facts()
        if facts != self._facts:
            self._document = None
        return facts

    def write(self) -> Store:
        """Open the ledger to write; for whoever holds the run."""
        if self._store is not None:
            self._store.close()
        self._store = open_writable(self.folder.ledger)
        return self._store

    def begin(self, **facts: Any) -> None:
        """Record facts at the start of an invocation, and write run.json with them."""
        document = self.document
        self.store.set_facts(**facts)
        known = {name: value for name, value in facts.items() if name in document.__struct_fields__}
        self._document = structs.replace(document, **known)
        self.folder.put_document(self._document)

    def written(self, document: RunDocument) -> None:
        """Take over the document that the end of an invocation has written."""
        self._facts, self._document = self.store.facts(), document

    def forget_document(self) -> None:
        """The ledger was changed otherwise: the document is built again when it is next needed."""
        self._document = None

    def close(self) -> None:
        """Close the ledger."""
        if self._store is not None:
            self._store.close()
        self._store = self._file = self._document = self._facts = None

    def __enter__(self) -> OpenRun:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _identity(self) -> tuple[int, int]:
        """Which file the ledger is: a plan made anew is another one under the same name."""
        try:
            status = self.folder.ledger.stat()
        except OSError:
            return (0, 0)
        return status.st_dev, status.st_ino


@contextlib.contextmanager
def closed_if_refused(run: OpenRun) -> Iterator[None]:
    """Close the run again if what is checked of it fails."""
    try:
        yield
    except BaseException:
        run.close()
        raise
