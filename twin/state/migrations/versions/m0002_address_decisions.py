"""Decisions on addresses: what people merged, split, kept apart or corrected, and how it was before."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of decisions, and name in each edit the one it belongs to."""
    op.create_table(
        "address_decision",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True
        ),
        sa.Column("made_at_ms", sa.BigInteger, nullable=False),
        sa.Column("author", sa.String(128), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("changes", sa.LargeBinary, nullable=False),
        sa.Column("undone_by", sa.BigInteger),
    )
    op.add_column("feature_edit", sa.Column("decision_id", sa.BigInteger))


def downgrade() -> None:
    """Drop what the second revision made."""
    with op.batch_alter_table("feature_edit") as table:
        table.drop_column("decision_id")
    op.drop_table("address_decision")
