"""A sealed folder goes to the storage and comes back byte for byte."""

from __future__ import annotations

import pytest

from runner.domain.errors import Refused, RemoteUnusable
from runner.remote.publish import fetch_published, publish, published_document
from tests.runner.remote.conftest import beside


def files(path):
    return {
        str(file.relative_to(path)): file.read_bytes()
        for file in path.rglob("*")
        if file.is_file() and "/." not in str(file)
    }


def test_byte_for_byte_and_the_seal_last(sealed, storage, tmp_path, monkeypatch):
    order = []
    put = storage.put
    monkeypatch.setattr(storage, "put", lambda path, name: (order.append(name), put(path, name)))
    later = sealed.later()
    (later / "reconcile-unknown.csv").write_text("x\n")
    target = publish(storage, sealed)
    document = sealed.document()
    assert target == f"tenant={document.tenant}/month={document.planned_at[:7]}/run={sealed.id}"
    assert order[-1] == f"{target}/SHA256SUMS"
    assert files(tmp_path / "remote" / target) == files(sealed.path)
    assert published_document(storage, target) == document

    order.clear()
    publish(storage, sealed)
    assert [name.rpartition("/")[2] for name in order] == ["reconcile-unknown.csv", "SHA256SUMS"]

    other = beside(sealed)
    fetch_published(storage, target, other)
    sums = {name: content for name, content in files(sealed.path).items() if not name.startswith("after")}
    assert files(other.path) == sums
    assert other.path.stat().st_mode & 0o077 == 0


def test_an_upload_that_broke_off_is_no_published_run(sealed, storage, monkeypatch):
    put = storage.put

    def broken(path, name):
        if name.endswith("results.csv"):
            raise RemoteUnusable("gone")
        put(path, name)

    target = publish(storage, sealed)
    (sealed.path / "run.log").write_text("")
    sealed.unseal()
    (sealed.path / "results.csv").write_text("x\n")
    sealed.seal()
    monkeypatch.setattr(storage, "put", broken)
    with pytest.raises(RemoteUnusable):
        publish(storage, sealed)
    assert published_document(storage, target) is None
    with pytest.raises(RemoteUnusable, match="is not published whole"):
        fetch_published(storage, target, beside(sealed))


def test_what_is_not_as_its_seal_says_is_neither_published_nor_fetched(sealed, storage, tmp_path):
    target = publish(storage, sealed)
    (tmp_path / "remote" / target / "results.csv").write_text("changed\n")
    other = beside(sealed)
    with pytest.raises(RemoteUnusable, match=r"results\.csv: changed"):
        fetch_published(storage, target, other)
    assert not other.sealed
    (sealed.path / "results.csv").write_text("changed\n")
    with pytest.raises(Refused, match=r"was not published: results\.csv: changed"):
        publish(storage, sealed)
    sealed.unseal()
    with pytest.raises(Refused, match="is not sealed"):
        publish(storage, sealed)
