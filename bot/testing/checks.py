"""Check suites and check runs: what happens when one is made, finished or asked for again."""

from __future__ import annotations

from bot.testing.issues import Issues
from bot.testing.render import Json
from bot.testing.state import Account, AppIdentity, CheckRun, CheckSuite, FakeRepository


class Checks(Issues):
    """Changes to checks, with their events."""

    def suite_of(
        self,
        repository: FakeRepository,
        sha: str,
        app: AppIdentity,
        *,
        branch: str | None = None,
        before: str | None = None,
    ) -> tuple[CheckSuite, bool]:
        """The App's suite on a commit, and whether it was made now."""
        for suite in repository.check_suites.values():
            if suite.head_sha == sha and suite.app is app:
                return suite, False
        if branch is None:
            branch = next((name for name, head in repository.branches.items() if head == sha), None)
        now = self.now()
        suite = CheckSuite(self.new_id(), app, sha, branch, before, now, now)
        repository.check_suites[suite.id] = suite
        return suite, True

    def request_suite(
        self, repository: FakeRepository, sha: str, branch: str, before: str | None, sender: Account
    ) -> None:
        """What a push does: one suite for each commit and App, made once, if it may write checks."""
        for installation in self.all_covering(repository):
            if installation.permissions.get("checks") == "write":
                suite, made = self.suite_of(repository, sha, installation.app, branch=branch, before=before)
                if made:
                    self._emit_suite(repository, suite, "requested", sender)

    def request_suite_again(self, repository: FakeRepository, suite: CheckSuite, sender: Account) -> None:
        """ "Re-run all": the suite is queued again, its runs stay as they are."""
        suite.reset = True
        suite.updated_at = self.now()
        self._emit_suite(repository, suite, "rerequested", sender)

    def request_run_again(self, repository: FakeRepository, run: CheckRun, sender: Account) -> None:
        """ "Re-run": the suite is queued again, not the run."""
        run.suite.reset = True
        run.suite.updated_at = self.now()
        self.emit_run(repository, run, "rerequested", sender)

    def add_run(self, repository: FakeRepository, run: CheckRun, sender: Account) -> None:
        """Take a new run up in its suite and announce it."""
        run.suite.runs.append(run)
        repository.check_runs[run.id] = run
        self._touch_suite(run.suite)
        self.emit_run(repository, run, "created", sender)
        if run.status == "completed":
            self.finish_run(repository, run, sender)

    def finish_run(self, repository: FakeRepository, run: CheckRun, sender: Account) -> None:
        """Announce that a run is completed, and its suite if that was the last one."""
        self._touch_suite(run.suite)
        self.emit_run(repository, run, "completed", sender)
        if run.suite.outcome()[0] == "completed":
            self._emit_suite(repository, run.suite, "completed", sender)

    def _touch_suite(self, suite: CheckSuite) -> None:
        suite.reset = False
        suite.updated_at = self.now()

    def emit_run(
        self, repository: FakeRepository, run: CheckRun, action: str, sender: Account, **extra: object
    ) -> None:
        """Announce something about a run; requests go to the owning App only."""
        self.emit(
            "check_run",
            action,
            lambda: {"check_run": self._run_in_event(repository, run), **extra},
            repository=repository,
            sender=sender,
            only=run.suite.app if action in ("rerequested", "requested_action") else None,
        )

    def _run_in_event(self, repository: FakeRepository, run: CheckRun) -> Json:
        return self.render.check_run(repository, run) | {
            "check_suite": self.render.suite(repository, run.suite)
        }

    def _emit_suite(
        self, repository: FakeRepository, suite: CheckSuite, action: str, sender: Account
    ) -> None:
        self.emit(
            "check_suite",
            action,
            lambda: {"check_suite": self.render.suite(repository, suite)},
            repository=repository,
            sender=sender,
            only=suite.app,
        )
