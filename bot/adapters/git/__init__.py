"""Reads repositories on disk: ``open_clone(path)`` gives a ``RepoReader``."""

from bot.adapters.git.reader import Checkout, GitReader, open_clone

__all__ = ["Checkout", "GitReader", "open_clone"]
