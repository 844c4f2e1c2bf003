"""The tables, as the code sees them; ``migrations`` brings a database there (a test compares both).

Everything that belongs to a repository goes when its row goes; the audit refers to nothing and stays.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
)
from sqlalchemy.schema import SchemaItem

from bot.adapters.store.codec import CleanText, CompressedJson, JsonText, UtcDateTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _of_repository() -> Column[int]:
    return Column(
        "repository_id",
        BigInteger,
        ForeignKey("repositories.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )


def _verdict_columns() -> list[SchemaItem]:
    return [
        Column("outcome", CleanText, nullable=False),
        Column("severity", Integer, nullable=False),
        Column("summary", CleanText, nullable=False),
        Column("fingerprints", JsonText, nullable=False),
        Column("rule_version", Integer, nullable=False),
        Column("commit", CleanText, nullable=False),
        Column("since", UtcDateTime, nullable=False),
        Column("judged_at", UtcDateTime, nullable=False),
        Column("last_outcome", CleanText, nullable=False),
    ]


installations = Table(
    "installations",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("account", CleanText, nullable=False),
    Column("account_id", BigInteger, nullable=False),
    Column("account_type", CleanText, nullable=False),
    Column("permissions", JsonText, nullable=False),
    Column("suspended", Boolean, nullable=False),
    Column("repository_selection", CleanText, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("deleted_at", UtcDateTime),
)

repositories = Table(
    "repositories",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    # No foreign key: a repository may be heard of before its installation is.
    Column("installation_id", BigInteger, nullable=False, index=True),
    Column("full_name", CleanText, nullable=False),
    Column("default_branch", CleanText, nullable=False),
    Column("visibility", CleanText, nullable=False),
    Column("archived", Boolean, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("fork", Boolean, nullable=False),
    Column("empty", Boolean, nullable=False),
    Column("has_issues", Boolean, nullable=False),
    Column("node_id", CleanText, nullable=False),
    Column("html_url", CleanText, nullable=False),
    Column("pushed_at", UtcDateTime),
    Column("seen_at", UtcDateTime, nullable=False),
)

facts = Table(
    "facts",
    metadata,
    _of_repository(),
    Column("commit", CleanText, nullable=False),
    Column("read_at", UtcDateTime, nullable=False),
    Column("data", CompressedJson, nullable=False),
)

verdicts = Table(
    "verdicts",
    metadata,
    _of_repository(),
    Column("check", CleanText, primary_key=True),
    *_verdict_columns(),
)

verdict_changes = Table(
    "verdict_changes",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("repository_id", BigInteger, ForeignKey("repositories.id", ondelete="CASCADE"), nullable=False),
    Column("check", CleanText, nullable=False),
    *_verdict_columns(),
    Column("cause", CleanText, nullable=False),
    Index("ix_verdict_changes_newest", "repository_id", "id"),
    Index("ix_verdict_changes_judged_at", "judged_at"),
)

effects = Table(
    "effects",
    metadata,
    _of_repository(),
    Column("kind", CleanText, primary_key=True),
    Column("key", CleanText, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("digest", CleanText, nullable=False),
    Column("note", JsonText, nullable=False),
    Column("saved_at", UtcDateTime, nullable=False),
)

policies = Table(
    "policies",
    metadata,
    _of_repository(),
    Column("oid", CleanText, nullable=False),
    Column("text", CleanText, nullable=False),
    Column("saved_at", UtcDateTime, nullable=False),
)

exemptions = Table(
    "exemptions",
    metadata,
    _of_repository(),
    Column("check", CleanText, primary_key=True),
    Column("reason", CleanText, nullable=False),
    Column("until", Date, nullable=False),
    Column("actor_id", BigInteger, nullable=False),
    Column("comment_id", BigInteger, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

cache = Table(
    "cache",
    metadata,
    Column("kind", CleanText, primary_key=True),
    Column("key", CleanText, primary_key=True),
    Column("value", CompressedJson, nullable=False),
    Column("saved_at", UtcDateTime, nullable=False, index=True),
)

audit_chains = Table(
    "audit_chains",
    metadata,
    Column("installation_id", BigInteger, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("purged_sequence", BigInteger, nullable=False),
    Column("purged_hash", LargeBinary, nullable=False),
)

audit_events = Table(
    "audit_events",
    metadata,
    Column("installation_id", BigInteger, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("actor", CleanText, nullable=False),
    Column("action", CleanText, nullable=False),
    Column("detail", JsonText, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)

OF_REPOSITORY = (facts, verdicts, verdict_changes, effects, policies, exemptions)
"""Tables whose rows belong to a repository."""
