"""A folder as storage: one of many creators wins, with or without hard links."""

from __future__ import annotations

import threading

from runner.remote.storage import open_storage


def test_of_many_at_once_one_creates_it(tmp_path):
    storages = [open_storage(str(tmp_path / "r")) for _ in range(8)]
    barrier, created = threading.Barrier(8), []

    def create(number: int) -> None:
        barrier.wait()
        if storages[number].create("x/y", str(number).encode() * 10_000):
            created.append(number)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(created) == 1
    assert storages[0].read("x/y") == str(created[0]).encode() * 10_000


def test_a_file_system_without_hard_links(tmp_path, monkeypatch):
    storage = open_storage(str(tmp_path / "r"))
    monkeypatch.setattr("os.link", lambda *names: (_ for _ in ()).throw(OSError(95, "Operation not supported")))
    assert storage.create("x", b"1") and not storage.create("x", b"2")
    assert storage.read("x") == b"1"
