"""How far the tenants are, as a terminal shows it."""

from __future__ import annotations

import io
import time

from runner.fleet import bars
from runner.fleet.bars import TenantBars, settled_of
from runner.fleet.fleet_file import Fleet, Tenant
from runner.fleet.tenant_process import TenantResult
from runner.ledger import open_writable


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def fleet_of(runs, other) -> Fleet:
    return Fleet("night", 2, tuple(Tenant(name, name, (), str(path)) for name, path in (("north", runs), ("s", other))))


def test_a_bar_a_tenant_from_its_ledger(audited, tmp_path, monkeypatch):
    """What goes on is counted; who has not begun waits; who has ended shows how."""
    runs = audited.parent
    assert settled_of(runs) is None and settled_of(tmp_path / "nothing") is None
    settled, rows, wrong = settled_of(runs, ended=True)
    assert settled == rows > 0 and "failed" in wrong
    with open_writable(audited / "ledger.db") as store, store.transaction() as connection:
        connection.execute("UPDATE fact SET value = '\"running\"' WHERE name = 'status'")
        connection.execute("UPDATE request SET state = 'pending' WHERE request < 4")
    assert settled_of(runs)[0] < settled_of(runs)[1] == rows

    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setattr(bars, "LOOK_SECONDS", 0.01)
    shown = TenantBars(fleet_of(runs, tmp_path / "nothing"))
    with shown.shown():
        until = time.monotonic() + 60
        while f"/{rows}" not in terminal.getvalue() and time.monotonic() < until:
            time.sleep(0.01)
        shown.end(TenantResult("s", "s", 2, 0.1), "[1/2] s: refused")
    text = terminal.getvalue()
    assert "north " in text and f"/{rows}" in text
    assert "[1/2] s: refused\n" in text and "exit 2" in text


def test_elsewhere_it_is_a_line(tmp_path, capsys):
    shown = TenantBars(fleet_of(tmp_path, tmp_path))
    with shown.shown():
        shown.end(TenantResult("s", "s", 0, 0.1), "[1/2] s: finished")
    assert capsys.readouterr() == ("[1/2] s: finished\n", "")
