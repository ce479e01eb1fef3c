"""What is wrong with files, before anything is planned."""

from __future__ import annotations

from pathlib import Path


def test_every_file_that_cannot_be_used_is_named(regen):
    """Not only the first."""
    Path("a.csv").write_text("x\n1\n")
    Path("b.csv").write_text("")
    Path("c.csv").write_text("invoiceNumber\nINV-1\n")
    done = regen("check", "a.csv", "b.csv", "c.csv", "d.csv")
    assert done.code == 2
    assert [line.split(": ")[0].removeprefix("regen") for line in done.err.splitlines()][1:] == ["b.csv", "d.csv"]
    assert "a.csv: no identifying column" in done.err


def test_a_plan_file_is_checked_too(regen):
    """Every step of it."""
    Path("m.csv").write_text("invoiceNumber\nINV-1\n")
    Path("p.toml").write_text('[[step]]\ndo = "regenerate"\nmanifests = ["m.csv"]\n[[step]]\ndo = "booking-dates"\n')
    done = regen("check", "p.toml")
    assert (done.code, "2 rows = 2 to be sent" in done.out) == (0, True)
