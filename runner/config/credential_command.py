"""`credential_command`: runs the operator's own command and reads client credentials from what it prints.

The shapes that common secret stores print are understood: JSON with `client_id` and `client_secret`, also within
Vault's `data`, AWS's `SecretString` or a quoted text; lines such as `client_id: …`; pass's secret followed by such a
line; two lines, the id and the secret.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from typing import Any

from runner.domain.errors import Refused
from runner.system.console import printable
from runner.zuora.auth import Credentials

COMMAND_SECONDS = 30.0
STDERR_LENGTH = 200
SHAPES = (
    'expected {"client_id": …, "client_secret": …}, also within what Vault or AWS print; lines `client_id: …` and '
    "`client_secret: …`; or two lines, the id and the secret"
)
_WRAPPERS = ("data", "SecretString", "value")  # Vault (twice for KV version 2), AWS, Azure
_LINE = re.compile(r"\s*([A-Za-z][A-Za-z_ -]*?)\s*[:=]\s*(\S+)\s*")
_ID_NAMES = frozenset({"clientid", "zuoraclientid", "login", "user", "username"})
_SECRET_NAMES = frozenset({"clientsecret", "zuoraclientsecret", "password"})


def credentials_from(words: list[str], setting: str = "credential_command") -> Credentials:
    """Run the command of a setting and read its output. Raises Refused, which never shows that output."""
    output = _output(words, setting)
    try:
        pair = _pair(output.decode("utf-8-sig").strip())
    except ValueError:  # no text, or text that begins like JSON and is none
        pair = None
    if pair is None:
        lines = len(output.splitlines())
        printed = f"{lines} line{'' if lines == 1 else 's'}" if lines else "nothing"
        raise Refused(f"{setting}: {words[0]} printed {printed} that could not be read: {SHAPES}")
    return pair


def _output(words: list[str], setting: str) -> bytes:
    try:
        done = subprocess.run(words, capture_output=True, timeout=COMMAND_SECONDS, check=False)  # noqa: S603
    except OSError as error:
        raise Refused(f"{setting}: {words[0]}: {error.strerror or error}") from error
    except subprocess.TimeoutExpired:
        raise Refused(f"{setting}: {words[0]}: did not end within {COMMAND_SECONDS:g} s") from None
    if done.returncode != 0:
        lines = [line.strip() for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
        reason = f": {printable(lines[0])[:STDERR_LENGTH]}" if lines else ""
        raise Refused(f"{setting}: {words[0]} exited with {done.returncode}{reason}")
    return done.stdout


def _pair(text: str) -> Credentials | None:
    """The credentials in a text. Raises ValueError for broken JSON."""
    if text.startswith(("{", '"{')):
        return _of_json(json.loads(text))
    lines = [line for line in text.splitlines() if line.strip()]
    named = dict(_named(lines))
    if "id" in named and "secret" in named:
        return Credentials(named["id"], named["secret"])
    if "id" in named and not _LINE.fullmatch(lines[0]):  # pass: the secret alone on the first line
        return Credentials(named["id"], lines[0].strip())
    words = text.split()
    return Credentials(*words) if len(words) == 2 else None


def _of_json(value: Any) -> Credentials | None:
    if isinstance(value, str):
        return _pair(value.strip())
    if not isinstance(value, dict):
        return None
    named = {kind: word for key, word in value.items() if isinstance(word, str) and word and (kind := _kind(str(key)))}
    if {"id", "secret"} <= named.keys():
        return Credentials(named["id"].strip(), named["secret"].strip())
    inner = (value[key] for key in _WRAPPERS if key in value)
    return next((pair for part in inner if (pair := _of_json(part)) is not None), None)


def _named(lines: list[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        match = _LINE.fullmatch(line)
        if match and (kind := _kind(match[1])):
            yield kind, match[2].strip("\"'")


def _kind(name: str) -> str | None:
    """`id`, `secret` or None: which of the two a name means."""
    word = re.sub("[^a-z]", "", name.lower())
    return "id" if word in _ID_NAMES else "secret" if word in _SECRET_NAMES else None
