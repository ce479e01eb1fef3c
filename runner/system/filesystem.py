"""What kind of disk a folder is on. SQLite's write-ahead log needs one of this machine's own.

Source: SQLite documentation, "Write-Ahead Logging" (all processes must be on the same host; it does not work over a
network file system), "File Locking And Concurrency" (locks over NFS are often broken).
"""

from __future__ import annotations

import re
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "glusterfs", "lustre", "gpfs", "beegfs", "ocfs2", "gfs2"}
)
FOREIGN = frozenset({"9p", "virtiofs", "vboxsf", "drvfs"})  # of another system, behind this one's back
VOLATILE = frozenset({"tmpfs", "ramfs"})
_ESCAPED = re.compile(r"\\([0-7]{3})")


def kind_of_disk(folder: Path, mounts: Path = MOUNTS) -> str | None:
    """The type of the file system that holds a folder; None where the system does not tell (it is not Linux)."""
    try:
        lines = mounts.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return None
    path, best, kind = folder.resolve(), -1, None
    for line in lines:
        before, separator, after = line.partition(" - ")
        words = before.split()
        if not separator or len(words) < 5:
            continue
        at = Path(_ESCAPED.sub(lambda match: chr(int(match[1], 8)), words[4]))
        if path.is_relative_to(at) and len(at.parts) >= best:  # of two at one place the later one counts
            best, kind = len(at.parts), after.split()[0]
    return kind


def is_network(kind: str) -> bool:
    """Whether files of this kind are on another machine."""
    return kind in NETWORK or kind.startswith("fuse.sshfs")


def is_doubtful(kind: str) -> bool:
    """Whether locks and durability on this kind are not known to hold."""
    return kind in FOREIGN or kind.partition(".")[0] in ("fuse", "fuseblk")
