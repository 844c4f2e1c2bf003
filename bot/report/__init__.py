"""Rendering: values in, Markdown and JSON out. Pure, within GitHub's limits, safe with foreign text."""
