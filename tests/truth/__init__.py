"""A planned organisation, built into a fake GitHub, and what checks must say of it.

``plans`` are plain values that say what a repository is; ``generate`` makes them from a seed;
``build`` turns them into a ``FakeGitHub`` with real git repositories; ``oracle`` says from the plans
and from the documentation of the checks what must come out. None of it knows a check's code.
"""
