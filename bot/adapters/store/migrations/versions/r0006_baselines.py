"""What stood before a check first looked, whose baseline was ended, and where everything was stopped."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Forwards; what failed since a check first saw it is its baseline."""
    for table in ("verdicts", "organisation_verdicts"):
        op.add_column(table, sa.Column("baseline", sa.Text, nullable=False, server_default="[]"))
        op.add_column(table, sa.Column("baseline_at", MOMENT))
        verdicts = sa.table(table, *(sa.column(n) for n in COLUMNS))
        # A fail without an observation is kept as one with an empty name.
        none = verdicts.c.fingerprints == "[]"
        op.execute(
            verdicts.update()
            .where(verdicts.c.outcome == "fail", verdicts.c.cause.in_(["", "rule", "permission", "reading"]))
            .values(
                baseline=sa.case((none, '[""]'), else_=verdicts.c.fingerprints),
                baseline_at=verdicts.c.since,
            )
        )
    op.create_index("ix_verdicts_exempt_until", "verdicts", ["exempt_until"])
    op.create_table(
        "ratchets",
        sa.Column("repository_id", sa.BigInteger, autoincrement=False),
        sa.Column("check", sa.Text),
        sa.Column("actor_id", sa.BigInteger, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("repository_id", "check", name="pk_ratchets"),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repositories.id"], name="fk_ratchets_repository_id", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "stops",
        sa.Column("installation_id", sa.BigInteger, autoincrement=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("installation_id", name="pk_stops"),
    )


COLUMNS = ("outcome", "cause", "fingerprints", "since", "baseline", "baseline_at")
