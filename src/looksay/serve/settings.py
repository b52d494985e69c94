"""What the service allows, as one checked value."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from looksay.errors import UsageError
from looksay.images import ImageLimits

LEAST_PATIENCE_SECONDS = 60.0

LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")

_LEAST = {
    "queue_pictures": 1,
    "batch_size": 1,
    "max_images": 1,
    "max_body_bytes": 1024,
    "max_pixels": 1,
    "max_held_bytes": 1024,
}
_SECONDS = ("timeout_seconds", "body_seconds")


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def names_to_answer_to(host: str, allowed: Sequence[str] = ()) -> tuple[str, ...]:
    """The host names in requests that are answered; none: any.

    Whoever points a name of theirs at 127.0.0.1 could otherwise let their pages read the answers
    of a local server (DNS rebinding).
    """
    if not is_loopback(host) and not allowed:
        return ()
    return tuple(dict.fromkeys((*(name.lower() for name in allowed), *LOCAL_NAMES, host.lower())))


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Limits, keys and names of a service; UsageError for a value that makes no sense.

    Args:
        queue_pictures: pictures accepted and not yet answered; beyond it comes a 429.
        batch_size: the most pictures captioned at once.
        max_images: pictures in one request.
        max_body_bytes: the largest request.
        max_held_bytes: of all requests being received or worked on together; beyond it a 429.
        max_pixels: the largest picture.
        timeout_seconds: from a request's arrival in full to its answer; beyond it a 503.
        body_seconds: for a request to arrive in full; beyond it a 408.
        api_keys: any of these opens the API; none: it is open.
        origins: web origins whose pages may use the API ("*": all); none: only the page's own.
        hosts: the names that the server answers to; none: any.
    """

    queue_pictures: int = 128
    batch_size: int = 16
    max_images: int = 16
    max_body_bytes: int = 64 * 2**20
    max_held_bytes: int = 512 * 2**20
    max_pixels: int = ImageLimits.max_pixels
    timeout_seconds: float = 60.0
    body_seconds: float = 60.0
    api_keys: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    hosts: tuple[str, ...] = LOCAL_NAMES

    def __post_init__(self) -> None:
        for name, least in _LEAST.items():
            value = getattr(self, name)
            if value < least:
                raise UsageError(f"{name} is {value}; it must be {least} or more.")
        for name in _SECONDS:
            if not getattr(self, name) > 0:
                raise UsageError(f"{name} is {getattr(self, name)}; it must be more than 0.")
        if any(len(key) < 8 for key in self.api_keys):
            raise UsageError("An API key has fewer than 8 characters; take a longer one.")

    @property
    def image_limits(self) -> ImageLimits:
        """How large a picture may be."""
        return ImageLimits(max_bytes=self.max_body_bytes, max_pixels=self.max_pixels)

    @property
    def patience_seconds(self) -> float:
        """For a piece of a worker's work, before the worker counts as hung: by then everybody who
        waits for it has been given up, and the slowest honest batch is long done."""
        return max(2 * self.timeout_seconds, LEAST_PATIENCE_SECONDS)
