"""A plan as text."""

from __future__ import annotations


def test_a_plan_says_what_is_overwritten(tmp_path, regen):
    """Whichever of its steps does it."""
    (tmp_path / "s.csv").write_text("subscriptionName,subscriptionVersion\nA-1,1\n")
    step = '[[step]]\ndo = "regenerate"\nmanifests = ["s.csv"]\n'
    (tmp_path / "p.toml").write_text(f'[[step]]\ndo = "booking-dates"\n{step}only_resend = true\n{step}')
    words = ("plan", "p.toml", "--base-url", "http://127.0.0.1:1")
    output = regen(*words).out
    assert "OVERWRITTEN" not in output
    assert "plus the time that the tenant takes for the jobs of step 1\n" in output
    (tmp_path / "p.toml").write_text((tmp_path / "p.toml").read_text() + "re_migrate = true\n")
    assert "OVERWRITTEN" in regen(*words).out
