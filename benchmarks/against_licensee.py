"""Compares the licences that we find in clones with those that licensee finds, which GitHub runs.

Run: ``python -m benchmarks.against_licensee --licensee PROGRAM CLONE...``, each CLONE a git directory or
a clone. Prints a table. What GitHub shows of a repository is licensee's one licence; with several of
them, or with a text that matches none, it shows *Other*.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path

from benchmarks.against_repolinter import name_of, ours

OTHER = "NOASSERTION"


def found_by_licensee(program: Path, clone: Path) -> dict[str, str]:
    """File of a licence -> SPDX id; files that only mention one (a README, a package's) are left out."""
    done = subprocess.run(
        [str(program), "detect", "--json", str(clone)], capture_output=True, text=True, check=False
    )
    # It reads ahead to other kinds of files only for what it shows people; GitHub's API does not.
    return {
        file["filename"]: file["matched_license"] or OTHER
        for file in json.loads(done.stdout)["matched_files"]
        if re.match(r"(?i)(un)?licen[sc]e|copying|ofl", file["filename"])
    }


def found_by_us(clone: Path) -> tuple[dict[str, str], str]:
    """File -> SPDX id of what is recognised, and the whole summary."""
    outcome, summary = ours(clone)["licence"]
    pairs = re.findall(r"(\S+) in ([^\s,;]+)", summary) if outcome == "pass" else []
    return {file: spdx_id for spdx_id, file in pairs}, f"{outcome}: {summary}"


def main() -> int:
    """Print the table; 0 whatever it says: it is to be read."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clones", nargs="*", type=Path, metavar="CLONE")
    parser.add_argument("--licensee", type=Path, help="the program")
    options = parser.parse_args()
    if not options.clones or options.licensee is None:
        print("nothing compared: name clones, and with --licensee the program")
        return 0
    print("| repository | we say | licensee, by file | same |\n|---|---|---|---|", flush=True)
    for clone in options.clones:
        theirs = found_by_licensee(options.licensee, clone)
        mine, said = found_by_us(clone)
        known = {file: spdx_id for file, spdx_id in theirs.items() if spdx_id != OTHER}
        told = ", ".join(f"{spdx_id} in {file}" for file, spdx_id in theirs.items()) or "none"
        same = "yes" if mine == known else "**no**"
        print(f"| {name_of(clone.resolve())} | {said} | {told} | {same} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
