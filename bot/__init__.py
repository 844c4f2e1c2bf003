"""Plumbline: health and branch alignment for every repository of an organisation."""

__version__ = "0.1.0"
