"""``plumbline report``: an organisation without a server, with a token and as the App."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import jsonschema_rs
import pytest
from click.testing import CliRunner

from bot.adapters.store.engine import FILE_NAME
from bot.engine import publish
from bot.entry import report as command
from bot.entry.report import report
from bot.testing.http import Request, Response
from tests.integration.report.organisation import DANGEROUS, Organisation, Shell
from tests.unit.report.html.parsing import parse

TITLE = "Health of all repositories"
SCHEMA = Path(__file__).parents[3] / "docs" / "reference" / "report.org.schema.json"
PUBLISHED = jsonschema_rs.validator_for(json.loads(SCHEMA.read_text(encoding="utf-8")))
"""What whoever reads the JSON holds it to."""


class TestWithAToken:
    """Everything is read; the organisation's report is all that is written."""

    def test_reports_all_repositories_and_publishes_one_issue(
        self, shell: Shell, organisation: Organisation
    ) -> None:
        shell.by_token()
        done = shell.report("--format", "json")
        document = json.loads(done.stdout)
        PUBLISHED.validate(document)

        assert (done.exit_code, done.stderr) == (0, "The organisation's report is issue 1.\n")
        assert [r["full_name"] for r in document["repositories"]] == [
            *("acme/.github-private", "acme/health", "acme/rocket", "acme/rocket-tools", "acme/secret-plan"),
        ]
        assert {g["name"]: g["repositories"] for g in document["groups"]} == {
            "products": 2,
            "in no group": 3,
        }
        assert document["score"]["grade"] in "ABCDEF"
        assert document["points"] > 0
        assert organisation.issues("health") == [TITLE]
        assert {r.path.rpartition("/")[2] for r in organisation.writes} <= {"labels", "issues"}
        assert [organisation.issues(n) for n in ("rocket", "rocket-tools", "secret-plan")] == [[], [], []]

    def test_a_second_run_knows_the_first(
        self, shell: Shell, organisation: Organisation, tmp_path: Path
    ) -> None:
        """The same issue is edited, and what got worse is told with its cause."""
        shell.by_token()
        state = ("--state", str(tmp_path / "state"))
        assert shell.report(*state).exit_code == 0
        organisation.fake.push("acme/rocket", "main", {".github/workflows/x.yml": DANGEROUS})
        document = json.loads(shell.report(*state, "--format", "json").stdout)

        regressed = {(r["repository"], r["check"], r["cause"]) for r in document["regressions"]}
        assert ("acme/rocket", "dangerous-trigger", "commit") in regressed
        assert organisation.issues("health") == [TITLE]
        assert (
            "dangerous-trigger"
            in next(iter(organisation.fake.repository("acme/health").issues.values())).body
        )

    def test_without_state_the_issue_is_found_again(self, shell: Shell, organisation: Organisation) -> None:
        """By whose it is, its label and its marker."""
        shell.by_token()
        for _ in range(2):
            assert shell.report().exit_code == 0

        assert organisation.issues("health") == [TITLE]

    def test_the_state_may_go_to_another_machine(self, shell: Shell, tmp_path: Path) -> None:
        """As a cache of a workflow does: one file, tied to nobody."""
        shell.by_token()
        shell.report("--state", str(tmp_path / "state"))

        assert [p.name for p in (tmp_path / "state").iterdir()] == [FILE_NAME]

    def test_what_the_token_may_not_read_is_unknown(self, shell: Shell, organisation: Organisation) -> None:
        """And the permission that helps most is named; writing is refused, which is said."""
        shell.by_token(contents="read")
        done = shell.report("--format", "json")
        document = json.loads(done.stdout)

        assert done.exit_code == 1
        assert "the report: " in done.stderr
        assert document["unknown"]["permission"]["verdicts"] > 0
        assert "administration: read" in {m["permission"] for m in document["permissions_missing"]}
        assert organisation.issues("health") == []


