"""What is kept in SQL: ``open_store`` gives the ``Store`` of ``bot.ports``, on SQLite or PostgreSQL."""

from bot.adapters.store.audit import AuditEvent, AuditVerification
from bot.adapters.store.sql import Retention, SqlStore, open_store

__all__ = ["AuditEvent", "AuditVerification", "Retention", "SqlStore", "open_store"]
