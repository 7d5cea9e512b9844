"""Tables of the live state, one definition for every database."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table

HEAD = "0002"
"""The newest migration; a state at this revision opens without running any."""

metadata = MetaData()

feature_edit = Table(
    "feature_edit",
    metadata,
    Column("sequence", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("layer", String(64), nullable=False),
    Column("feature_id", BigInteger, nullable=False),
    Column("action", String(8), nullable=False),  # put | delete
    Column("properties", LargeBinary),  # JSON object, null for delete
    Column("geometry", LargeBinary),  # WKB, lon, lat degrees
    Column("edited_at_ms", BigInteger, nullable=False),  # Unix time, UTC
    Column("author", String(128), nullable=False),
    Column("folded_into", Integer),  # layer version that holds the edit, null while it lies over one
    Column("decision_id", BigInteger),  # decision on addresses that it belongs to, null for others
    Index("feature_edit_open", "layer", "folded_into", "sequence"),
)

feature_counter = Table(
    "feature_counter",
    metadata,
    Column("layer", String(64), primary_key=True),
    Column("next_id", BigInteger, nullable=False),
)

address_decision = Table(
    "address_decision",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("made_at_ms", BigInteger, nullable=False),  # Unix time, UTC
    Column("author", String(128), nullable=False),
    Column("kind", String(16), nullable=False),  # merge | split | reject | correct | undo
    Column("payload", LargeBinary, nullable=False),  # JSON object: what was decided
    Column("changes", LargeBinary, nullable=False),  # JSON list: features before and after
    Column("undone_by", BigInteger),  # id of the decision that undid it
)
