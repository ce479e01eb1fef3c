"""What the package's page needs and only the build knows: the repository's address, and a readme that links to it.

`REPOSITORY_URL` is set where a release is built. Without it the links stay as they are, and no address is made up.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

LINK = re.compile(r"(?P<picture>!?)(?P<text>\[[^\]]*\])\((?P<path>(?!https?:|#)[^)\s]+)\)")


class CustomMetadataHook(MetadataHookInterface):
    """Fills in `readme` and `urls`."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Fill them in."""
        address = os.environ.get("REPOSITORY_URL", "").rstrip("/")
        text = (Path(self.root) / "README.md").read_text("utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": absolute(text, address) if address else text}
        metadata["urls"] = urls(address)


def absolute(text: str, address: str) -> str:
    """The readme with links that lead to the repository from anywhere."""

    def link(match: re.Match[str]) -> str:
        kind = "raw" if match["picture"] else "blob"
        return f"{match['picture']}{match['text']}({address}/{kind}/HEAD/{match['path']})"

    return LINK.sub(link, text)


def urls(address: str) -> dict[str, str]:
    """The addresses of the project."""
    package = {"Homepage": "https://pypi.org/project/regeneration-runner/"}
    if not address:
        return package
    return {
        "Homepage": address,
        "Documentation": f"{address}/tree/HEAD/runner/topics",
        "Changelog": f"{address}/blob/HEAD/.github/CHANGELOG.md",
        "Issues": f"{address}/issues",
    }
