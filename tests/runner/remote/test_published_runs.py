"""Questions over the runs that are published, wherever they are."""

from __future__ import annotations

import fsspec
import pytest

from runner.audit.verify_all import published_at, verify_all
from runner.remote.publish import publish
from runner.remote.storage import open_storage


@pytest.fixture(params=["folder", "memory"])
def url(request, tmp_path, sealed):
    """A storage with one run that is published whole, and one of which the seal is missing."""
    fsspec.filesystem("memory").store.clear()
    url = {"folder": f"file://{tmp_path}/remote", "memory": "memory://bucket/regen"}[request.param]
    storage = open_storage(url)
    target = publish(storage, sealed)
    storage.put(sealed.path / "run.json", target.replace("/run=", "/run=half-") + "/run.json")
    return url


def test_history_find_and_verify_over_the_remote(url, sealed, regen, tmp_path):
    local = regen("history", "--by", "category", "--csv")
    assert local.code == 0 and local.out.count("\n") > 2
    remote = regen("history", "--by", "category", "--csv", "--remote", url)
    assert (remote.code, remote.out) == (0, local.out)
    (one,) = regen("history", "--json", "--remote", url).document
    assert one["run"] == sealed.id

    name = regen("history", "--sql", "SELECT regen_object FROM rows LIMIT 1", "--csv").out.split("\n")[1].strip('"')
    answer = regen("find", name, "--json", "--remote", url)
    assert answer.code == 0 and answer.document == regen("find", name, "--json").document
    nothing = regen("find", "NOBODY", "--remote", url)
    assert (nothing.code, nothing.out) == (3, "no run there has a row about NOBODY\n")

    assert [
        (folder.run, [check.name for check in checks if not check.passed])
        for folder, checks in verify_all(published_at(url), {})
    ] == [(sealed.id, [])]
    heads = tmp_path / "heads.txt"
    heads.write_text(f"{sealed.id} {sealed.document().head}\nmissing-run {'0' * 64}\n")
    done = regen("verify", "--all", "--remote", url, "--heads", heads)
    assert done.code == 3
    assert f"ok      {sealed.id}" in done.out and f"its folder is not in {url}" in done.out


def test_a_published_file_that_was_changed_is_reported(url, sealed, regen):
    storage = open_storage(url)
    target = next(iter(published_at(url))).path
    changed = sealed.path.parent / "changed"
    changed.write_text("changed\n")
    storage.put(changed, f"{target}/results.csv")
    done = regen("verify", "--all", "--remote", url)
    assert done.code == 3
    assert f"FAILED  {sealed.id}: seal, results\n" in done.out


def test_remote_belongs_to_all(regen):
    assert regen("verify", "x", "--remote", "memory://x").code == 2
