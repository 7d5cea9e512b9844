"""Edits of features between builds, and the counters that give out their ids."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of the first revision."""
    op.create_table(
        "feature_edit",
        sa.Column(
            "sequence",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        sa.Column("layer", sa.String(64), nullable=False),
        sa.Column("feature_id", sa.BigInteger, nullable=False),
        sa.Column("action", sa.String(8), nullable=False),
        sa.Column("properties", sa.LargeBinary),
        sa.Column("geometry", sa.LargeBinary),
        sa.Column("edited_at_ms", sa.BigInteger, nullable=False),
        sa.Column("author", sa.String(128), nullable=False),
        sa.Column("folded_into", sa.Integer),
    )
    op.create_index("feature_edit_open", "feature_edit", ["layer", "folded_into", "sequence"])
    op.create_table(
        "feature_counter",
        sa.Column("layer", sa.String(64), primary_key=True),
        sa.Column("next_id", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Drop what the first revision made."""
    op.drop_table("feature_counter")
    op.drop_table("feature_edit")
