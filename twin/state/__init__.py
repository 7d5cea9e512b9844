"""Live state: what changes between builds, durable before it is acknowledged."""

from twin.state.store import StateStore

__all__ = ["StateStore"]
