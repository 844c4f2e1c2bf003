"""The ledger on Redis; see ``bot.adapters.ledger.redis``."""

from bot.adapters.ledger.redis import RedisLedger

__all__ = ["RedisLedger"]
