"""What was requested, how often, and what was done about it: the proof that nothing was done twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from runner.simulator.context import World
from runner.simulator.request import Request


@dataclass(slots=True)
class Effect:
    """Work that was done once: under which key (None without one), what it made, and when."""

    key: str | None
    ids: list[str]
    at: float


@dataclass(slots=True)
class Entry:
    """Everything about one identity: what is requested, in which entity and organisations."""

    digest: str
    method: str
    path: str
    query: dict[str, str]
    body: Any
    entities: str
    orgs: str
    arrivals: int = 0
    failures: int = 0  # saved failures so far
    failures_due: int = 0  # how many keys will fail
    failure_category: int = 0
    keys: list[str | None] = field(default_factory=list)  # of each arrival
    tracks: list[str | None] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        """The entry as `GET /_sim/effects` shows it."""
        return {
            "id": self.digest,
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "body": self.body,
            "entityIds": self.entities,
            "orgIds": self.orgs,
            "arrivals": self.arrivals,
            "failures": self.failures,
            "keys": self.keys,
            "trackIds": self.tracks,
            "effects": [asdict(effect) for effect in self.effects],
        }


class Effects:
    """One entry for each identity that arrived, in the order of first arrival."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.observer: Callable[[Entry, Effect], None] | None = None  # is shown each effect
        self._entries: dict[str, Entry] = {}
        for name, value in world.store.values("entry"):
            effects = [Effect(**effect) for effect in value.pop("effects")]
            self._entries[name] = Entry(**value, effects=effects)

    def entry(self, request: Request) -> Entry:
        """The entry of a request; made at its first arrival."""
        name = f"{request.digest} {request.entities} {request.orgs}"
        entry = self._entries.get(name)
        if entry is None:
            entry = self._entries[name] = Entry(
                request.digest,
                request.method,
                request.path,
                request.query,
                request.shown_body,
                request.entities,
                request.orgs,
            )
        return entry

    def arrive(self, request: Request) -> Entry:
        """Count one arrival and note its key and track id."""
        entry = self.entry(request)
        entry.arrivals += 1
        entry.keys.append(request.key)
        entry.tracks.append(request.track)
        request.arrival = entry.arrivals
        self.keep(request, entry)
        return entry

    def record(self, request: Request, ids: list[str]) -> None:
        """The work of a request is done, this moment."""
        entry = self.entry(request)
        effect = Effect(request.key, ids, self._world.now())
        entry.effects.append(effect)
        self.keep(request, entry)
        if self.observer is not None:
            self.observer(entry, effect)

    def keep(self, request: Request, entry: Entry) -> None:
        """Write the entry to the store."""
        if self._world.options.state is not None:
            self._world.store.put("entry", f"{request.digest} {request.entities} {request.orgs}", asdict(entry))

    def entries(self, path: str | None = None) -> list[Entry]:
        """All entries, or those of one path."""
        return [entry for entry in self._entries.values() if path in (None, entry.path)]

    def doubled(self) -> list[Entry]:
        """The entries whose work was done more than once."""
        return [entry for entry in self._entries.values() if len(entry.effects) > 1]

    def forget(self) -> None:
        """Begin anew."""
        self._entries.clear()

    def shown(self) -> dict[str, Any]:
        """All that was requested but mere looking (GET), as `GET /_sim/effects` shows it."""
        return {
            "identities": [entry.shown() for entry in self._entries.values() if entry.method != "GET"],
            "effects": sum(len(entry.effects) for entry in self._entries.values()),
            "doubled": [entry.digest for entry in self.doubled()],
        }