class TestAsTheApp:
    """The same code as the server: check runs and health issues as policy says."""

    def test_publishes_check_runs_and_the_report(self, shell: Shell, organisation: Organisation) -> None:
        shell.by_app()
        done = shell.report()

        assert done.exit_code == 0, done.output
        assert organisation.issues("health") == [TITLE]
        runs = [r for r in organisation.writes if r.path.endswith("/check-runs")]
        assert len(runs) == 5
        assert "acme: health " in done.stdout
        assert "acme/secret-plan" in done.stdout

    def test_a_regression_opens_a_health_issue(
        self, shell: Shell, organisation: Organisation, tmp_path: Path
    ) -> None:
        """The first run is the baseline, as with a server."""
        shell.by_app()
        state = ("--state", str(tmp_path / "state"))
        shell.report(*state)
        assert organisation.issues("rocket") == []
        organisation.fake.push("acme/rocket", "main", {".github/workflows/x.yml": DANGEROUS})
        shell.report(*state)

        assert organisation.issues("rocket") == ["Repository health"]

    def test_issues_beyond_the_hours_number_wait(
        self, shell: Shell, organisation: Organisation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The others are judged all the same, and the next run opens what waits."""
        shell.by_app()
        state = ("--state", str(tmp_path / "state"))
        shell.report(*state)
        monkeypatch.setattr(publish, "CREATIONS_PER_HOUR", 1)
        for name in ("rocket", "rocket-tools"):
            organisation.fake.push(f"acme/{name}", "main", {".github/workflows/x.yml": DANGEROUS})
        done = shell.report(*state)

        assert done.exit_code == 1
        assert "1 of 5 repositories wait for their issue" in done.stderr
        assert [len(organisation.issues(n)) for n in ("rocket", "rocket-tools")] == [1, 0]
        assert shell.report(*state).exit_code == 0
        assert organisation.issues("rocket-tools") == ["Repository health"]

    def test_where_the_app_is_not(self, shell: Shell) -> None:
        """One sentence."""
        shell.by_app()
        done = shell.report(org="nobody")

        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr == "Error: nobody: no such organisation, or the App is not installed on it\n"


class TestDryRun:
    """It says what would be written, and GitHub's journal holds no write."""

    @pytest.mark.parametrize("app", [False, True], ids=["token", "app"])
    def test_writes_nothing(
        self, shell: Shell, organisation: Organisation, tmp_path: Path, app: bool
    ) -> None:
        (shell.by_app if app else shell.by_token)()
        out = tmp_path / "out"
        done = shell.report("--dry-run", "--format", "markdown", "--output", str(out))
        asked = {
            (r.method, r.path.rpartition("/")[2]) for r in organisation.server.journal if r.method != "GET"
        }

        assert done.exit_code == 0, done.output
        assert organisation.writes == []
        assert asked <= {("POST", "graphql"), ("POST", "access_tokens")}
        assert f"- in acme/health: open the issue: {TITLE}" in done.stderr
        assert ("make the check run plumbline/health" in done.stderr) is app
        assert "### The one fix that would help most" in (out / "would-write.md").read_text()

    def test_leaves_the_state_alone(self, shell: Shell, organisation: Organisation, tmp_path: Path) -> None:
        """What it found is known to nobody; what was kept before is used."""
        shell.by_token()
        state = tmp_path / "state"
        shell.report("--state", str(state))
        kept = (state / FILE_NAME).read_bytes()
        organisation.fake.push("acme/rocket", "main", {".github/workflows/x.yml": DANGEROUS})
        done = shell.report("--state", str(state), "--dry-run", "--format", "json")

        assert json.loads(done.stdout)["regressions_total"] > 0
        assert "- in acme/health: edit issue 1" in done.stderr
        assert (state / FILE_NAME).read_bytes() == kept


class TestFormats:
    """What is handed over, and to whom."""

    def test_several_formats_go_to_one_directory(self, shell: Shell, tmp_path: Path) -> None:
        shell.by_token()
        out = tmp_path / "out"
        forms = [part for form in command.FORMATS for part in ("--format", form)]
        done = shell.report(*forms, "--output", str(out))
        page = parse((out / "report.html").read_text(encoding="utf-8"))
        markdown = (out / "report.md").read_text(encoding="utf-8")

        assert (done.exit_code, done.stdout) == (0, "")
        assert sorted(p.name for p in out.iterdir()) == sorted(command.FORMATS.values())
        assert page.wrong == []
        assert "acme/secret-plan" in page.text
        assert markdown.startswith("## Health of `acme`\n")
        assert "<!--" not in markdown
        assert "- [ ]" not in markdown
        assert "acme/secret-plan" in (out / "report.txt").read_text()

    @pytest.mark.parametrize("form", list(command.FORMATS))
    def test_a_report_for_everybody_knows_nothing_private(self, shell: Shell, form: str) -> None:
        """No private repository, no restricted check, no group; the published issue has them."""
        shell.by_token()
        public = shell.report("--public", "--format", form).stdout

        if form == "json":
            PUBLISHED.validate(json.loads(public))
        assert "rocket-tools" in public
        for canary in ("secret-plan", ".github-private", "acme/health", "deploy-keys", "products", "admins"):
            assert canary not in public, canary

    def test_what_goes_wrong_is_not_named_to_everybody(
        self, shell: Shell, organisation: Organisation
    ) -> None:
        """Neither names nor numbers of private repositories; a rehearsal tells nothing of what it notes."""
        organisation.fake.repository("acme/health").archived = True
        shell.by_token()
        done = shell.report("--public", "--format", "json")
        rehearsed = shell.report("--public", "--dry-run")

        assert (done.exit_code, rehearsed.exit_code) == (1, 1)
        assert "without --public it is named" in done.stderr
        assert "Nothing was written. Without --public it is said what would be." in rehearsed.stderr
        for said in (done.stderr, rehearsed.stderr):
            assert "health" not in said

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            pytest.param(["--org", "acme"], "add --once", id="not once"),
            pytest.param(["--org", "../x", "--once"], "the organisation's name", id="no name"),
            pytest.param(
                ["--org", "acme", "--once", "--format", "json", "--format", "html"],
                "several formats need --output",
                id="two formats",
            ),
        ],
    )
    def test_refuses_what_makes_no_sense(
        self, shell: Shell, organisation: Organisation, arguments: list[str], said: str
    ) -> None:
        """Before anything is asked."""
        shell.by_token()
        done = CliRunner().invoke(report, arguments)

        assert done.exit_code == 2
        assert said in done.stderr
        assert organisation.server.journal == []


