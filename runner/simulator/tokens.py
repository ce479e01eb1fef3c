"""Access tokens: the operation "Create an OAuth token", and who may come in.

The tenant of a request is the client id of its token: two clients are two tenants here.
"""

from __future__ import annotations

import secrets
from urllib.parse import parse_qs

from runner.simulator.context import World
from runner.simulator.rate_limits import TOKENS_A_MINUTE, TOKENS_A_MINUTE_OF_ONE_ADDRESS, Window, scaled
from runner.simulator.responses import Answer, encode, throttled


class Tokens:
    """All tokens that were issued: of which tenant, and until when."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._issued: dict[str, tuple[str, float]] = {
            token: (tenant, until) for token, (tenant, until) in world.store.values("token")
        }
        self._all = Window(60, TOKENS_A_MINUTE)
        self._by_address: dict[str, Window] = {}

    def tenant(self, authorization: str) -> str | None:
        """The tenant whose valid token the header holds, or None."""
        scheme, _, token = authorization.partition(" ")
        holder = self._issued.get(token)
        if holder is None or scheme.lower() != "bearer" or self._world.now() >= holder[1]:
            return None
        return holder[0]

    def issue(self, body: bytes, address: str) -> Answer:
        """Answer to a form with client_id, client_secret and grant_type."""
        form = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
        if (wait := self._wait(address)) is not None:
            return throttled(wait)
        if form.get("grant_type") != "client_credentials":
            return _refused(400, "grant_type must be client_credentials")
        client, secret = form.get("client_id", ""), form.get("client_secret", "")
        if not self._known(client, secret):
            return _refused(401, "Authentication error: invalid client id or client secret")
        return self._issued_to(client)

    def expire(self) -> int:
        """All tokens end now; returns how many there were."""
        count = len(self._issued)
        for token in self._issued:
            self._world.store.drop("token", token)
        self._issued.clear()
        self._world.store.commit()
        return count

    def keep(self) -> None:
        """Write all tokens to the store again."""
        for token, holder in self._issued.items():
            self._world.store.put("token", token, holder)
        self._world.store.commit()

    def forget(self) -> None:
        """The limits on token requests are whole again; tokens stay, as clients hold them."""
        self._all = Window(60, TOKENS_A_MINUTE)
        self._by_address.clear()

    def _wait(self, address: str) -> int | None:
        options, now = self._world.options, self._world.now()
        if options.tenant == "none":
            return None
        mine = self._by_address.setdefault(address, Window(60, 0))
        self._all.limit = scaled(TOKENS_A_MINUTE, options.quota_scale)
        mine.limit = scaled(TOKENS_A_MINUTE_OF_ONE_ADDRESS, options.quota_scale)
        if not (self._all.remaining(now) and mine.remaining(now)):
            return mine.reset_seconds(now)
        self._all.use()
        mine.use()
        return None

    def _known(self, client: str, secret: str) -> bool:
        options = self._world.options
        right = options.client_id in (None, client) and options.client_secret in (None, secret)
        return bool(client and secret and right)

    def _issued_to(self, client: str) -> Answer:
        seconds = self._world.options.token_seconds
        token, until = secrets.token_hex(16), self._world.now() + seconds
        self._issued[token] = (client, until)
        self._world.store.put("token", token, (client, until))
        self._world.store.commit()
        scope = f"entity.{client} service.usage.write user.{client}"
        answer = {"access_token": token, "token_type": "bearer", **self._lifetime(int(seconds)), "scope": scope}
        return Answer(200, encode({**answer, "jti": secrets.token_hex(16)}))

    def _lifetime(self, seconds: int) -> dict[str, int | str | None]:
        """`expires_in` as published, or as gateways that issue tokens themselves have it."""
        match self._world.options.expires_in:
            case "text":
                return {"expires_in": str(seconds)}
            case "null":
                return {"expires_in": None}
            case "zero":
                return {"expires_in": 0}
            case "missing":
                return {}
            case _:
                return {"expires_in": seconds}


def _refused(status: int, message: str) -> Answer:
    return Answer(status, encode({"message": message}))
