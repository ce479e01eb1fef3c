"""The kind of disk that a folder is on."""

from __future__ import annotations

from runner.doctor.storage import ground
from runner.system.filesystem import is_doubtful, is_network, kind_of_disk


def test_which_kinds_serve(tmp_path, monkeypatch):
    """Network disks do not; of some nobody knows."""
    assert is_network("nfs4") and is_network("cifs") and is_network("fuse.sshfs")
    assert not is_network("ext4") and is_doubtful("fuse.s3fs") and is_doubtful("9p")
    for kind, level in {"nfs4": "fail", "9p": "warn", "tmpfs": "warn", "apfs": "ok", None: "ok"}.items():
        monkeypatch.setattr("runner.doctor.storage.kind_of_disk", lambda folder, kind=kind: kind)
        assert next(f.level for f in ground(tmp_path) if f.name == "disk") == level
    assert kind_of_disk(tmp_path, tmp_path / "nowhere") is None
