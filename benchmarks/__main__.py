"""Runs benchmarks, each of which prints its table.

    python -m benchmarks --list
    python -m benchmarks [NAME ...]

Without names all are run, one after the other. ``python -m benchmarks.NAME --help`` tells the options
of one.
"""

from __future__ import annotations

import argparse
import ast
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
HELPERS = {"__init__", "__main__", "load"}


def benchmarks() -> dict[str, str]:
    """Name -> first line of the module's docstring."""
    found = {}
    for file in sorted(HERE.glob("*.py")):
        if file.stem not in HELPERS:
            told = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
            found[file.stem] = told.partition("\n")[0]
    return found


def main() -> int:
    """Run what was asked for; 1 when one of them failed."""
    known = benchmarks()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(known))
    parser.add_argument("--list", action="store_true", help="say what there is, and run nothing")
    options = parser.parse_args()
    if options.list:
        for name, what in known.items():
            print(f"{name:<14} {what}")
        return 0
    unknown = sorted(set(options.names) - set(known))
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are {', '.join(known)}")
    failed = []
    for name in options.names or known:
        print(f"\n== {name}: {known[name]}", flush=True)
        command = [sys.executable, "-m", f"benchmarks.{name}"]
        if subprocess.run(command, cwd=HERE.parent, check=False).returncode:
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
