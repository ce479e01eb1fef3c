"""What a credential command prints: the shapes of common secret stores; nothing of it is ever shown."""

from __future__ import annotations

import json
import sys

import pytest

from runner.config.credential_command import credentials_from
from runner.domain.errors import Refused

PAIR = {"client_id": "my-id", "client_secret": "my-secret"}


def printing(text: str, *, code: int = 0, err: str = "") -> list[str]:
    program = f"import sys; sys.stdout.write({text!r}); sys.stderr.write({err!r}); sys.exit({code})"
    return [sys.executable, "-c", program]


@pytest.mark.parametrize(
    "text",
    [
        "my-id\nmy-secret\n",
        "my-id my-secret",
        json.dumps(PAIR),
        "\ufeff" + json.dumps(PAIR),
        json.dumps({"clientId": "my-id", "clientSecret": "my-secret"}),
        json.dumps({"ZUORA_CLIENT_ID": "my-id", "ZUORA_CLIENT_SECRET": "my-secret", "note": None}),
        json.dumps({"request_id": "1", "data": {"data": PAIR, "metadata": {"version": 3}}}),  # Vault, KV version 2
        json.dumps({"request_id": "1", "lease_id": "", "data": PAIR}),  # Vault, KV version 1
        json.dumps({"ARN": "arn:aws:x", "Name": "zuora", "SecretString": json.dumps(PAIR)}, indent=4),  # AWS
        json.dumps(json.dumps(PAIR)) + "\n",  # AWS with --query SecretString
        "my-secret\nclient_id: my-id\nurl: https://rest.zuora.com\n",  # pass
        "my-secret\nlogin: my-id\n",
        "client_id: my-id\nclient_secret: my-secret\n",
        "ZUORA_CLIENT_ID=my-id\nZUORA_CLIENT_SECRET='my-secret'\n",
    ],
)
def test_shapes_of_secret_stores(text):
    """Each gives the same pair."""
    pair = credentials_from(printing(text))
    assert (pair.client_id, pair.client_secret) == ("my-id", "my-secret")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hush",
        "hush hush hush",
        '{"client_id": "hush"',
        '{"client_id": "hush"}',
        '{"data": {"hush": 1}}',
        '{"client_id": "hush", "client_secret": 5}',
        '{"client_id": "hush", "client_secret": ""}',
        "[1, 2]\nhush",
    ],
)
def test_other_output_is_refused_and_not_shown(text):
    """The message says what is expected, and how much was printed."""
    with pytest.raises(Refused, match="could not be read: expected") as refused:
        credentials_from(printing(text))
    assert "hush" not in str(refused.value)


def test_the_first_line_of_its_standard_error_is_shown():
    """It says why: a token that expired, a path that is wrong. It cannot control the terminal."""
    words = printing("hush", code=2, err="\n\x1b[31mError: permission denied\nmore\n")
    with pytest.raises(Refused, match=r"exited with 2: .*Error: permission denied$") as refused:
        credentials_from(words)
    assert "\x1b" not in str(refused.value) and "hush" not in str(refused.value)


def test_a_command_that_does_not_exist():
    """By name."""
    with pytest.raises(Refused, match="no-such-command: No such file"):
        credentials_from(["no-such-command"])
