"""The routes of the REST API, one module for each family; ``declare`` imports them all."""

from __future__ import annotations

import importlib
import pkgutil


def declare() -> None:
    """Import every module in here, so that its routes are declared."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
