"""The queue on RQ: it carries hints; the ledger holds the truth."""

from bot.adapters.queue.job import HintJob
from bot.adapters.queue.queue import RqQueue
from bot.adapters.queue.worker import HintWorker

__all__ = ["HintJob", "HintWorker", "RqQueue"]
