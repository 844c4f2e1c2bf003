"""A GitHub in process for tests: ``FakeGitHub``, what it exchanges, and clocks that stand still."""

from __future__ import annotations

from bot.testing.branches import MergeConflict
from bot.testing.clocks import ManualClock, SystemClock
from bot.testing.fake import FakeGitHub
from bot.testing.git import Executable, GitFailed, Submodule, Symlink
from bot.testing.graphql.overload import Overload, Sign
from bot.testing.http import Emission, Request, Response
from bot.testing.limits import Limits, Secondary
from bot.testing.state import FakeRepository

__all__ = [
    "Emission",
    "Executable",
    "FakeGitHub",
    "FakeRepository",
    "GitFailed",
    "Limits",
    "ManualClock",
    "MergeConflict",
    "Overload",
    "Request",
    "Response",
    "Secondary",
    "Sign",
    "Submodule",
    "Symlink",
    "SystemClock",
]
