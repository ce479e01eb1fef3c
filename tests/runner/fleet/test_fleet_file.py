"""fleet.toml: what it may say, and what is refused with the tenant's name."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.domain.errors import Refused
from runner.fleet.fleet_file import only, read_fleet

TWO = """
name = "nightly"
concurrency = 2
[[tenant]]
profile = "one"
manifests = ["a.csv", "b.csv"]
options = { re_migrate = true, rate = 2.5, canary = 3, again = false }
[[tenant]]
profile = "one"
name = "two"
plan = "p.toml"
"""


def read(tmp_path: Path, text: str):
    path = tmp_path / "fleet.toml"
    path.write_text(text)
    return read_fleet(path, tmp_path / "runs", None)


def test_each_tenant_gets_the_words_of_a_command(tmp_path):
    """Paths are counted from the file; options become words; each tenant has a folder of its own."""
    fleet = read(tmp_path, TWO)
    one, two = fleet.tenants
    assert (fleet.name, fleet.concurrency, one.name, two.name) == ("nightly", 2, "one", "two")
    assert one.words == (
        *("nightly", str(tmp_path / "a.csv"), str(tmp_path / "b.csv"), "--profile", "one"),
        *(
            "--runs-dir",
            str(tmp_path / "runs/one"),
            "--quiet",
            "--wait",
            "--re-migrate",
            "--rate",
            "2.5",
            "--canary",
            "3",
        ),
    )
    assert two.words[:2] == ("nightly", str(tmp_path / "p.toml"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("name = 'x'\ntenant = []", "at least one"),
        ("name = 'x'\nconcurrency = 0\n[[tenant]]\nprofile = 'a'\nplan = 'p'", "concurrency is 0"),
        ("name = 'x'\n[[tenant]]\nprofile = 'a'", "either `manifests` or `plan`"),
        ("name = 'x'\n[[tenant]]\nprofile = 'a'\nplan = 'p'\nmanifests = ['m']", "either `manifests` or `plan`"),
        ("name = 'x'\n[[tenant]]\nprofile = '../a'\nplan = 'p'", "a name is"),
        ("name = 'x'" + 2 * "\n[[tenant]]\nprofile = 'a'\nplan = 'p'", "two tenants are named a"),
        ("name = 'x'\n[[tenant]]\nprofile = 'a'\nplan = 'p'\noptions = { runs_dir = 'r' }", "decided by the fleet"),
        ("name = 'x'\n[[tenant]]\nprofile = 'a'\nplan = 'p'\noptions = { rate = [1] }", "must be a text"),
        ("name = 'x'\n[[tenant]]\nprofil = 'a'", "profil"),
        ("name = ", "fleet.toml"),
    ],
)
def test_what_cannot_be_run_is_refused(tmp_path, text, reason):
    """With the file, the tenant and the reason."""
    with pytest.raises(Refused, match=r"fleet\.toml") as error:
        read(tmp_path, text)
    assert reason in str(error.value)


def test_a_file_that_is_not_there(tmp_path):
    """Named."""
    with pytest.raises(Refused, match=r"none\.toml"):
        read_fleet(tmp_path / "none.toml", tmp_path, None)


def test_one_tenant_can_be_chosen_by_name_or_position(tmp_path):
    """As engines that start the tenants themselves know them; a name that looks like a number is a name."""
    fleet = read(tmp_path, TWO.replace('"two"', '"0"'))
    assert only(fleet, []) == fleet
    for wanted, names in ((["one"], ["one"]), (["0"], ["0"]), (["1"], ["0"]), (["1", "one", "0"], ["0", "one"])):
        assert [tenant.name for tenant in only(fleet, wanted).tenants] == names
    for wanted in ("2", "three", "-1", ""):
        with pytest.raises(Refused, match="no tenant of fleet nightly; it has one, 0"):
            only(fleet, [wanted])
