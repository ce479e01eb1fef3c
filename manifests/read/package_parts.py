"""The parts of an office document (a zip, ECMA-376 part 2): by name, and which of them is the main one."""

from __future__ import annotations

import re
from typing import IO
from zipfile import ZipFile

_MAIN = re.compile(rb"<(?:\w+:)?Relationship\b[^>]*?/relationships/officeDocument\"[^>]*>")
_TARGET = re.compile(rb"\bTarget=\"([^\"]+)\"")
_WORKBOOK = re.compile(rb"<(?:\w+:)?workbook[\s>]")
_HEAD_BYTES = 4096


class Parts:
    """The parts of a package by their names. Names are case-blind, and some writers put a backslash between folders.

    `main` is the part that the package names as its document, `/xl/workbook.xml` where it names none.
    """

    def __init__(self, archive: ZipFile) -> None:
        self._archive = archive
        self._stored = {_normal(name): name for name in archive.namelist()}
        self.main = self._main()

    def __contains__(self, path: str) -> bool:
        return _normal(path) in self._stored

    def open(self, path: str) -> IO[bytes]:
        """The bytes of a part. Raises ValueError if it is missing."""
        if path not in self:
            raise ValueError(f"the part {path} is missing")
        return self._archive.open(self._stored[_normal(path)])

    def relations_of(self, path: str) -> str:
        """The part that says which parts a part names."""
        folder, _, name = path.rpartition("/")
        return f"{folder}/_rels/{name}.rels"

    @property
    def workbook(self) -> str | None:
        """The kind of workbook that this is: `xlsx`, `xlsb`, or None for another document."""
        if self.main not in self:
            return None
        if self.main.lower().endswith(".bin"):
            return "xlsb" if "workbook" in self.main.lower() else None
        if _normal(self.main) == "/xl/workbook.xml":
            return "xlsx"
        with self.open(self.main) as part:
            return "xlsx" if _WORKBOOK.search(part.read(_HEAD_BYTES)) else None

    def _main(self) -> str:
        usual = next((path for path in ("/xl/workbook.xml", "/xl/workbook.bin") if path in self), "/xl/workbook.xml")
        if "/_rels/.rels" not in self:
            return usual
        with self.open("/_rels/.rels") as part:
            relation = _MAIN.search(part.read())
        target = _TARGET.search(relation[0]) if relation else None
        path = "/" + target[1].decode("utf-8", "replace").replace("\\", "/").lstrip("/") if target else usual
        return path if path in self else usual


def _normal(name: str) -> str:
    return "/" + name.replace("\\", "/").lstrip("/").lower()
