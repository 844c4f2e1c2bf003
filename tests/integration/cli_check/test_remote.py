"""``plumbline check owner/name``: through the API, with a token or as the App."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.adapters.credentials import Credentials, save
from bot.adapters.github.personal import MemoryPauses
from bot.entry import cli
from bot.entry.check import check
from bot.entry.examine import names_repository
from bot.testing.authentication import mint
from bot.testing.clocks import ManualClock, SystemClock
from bot.testing.fake import FakeGitHub
from bot.testing.http import Request, Response
from tests.contract.github.loopback import Loopback
from tests.integration.cli_check.conftest import GOOD

ALL = {"contents": "read", "metadata": "read", "pull_requests": "read"}


class Scene:
    """GitHub with one private repository, and the environment of a shell."""

    def __init__(self, root: Path, patch: pytest.MonkeyPatch) -> None:
        self.fake = FakeGitHub(root / "github", clock=SystemClock())
        self.fake.create_organisation("acme")
        self.repository = self.fake.create_repository("acme", "rocket", files=GOOD, private=True)
        self.fake.create_user("hubot")
        self.fake.create_team("acme", "tool", members=["hubot"], repositories={"rocket": "write"})
        self.installation = self.fake.install("acme")
        self.server = Loopback(self.fake)
        self.patch = patch
        for name in ("GITHUB_TOKEN", "GH_TOKEN", "PLUMBLINE_APP_ID", "PLUMBLINE_PRIVATE_KEY"):
            patch.delenv(name, raising=False)
        patch.setenv("PLUMBLINE_GITHUB_URL", self.server.url)
        patch.setenv("PLUMBLINE_HOME", str(root / "nothing-stored"))
        patch.chdir(root)

    def token(self, permissions: dict[str, str] = ALL, name: str = "GITHUB_TOKEN") -> str:
        """A token with these permissions, in the environment."""
        found = self.fake.installations[self.installation]
        value = mint(self.fake, found, {"permissions": permissions}).value
        self.patch.setenv(name, value)
        return value

    def check(self, *arguments: str) -> Result:
        return CliRunner().invoke(check, [*(arguments or ("acme/rocket",))])


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    made = Scene(tmp_path, monkeypatch)
    yield made
    made.server.close()
    made.fake.close()


@pytest.mark.parametrize("name", ["GITHUB_TOKEN", "GH_TOKEN"])
def test_a_token_reads_the_repository_by_name(scene: Scene, name: str) -> None:
    """The head of its default branch is judged; nothing is written."""
    scene.token(name=name)
    result = scene.check("acme/rocket", "--format", "json")
    document = json.loads(result.stdout)

    assert result.exit_code == 0, result.stderr
    assert document["repository"]["full_name"] == "acme/rocket"
    assert document["repository"]["id"] == scene.repository.id
    assert document["commit"] == scene.repository.branches["main"]
    assert {c["name"]: c["outcome"] for c in document["checks"]}["dangerous-trigger"] == "pass"
    for request in scene.server.journal:
        assert request.method == "GET" or request.body.startswith(b'{"query": "query')


def test_the_app_reads_where_it_is_installed(scene: Scene) -> None:
    """Without a token its credentials are taken."""
    scene.patch.setenv("PLUMBLINE_APP_ID", str(scene.fake.app.id))
    scene.patch.setenv("PLUMBLINE_PRIVATE_KEY", scene.fake.app_private_key_pem)

    scene.fake.protect(
        scene.repository,
        "main",
        required_approvals=1,
        code_owner_reviews=True,
        dismiss_stale_reviews=True,
        last_push_approval=True,
        required_checks=("build",),
        strict=True,
        enforce_admins=True,
    )
    found = scene.check()
    assert found.exit_code == 0, found.output
    missing = scene.check("acme/nothing")
    assert missing.exit_code == 2
    assert "no such repository, or the App is not installed on it" in missing.stderr


def test_the_app_that_set_up_registered(scene: Scene, tmp_path: Path) -> None:
    """Its keys lie under the home; a token would go to the GitHub of the environment all the same."""
    home = tmp_path / "home"
    home.mkdir()
    url = scene.server.url
    pem = scene.fake.app_private_key_pem
    save(home, Credentials(scene.fake.app.id, "plumbline", url, url, "acme", "", "id", pem, "w", "c"))
    scene.patch.setenv("PLUMBLINE_HOME", str(home))
    scene.patch.delenv("PLUMBLINE_GITHUB_URL")

    assert scene.check("acme/rocket", "--fail-on", "never").exit_code == 0


def test_what_the_token_may_not_read_is_unknown(scene: Scene) -> None:
    """Pull requests are asked for and refused; what files say is judged all the same."""
    scene.token({"contents": "read"})
    document = json.loads(scene.check("acme/rocket", "--format", "json").stdout)
    found = {c["name"]: c for c in document["checks"]}

    assert found["dangerous-trigger"]["outcome"] == "pass"
    assert found["conflict-now"]["outcome"] == "unknown"
    assert found["conflict-now"]["reason"] == "permission"
    assert found["conflict-now"]["permission"] == "pull_requests: read"
    assert "Needs: pull_requests: read" in scene.check().stdout


def test_without_a_token_it_is_said_which_one_would_do(scene: Scene) -> None:
    """Nothing is sent."""
    result = scene.check()

    assert result.exit_code == 2
    assert "set GITHUB_TOKEN (or GH_TOKEN) to one that may read it" in result.stderr
    assert scene.server.journal == []


def test_a_token_that_is_no_more(scene: Scene) -> None:
    """GitHub's word for it, and what to do; the token itself is never shown."""
    scene.patch.setenv("GITHUB_TOKEN", "ghp_wrong-canary")
    result = scene.check()

    assert result.exit_code == 2
    assert "GitHub refuses the token (Bad credentials)" in result.stderr
    assert "canary" not in result.stderr


