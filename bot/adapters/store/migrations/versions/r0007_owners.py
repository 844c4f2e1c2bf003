"""Which teams CODEOWNERS names, so that findings can be told by owning team."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forwards."""
    op.add_column("attributes", sa.Column("owners", sa.Text))