class TestWhenSomethingIsWrong:
    """One sentence that says what to do; no traceback."""

    def test_no_credentials(self, shell: Shell, organisation: Organisation) -> None:
        done = shell.report()

        assert done.exit_code == 2
        assert "set PLUMBLINE_APP_ID and PLUMBLINE_PRIVATE_KEY" in done.stderr
        assert organisation.server.journal == []

    def test_a_token_that_is_no_more(self, shell: Shell) -> None:
        shell.patch.setenv("GITHUB_TOKEN", "ghp_wrong-canary")
        done = shell.report()

        assert (done.exit_code, done.stdout) == (2, "")
        assert "GitHub refuses the token" in done.stderr
        assert "canary" not in done.stderr

    def test_no_such_organisation(self, shell: Shell) -> None:
        shell.by_token()
        done = shell.report(org="nobody")

        assert done.exit_code == 2
        assert "nobody: no such organisation, or the token may not see it" in done.stderr

    def test_github_away(self, shell: Shell, organisation: Organisation) -> None:
        shell.by_token()
        shell.patch.setattr("time.sleep", lambda _: None)
        organisation.server.after = lambda request, response: Response(502, {}, b"")
        done = shell.report()

        assert done.exit_code == 2
        assert "GitHub does not answer: check the network" in done.stderr

    def test_a_limit_before_anything_is_read_says_until_when(
        self, shell: Shell, organisation: Organisation
    ) -> None:
        shell.by_token()
        organisation.fake.limits.core = 0
        done = shell.report()

        assert (done.exit_code, done.stdout) == (3, "")
        assert "Error: GitHub asks to wait until " in done.stderr
        assert " UTC (" in done.stderr

    def test_a_limit_on_the_way_gives_what_is_known(
        self, shell: Shell, organisation: Organisation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Half a report is not published; the next run begins with what was not read."""
        monkeypatch.setattr("bot.engine.once.SHARD", 2)
        shell.by_token()
        state = ("--state", str(tmp_path / "state"))
        seen: list[Request] = []

        def limited(request: Request, response: Response) -> Response:
            seen.append(request)
            documents = sum(r.path == "/graphql" and b"nodes" in r.body for r in seen)
            if documents <= 3 or request.path != "/graphql":
                return response
            until = int(datetime.now(UTC).timestamp()) + 1800
            headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(until)}
            return Response(403, {**headers, "content-type": "application/json"}, b'{"message": "limit"}')

        organisation.server.after = limited
        done = shell.report(*state, "--format", "json")
        document = json.loads(done.stdout)

        assert done.exit_code == 3, done.stderr
        assert 0 < document["repositories_judged"] < 5
        assert "repositories were not read this time, as GitHub asks to wait until" in document["notes"][0]
        assert document["notes"][0] in done.stderr
        assert organisation.writes == []

        organisation.server.after = lambda request, response: response
        again = shell.report(*state, "--format", "json")
        assert json.loads(again.stdout)["repositories_judged"] == 5
        assert organisation.issues("health") == [TITLE]

    def test_a_report_that_can_not_be_written_there(self, shell: Shell, organisation: Organisation) -> None:
        """The repository that policy names takes no issues: nothing is written, and that is said."""
        organisation.fake.repository("acme/health").archived = True
        shell.by_token()
        done = shell.report()

        assert done.exit_code == 1
        assert (
            "the report was not published: policy names the repository health, which has to be private"
            in (done.stderr)
        )
        assert organisation.writes == []

    def test_a_report_that_everybody_would_read(self, shell: Shell, organisation: Organisation) -> None:
        """Policy may not name a public repository; nothing is written then."""
        policy = {"plumbline.org.yml": "roll_up: rocket\n"}
        organisation.fake.push("acme/.github-private", "main", policy)
        shell.by_token()
        done = shell.report()

        assert done.exit_code == 1
        assert "plumbline.org.yml:1:10: roll_up: " in done.stderr
        assert organisation.writes == []

    def test_a_policy_with_mistakes(self, shell: Shell, organisation: Organisation) -> None:
        """They are named with line and column; the rest is done by defaults."""
        organisation.fake.push("acme/.github-private", "main", {"plumbline.org.yml": "rol_up: health\n"})
        shell.by_token()
        done = shell.report()

        assert done.exit_code == 1
        assert "the organisation's policy: plumbline.org.yml:1:1" in done.stderr

    def test_a_directory_that_can_not_be_made(self, shell: Shell, tmp_path: Path) -> None:
        shell.by_token()
        (tmp_path / "file").touch()
        for option in ("--state", "--output"):
            done = shell.report(option, str(tmp_path / "file" / "x"), "--format", "json")

            assert done.exit_code == 2
            assert f"{option} {tmp_path / 'file' / 'x'}" in done.stderr
