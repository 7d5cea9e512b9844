"""Request counts and times for Prometheus, over all worker processes."""

from __future__ import annotations

from pathlib import Path

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
UNMATCHED = "unmatched"  # one label for every unknown path, so that a scanner cannot grow the table


class Meter:
    """The time of every request by route template and status.

    Parameters
    ----------
    folder : Path, optional
        Where worker processes share their numbers; None while there is one process.

    Examples
    --------
    >>> meter = Meter()
    >>> meter.record("/healthz", 200, 0.002)
    >>> b'citytwin_request_seconds_count{route="/healthz",status="200"} 1.0' in meter.exposition()
    True
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._registry = CollectorRegistry()
        self._seconds = Histogram(
            "citytwin_request_seconds",
            "Time from a request's arrival to the last byte of its answer.",
            ("route", "status"),
            buckets=BUCKETS_S,
            registry=self._registry,
        )
        self._series: dict[tuple[str, int], Histogram] = {}

    def record(self, route: str, status: int, seconds: float) -> None:
        """Count one answered request.

        Parameters
        ----------
        route : str
            Route template such as ``/collections/{id}/items``, never a path: labels
            must stay few.
        status : int
            HTTP status sent.
        seconds : float
            Time taken, s.
        """
        series = self._series.get((route, status))
        if series is None:
            series = self._series[route, status] = self._seconds.labels(route, str(status))
        series.observe(seconds)

    def exposition(self) -> bytes:
        """Return all series in the Prometheus text format.

        Returns
        -------
        bytes
            Summed over the worker processes where they share a folder.
        """
        if self._folder is None:
            return generate_latest(self._registry)
        shared = CollectorRegistry()
        MultiProcessCollector(shared, path=str(self._folder))  # type: ignore[no-untyped-call]
        return generate_latest(shared)