def test_a_repository_that_the_token_can_not_see(scene: Scene) -> None:
    """It may exist all the same."""
    scene.token()
    result = scene.check("acme/nothing")

    assert result.exit_code == 2
    assert "acme/nothing: no such repository, or the token may not see it" in result.stderr


def test_single_sign_on_is_named(scene: Scene) -> None:
    """GitHub says so in a header."""
    scene.token()
    scene.server.after = lambda _request, _response: Response(
        403,
        {
            "Content-Type": "application/json",
            "X-GitHub-SSO": "required; url=https://github.com/orgs/acme/sso",
        },
        b'{"message": "Resource protected by organization SAML enforcement."}',
    )

    assert "authorised for single sign-on" in scene.check().stderr


def test_a_limit_is_a_date(scene: Scene) -> None:
    """When to try again, in UTC and in minutes."""
    scene.token()

    def exhausted(request: Request, response: Response) -> Response:
        if not request.path.endswith("/graphql"):
            return response
        reset = int(scene.fake.now().timestamp()) + 1800
        headers = {
            "Content-Type": "application/json",
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": str(reset),
        }
        return Response(403, headers, b'{"message": "API rate limit exceeded for user ID 7."}')

    scene.server.after = exhausted
    result = scene.check()

    assert result.exit_code == 2
    assert "GitHub asks to wait 30 minutes, until 2" in result.stderr
    assert " UTC (" in result.stderr


def test_a_github_that_is_not_there(scene: Scene) -> None:
    """What it may be, and no traceback."""
    scene.token()
    scene.patch.setenv("PLUMBLINE_GITHUB_URL", "http://127.0.0.1:9")

    result = scene.check()

    assert result.exit_code == 2
    assert "GitHub does not answer: check the network and PLUMBLINE_GITHUB_URL" in result.stderr


def test_a_renamed_repository_is_found_by_its_old_name(scene: Scene) -> None:
    """As on the web."""
    scene.token()
    scene.fake.rename(scene.repository, "booster")

    document = json.loads(scene.check("acme/rocket", "--format", "json").stdout)

    assert document["repository"]["full_name"] == "acme/booster"


def test_an_empty_repository(scene: Scene) -> None:
    """No commit, so nothing can be wrong yet."""
    scene.token()
    scene.fake.create_repository("acme", "bare", private=True)

    result = scene.check("acme/bare")

    assert result.exit_code == 0, result.stderr


def test_its_policy_is_heeded_and_its_mistakes_are_told(scene: Scene) -> None:
    """As for a clone."""
    scene.token()
    scene.fake.push(
        scene.repository, "main", {".github/plumbline.yml": "checks: {licence: {enabled: false}}\n"}
    )
    off = json.loads(scene.check("acme/rocket", "--format", "json").stdout)
    scene.fake.push(scene.repository, "main", {".github/plumbline.yml": "chekcs: {}\n"})
    wrong = scene.check()

    assert "licence" not in {c["name"] for c in off["checks"]}
    assert wrong.exit_code == 2
    assert ".github/plumbline.yml:1:1: the file: unknown key 'chekcs'; did you mean 'checks'?" in wrong.stderr


@pytest.mark.parametrize(
    ("target", "remote"),
    [
        ("acme/rocket", True),
        ("./acme/rocket", False),
        ("acme", False),
        ("acme/rocket/docs", False),
        ("/acme/rocket", False),
        ("-x/y", False),
        ("here/clone", False),
    ],
)
def test_what_is_on_disk_goes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, remote: bool
) -> None:
    """A folder of that name is a clone."""
    (tmp_path / "here" / "clone").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)

    assert names_repository(target) is remote


def test_debug_shows_where_it_went_wrong(scene: Scene) -> None:
    """Without it there is one line."""
    with pytest.raises(Exception, match="needs a token") as raised:
        cli.main(["--debug", "check", "acme/rocket"])
    assert raised.value.__cause__ is not None


def test_pauses_end_by_the_clock() -> None:
    """Each for its own payer and resource."""
    clock = ManualClock()
    pauses = MemoryPauses(clock)
    until = clock.now().replace(year=2100)
    pauses.pause(0, "core", until)

    assert pauses.paused_until(0, "core") == until
    assert pauses.paused_until(0, "search") is None
    clock.advance((until - clock.now()).total_seconds())
    assert pauses.paused_until(0, "core") is None
