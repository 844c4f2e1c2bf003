"""Whether a repository publishes a website: a listing tells it, GraphQL does not."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forwards."""
    op.add_column("repositories", sa.Column("pages", sa.Boolean, nullable=False, server_default=sa.false()))
