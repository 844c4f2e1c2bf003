"""Compares what checks of files say of clones with what repolinter says.

Run: ``python -m benchmarks.against_repolinter --repolinter DIRECTORY CLONE...``, where ``npm install
repolinter`` was run in DIRECTORY and each CLONE is a git directory or a clone. Prints a table and,
below it, every disagreement with both sides' words. Clones are not changed: each is checked out
into a scratch directory without hooks, and only files in it are read.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RULES = {
    "readme": ("readme-file-exists",),
    "licence": ("license-file-exists",),
    "contributing": ("contributing-file-exists",),
    "code-of-conduct": ("code-of-conduct-file-exists",),
    "security-policy": ("security-file-exists",),
    "changelog": ("changelog-file-exists",),
    "templates": ("github-issue-template-exists", "github-pull-request-template-exists"),
    "codeowners-present": ("codeowners-file-exists",),
    "binaries-large": ("binaries-not-present",),
}
"""Our check -> rules of repolinter that all must hold."""

CODEOWNERS = {
    "level": "error",
    "rule": {
        "type": "file-existence",
        "options": {"globsAny": ["CODEOWNERS", ".github/CODEOWNERS", "docs/CODEOWNERS"]},
    },
}
"""Its default rules have none."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What both say of one check.

    Args:
        ours: outcome of ours.
        holds: all of their rules hold.
        said, told: our summary, their messages.
    """

    ours: str
    holds: bool
    said: str
    told: str

    @property
    def agree(self) -> bool:
        """Both say yes, or neither does; what only GitHub could tell is no disagreement with a no."""
        return self.holds == (self.ours == "pass")

    @property
    def cell(self) -> str:
        """For the table: one word where they agree, else ours and then theirs."""
        if self.agree:
            return {"pass": "yes", "unknown": "no (?)"}.get(self.ours, "no")
        return f"**{self.ours} / {'yes' if self.holds else 'no'}**"


def rules(repolinter: Path) -> dict[str, Any]:
    """Its default rules that are compared, and one for code owners."""
    path = repolinter / "node_modules" / "repolinter" / "rulesets" / "default.json"
    default: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    wanted = {name for names in RULES.values() for name in names}
    kept = {name: rule for name, rule in default["rules"].items() if name in wanted}
    return {"version": 2, "axioms": {}, "rules": {**kept, "codeowners-file-exists": CODEOWNERS}}


def check_out(clone: Path, into: Path) -> None:
    """The files of the newest commit. Files whose content a snapshot leaves out are left out."""
    git = [
        "git",
        "-c",
        "core.hooksPath=/dev/null",
        "-c",
        "core.symlinks=false",
        "-c",
        "advice.detachedHead=false",
    ]
    subprocess.run([*git, "clone", "-q", "--shared", "--no-checkout", str(clone), str(into)], check=True)
    subprocess.run([*git, "read-tree", "HEAD"], cwd=into, check=True)
    subprocess.run([*git, "checkout-index", "-a", "-f", "-q"], cwd=into, check=False, capture_output=True)


def theirs(repolinter: Path, ruleset: Path, files: Path) -> dict[str, tuple[bool, str]]:
    """Rule -> whether it holds, and its message."""
    program = repolinter / "node_modules" / "repolinter" / "bin" / "repolinter.js"
    command = ["node", str(program), "lint", str(files), "--rulesetFile", str(ruleset), "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = {}
    for result in json.loads(done.stdout)["results"]:
        lint = result.get("lintResult") or {}
        paths = [
            t["path"] for t in lint.get("targets", ()) if t.get("path") and t["passed"] == lint["passed"]
        ]
        told = f"{result['status'].lower()} {', '.join(paths[:3])}".strip()
        found[result["ruleInfo"]["name"]] = (result["status"] == "PASSED", told)
    return found


def ours(clone: Path) -> dict[str, tuple[str, str]]:
    """Check -> outcome and summary."""
    command = [
        sys.executable,
        "-m",
        "bot.entry.cli",
        "check",
        str(clone),
        "--format",
        "json",
        "--fail-on",
        "never",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {c["name"]: (c["outcome"], c["summary"]) for c in json.loads(done.stdout)["checks"]}


def compare(clone: Path, repolinter: Path, ruleset: Path) -> dict[str, Answer]:
    """Check -> what both say of a clone."""
    with tempfile.TemporaryDirectory() as scratch:
        files = Path(scratch) / "files"
        check_out(clone, files)
        found = theirs(repolinter, ruleset, files)
        said = ours(files)
    return {
        check: Answer(
            said[check][0],
            all(found[name][0] for name in names),
            said[check][1],
            "; ".join(f"{name}: {found[name][1]}" for name in names),
        )
        for check, names in RULES.items()
    }


def name_of(clone: Path) -> str:
    """The owner and name where the path has them (``owner+name/repo``), else the folder's name."""
    folder = clone.parent if clone.name in ("repo", ".git") else clone
    return folder.name.replace("+", "/")


def main() -> int:
    """Print the table and what differs; 0 whatever it says: it is to be read."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clones", nargs="*", type=Path, metavar="CLONE")
    parser.add_argument("--repolinter", type=Path, help="where `npm install repolinter` was run")
    options = parser.parse_args()
    if not options.clones or options.repolinter is None:
        print("nothing compared: name clones, and with --repolinter where repolinter is")
        return 0
    differing = []
    print(f"| repository | {' | '.join(RULES)} |\n|---|{'---|' * len(RULES)}", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        ruleset = Path(scratch) / "rules.json"
        ruleset.write_text(json.dumps(rules(options.repolinter)), encoding="utf-8")
        for clone in options.clones:
            name, answers = name_of(clone.resolve()), compare(clone.resolve(), options.repolinter, ruleset)
            print(f"| {name} | {' | '.join(a.cell for a in answers.values())} |", flush=True)
            differing += [(name, check, answer) for check, answer in answers.items() if not answer.agree]
    print(f"\n{len(differing)} of {len(options.clones) * len(RULES)} differ")
    for name, check, answer in differing:
        print(f"- {name}, {check}: we say {answer.ours} ({answer.said}); repolinter says {answer.told}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
