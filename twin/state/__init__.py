"""Live state: what changes between builds, durable before it is acknowledged."""

from twin.state.store import FeatureChange, FeatureEdit, StateStore

__all__ = ["FeatureChange", "FeatureEdit", "StateStore"]
