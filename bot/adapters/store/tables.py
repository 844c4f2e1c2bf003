"""The tables, as the code sees them; ``migrations`` brings a database there (a test compares both).

Everything that belongs to a repository goes when its row goes; the audit refers to nothing and stays.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    false,
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


def _latest_columns() -> list[SchemaItem]:
    """What is known of the latest look and of the last change; the history does not need it."""
    return [
        Column("reason", CleanText, nullable=False, server_default=""),
        Column("permission", CleanText, nullable=False, server_default=""),
        Column("terms", CleanText, nullable=False, server_default=""),
        Column("cause", CleanText, nullable=False, server_default=""),
        Column("pull_request", BigInteger),
        Column("exempt_until", Date),
        Column("exempt_reason", CleanText, nullable=False, server_default=""),
        Column("off", Boolean, nullable=False, server_default=false()),
        Column("baseline", JsonText, nullable=False, server_default="[]"),
        Column("baseline_at", UtcDateTime),
    ]


def _sample_columns() -> list[SchemaItem]:
    sums = ("passed", "judged", "known", "asked", "exempted")
    return [
        Column("day", Date, primary_key=True),
        *(Column(name, BigInteger, nullable=False) for name in sums),
        *(Column(f"public_{name}", BigInteger, nullable=False) for name in sums),
        Column("findings", BigInteger, nullable=False),
        Column("unread", BigInteger, nullable=False),
        Column("repositories", BigInteger, nullable=False),
        Column("points", Double, nullable=False),
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
    Column("pages", Boolean, nullable=False, server_default=false()),
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
    *_latest_columns(),
    Index("ix_verdicts_exempt_until", "exempt_until"),
)

organisation_verdicts = Table(
    "organisation_verdicts",
    metadata,
    Column("installation_id", BigInteger, primary_key=True, autoincrement=False),
    Column("check", CleanText, primary_key=True),
    *_verdict_columns(),
    *_latest_columns(),
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

samples = Table("samples", metadata, _of_repository(), *_sample_columns(), Index("ix_samples_day", "day"))

organisation_samples = Table(
    "organisation_samples",
    metadata,
    Column("installation_id", BigInteger, primary_key=True, autoincrement=False),
    *_sample_columns(),
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
    Column("commit", CleanText, nullable=False, server_default=""),
)

attributes = Table(
    "attributes",
    metadata,
    _of_repository(),
    Column("topics", JsonText),
    Column("language", CleanText),
    Column("teams", JsonText),
    Column("properties", JsonText),
    Column("owners", JsonText),
    Column("saved_at", UtcDateTime, nullable=False),
)

organisation_policies = Table(
    "organisation_policies",
    metadata,
    Column("installation_id", BigInteger, primary_key=True, autoincrement=False),
    # No foreign key: the repository that holds the file may be removed, the policy stays in force.
    Column("repository_id", BigInteger, nullable=False),
    Column("full_name", CleanText, nullable=False),
    Column("commit", CleanText, nullable=False),
    Column("oid", CleanText, nullable=False),
    Column("text", CleanText, nullable=False),
    Column("seen_oid", CleanText, nullable=False),
    Column("looked_at", UtcDateTime, nullable=False),
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

ratchets = Table(
    "ratchets",
    metadata,
    _of_repository(),
    Column("check", CleanText, primary_key=True),
    Column("actor_id", BigInteger, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

stops = Table(
    "stops",
    metadata,
    # 0 is everywhere. No foreign key: it shall hold whatever is known of the installation.
    Column("installation_id", BigInteger, primary_key=True, autoincrement=False),
    Column("actor", CleanText, nullable=False),
    Column("at", UtcDateTime, nullable=False),
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

OF_REPOSITORY = (
    facts,
    verdicts,
    verdict_changes,
    samples,
    effects,
    policies,
    exemptions,
    attributes,
    ratchets,
)
"""Tables whose rows belong to a repository."""
