"""Which operation answers to which method and path; aiohttp's router finds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from runner.simulator.request import Request
from runner.simulator.responses import Answer

_ARGUMENT = "{argument}"


@dataclass(frozen=True, slots=True)
class Route:
    """One operation; `idempotent` if the reference lists Idempotency-Key among its headers."""

    operation: Callable[..., Answer]
    idempotent: bool = False
    arguments: tuple[str, ...] = ()

    def __call__(self, request: Request) -> Answer:
        return self.operation(request, *self.arguments)


class Routes:
    """All operations. In a path, `{}` stands for one segment, which the operation gets as an argument."""

    def __init__(self) -> None:
        self._routes: dict[tuple[str, str], Route] = {}

    def add(self, method: str, path: str, operation: Callable[..., Answer], *, idempotent: bool = False) -> None:
        """Let the operation answer."""
        self._routes[method, path.replace("{}", _ARGUMENT)] = Route(operation, idempotent)

    def enter(self, router: web.UrlDispatcher, handler: Callable[[web.Request], object]) -> None:
        """Enter all paths into a router, each with the same handler."""
        for method, path in self._routes:
            router.add_route(method, path, handler)  # type: ignore[arg-type]

    def matched(self, request: web.Request) -> Route | None:
        """The operation that the router found for a request, with its arguments; None if it found none."""
        resource = request.match_info.route.resource
        route = None if resource is None else self._routes.get((request.method, resource.canonical))
        if route is None or not request.match_info:
            return route
        return Route(route.operation, route.idempotent, tuple(request.match_info.values()))


def is_known(request: web.Request) -> bool:
    """Whether the path of a request that found no operation answers to another method."""
    return isinstance(request.match_info.http_exception, web.HTTPMethodNotAllowed)
