"""Slash-commands, one file each: a call in, a reply out."""
