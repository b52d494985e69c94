"""What the service counts, for Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_SIZES = (1, 2, 4, 8, 12, 16, 24, 32, 64)
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """The counters of one application, in a registry of its own.

    Stages are "read", "look" and "say" (see `batching`); outcomes of a picture are "captioned",
    "unreadable", "failed" and "dropped" (the client went away, or it took too long).
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "looksay_http_requests_total",
            "Answered requests.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.request_seconds = Histogram(
            "looksay_http_request_seconds",
            "From a request's first line to the end of its answer.",
            ("route",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.pictures = Counter(
            "looksay_pictures_total",
            "Accepted pictures by what became of them.",
            ("model", "outcome"),
            registry=self.registry,
        )
        self.refused = Counter(
            "looksay_refused_requests_total",
            "Requests refused since the queue was full.",
            registry=self.registry,
        )
        self.batches = Histogram(
            "looksay_batch_pictures",
            "Pictures worked on together.",
            ("stage",),
            buckets=_SIZES,
            registry=self.registry,
        )
        self.stage_seconds = Histogram(
            "looksay_stage_seconds",
            "Seconds of work on a batch.",
            ("stage",),
            buckets=_SECONDS,
            registry=self.registry,
        )

    def watch(self, name: str, what: str, value: Callable[[], float]) -> None:
        """A gauge that is asked for its value when somebody looks."""
        Gauge(name, what, registry=self.registry).set_function(value)

    def watch_count(self, name: str, what: str, value: Callable[[], float]) -> None:
        """A counter that is asked for its value when somebody looks; "_total" ends its name."""
        self.registry.register(_Asked(name, what, value))

    def observe_stage(self, stage: str, pictures: int, seconds: float) -> None:
        self.batches.labels(stage).observe(pictures)
        self.stage_seconds.labels(stage).observe(seconds)

    def text(self) -> bytes:
        """All of it, in Prometheus' text format."""
        return generate_latest(self.registry)


class _Asked(Collector):
    def __init__(self, name: str, what: str, value: Callable[[], float]):
        self._name, self._what, self._value = name, what, value

    def collect(self) -> Iterator[CounterMetricFamily]:
        yield CounterMetricFamily(self._name, self._what, value=self._value())
