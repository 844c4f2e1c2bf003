"""The set-up pages: register the App at GitHub from its manifest, and fetch its keys.

Whoever types the code from the console gets the only session there is. GitHub is told a ``state``
that this session may use once; what comes back with it is exchanged for the keys, at the GitHub that
was chosen and nowhere else. The pages need no script, and ask no other host for anything: the one
form that goes to GitHub is sent by a click.

Source: GitHub Docs, "Registering a GitHub App from a manifest".
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import quote, urlsplit

from flask import Blueprint, Response, render_template, request, url_for
from werkzeug.exceptions import RequestEntityTooLarge

from bot.adapters.credentials import Credentials
from bot.adapters.github.conversion import CODE, Converted
from bot.config.github_host import GITHUB_COM, GitHubHost, from_name, public_address
from bot.config.manifest import MAINTENANCE, NAME_LIMIT, Manifest
from bot.config.settings import PagesFor
from bot.model.errors import Ambiguous, Gone, PlumblineError, Rejected, SettingsError, Unavailable, UserError
from bot.web.loopback import why_not

log = logging.getLogger(__name__)

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Of the one-time code: nothing that looks like something else."""

CODE_LENGTH = 12
STATE_LIFETIME_S = 3600.0
"""GitHub's own limit from the registration to the exchange of the code."""

ATTEMPTS, ATTEMPT_EVERY_S = 5, 12.0
"""Wrong codes in a row, and how long each further one has to wait for."""

COOKIE = "plumbline_setup"
_STATES_KEPT = 100
_LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,38})", re.ASCII)
_NAME = re.compile(r"[^\x00-\x1f\x7f<>]+")
_STYLE = Path(__file__).with_name("setup.css")


def new_code() -> str:
    """A one-time code, as it is shown: ``ABCD-EFGH-JKMN``."""
    text = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    return "-".join(text[i : i + 4] for i in range(0, CODE_LENGTH, 4))


def code_digest(code: str) -> str:
    """What is kept of a code; dashes, blanks and case do not count."""
    plain = "".join(c for c in code.upper() if c.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest()


class Problem(Exception):
    """A page that says what went wrong and what to do.

    Args:
        again: offer to send the same request once more.
    """

    def __init__(self, status: int, title: str, text: str, remedy: str, *, again: bool = False) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.text = text
        self.remedy = remedy
        self.again = again


@dataclass(frozen=True, slots=True)
class Choice:
    """What the person chose; ``owner`` is "" for their own account."""

    github: GitHubHost
    owner: str
    name: str
    public_url: str
    maintenance: bool

    @property
    def form_address(self) -> str:
        """Where GitHub takes a manifest."""
        place = f"/organizations/{quote(self.owner)}" if self.owner else ""
        return f"{self.github.web}{place}/settings/apps/new"


@dataclass(slots=True)
class Pending:
    """A registration under way.

    Args:
        begun_at: monotonic seconds.
        code: as GitHub gave it; "" until then.
        converted: the keys, when they were fetched and not stored yet.
    """

    choice: Choice
    begun_at: float
    code: str = field(default="", repr=False)
    converted: Converted | None = None


class Attempts:
    """Lets a few wrong codes through, then one every ``ATTEMPT_EVERY_S`` seconds."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._left, self._at = float(ATTEMPTS), monotonic()

    def wait_s(self) -> float:
        """Seconds until the next attempt; 0 when it may be made now."""
        now = self._monotonic()
        self._left = min(float(ATTEMPTS), self._left + (now - self._at) / ATTEMPT_EVERY_S)
        self._at = now
        return 0.0 if self._left >= 1 else (1 - self._left) * ATTEMPT_EVERY_S

    def failed(self) -> None:
        """One attempt was wrong."""
        self._left -= 1


class SetUp:
    """The state of the set-up of one process; safe to share between threads.

    Args:
        digest: of the one-time code, see ``code_digest``.
        convert: (API root, code) -> keys; see ``bot.adapters.github.conversion``.
        keep: stores the credentials and puts them into force.
        done: credentials that are stored already, also by an earlier process.
    """

    def __init__(
        self,
        digest: str,
        *,
        convert: Callable[[str, str], Converted],
        keep: Callable[[Credentials], None],
        done: Callable[[], Credentials | None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._digest = digest
        self._convert = convert
        self._keep = keep
        self.done = done
        self._monotonic = monotonic
        self._attempts = Attempts(monotonic)
        self._session = ""
        self._states: dict[str, Pending] = {}
        self._used: dict[str, None] = {}
        self._pending: Pending | None = None
        self._lock = Lock()

    def enter(self, code: str) -> str:
        """The session that a code opens, once. Raises Problem."""
        with self._lock:
            wait = self._attempts.wait_s()
            if wait:
                raise Problem(
                    429,
                    "Too many wrong codes",
                    f"The next one is looked at in {max(1, round(wait))} seconds.",
                    "Copy the code from the console where plumbline up runs.",
                )
            if not hmac.compare_digest(code_digest(code), self._digest):
                self._attempts.failed()
                log.warning("a wrong set-up code was typed")
                raise Problem(
                    403,
                    "That is not the code",
                    "The code stands on the console where plumbline up runs, and changes with each start.",
                    "Type it again; dashes and case do not matter.",
                )
            if self._session:
                raise Problem(
                    403,
                    "This code was used already",
                    "It opens the set-up in one browser only, and did so before.",
                    "Go on in that browser. If it was not yours, or its window is lost: stop plumbline up "
                    "and start it again, which gives a new code and ends the old session.",
                )
            self._session = secrets.token_urlsafe(32)
            return self._session

    def knows(self, session: str) -> bool:
        """This is the session that the code opened."""
        return bool(self._session) and hmac.compare_digest(session.encode(), self._session.encode())

    @property
    def token(self) -> str:
        """What forms of the session carry."""
        return hmac.new(self._session.encode(), b"form", hashlib.sha256).hexdigest()

    def begin(self, choice: Choice) -> str:
        """A state for GitHub's form."""
        state = secrets.token_urlsafe(32)
        with self._lock:
            self._states[state] = Pending(choice, self._monotonic())
            while len(self._states) > _STATES_KEPT:
                del self._states[next(iter(self._states))]
        return state

    def returned(self, state: str, code: str) -> Credentials:
        """GitHub sent the browser back. Raises Problem."""
        with self._lock:
            pending = self._states.pop(state, None)
            if pending is None:
                raise _unknown_state(used=state in self._used)
            self._used[state] = None
            if self._monotonic() - pending.begun_at >= STATE_LIFETIME_S:
                raise Problem(
                    410,
                    "That took more than an hour",
                    "GitHub and Plumbline keep a registration open for one hour.",
                    f"Start over. If the App was made, delete it first: {pending.choice.github.web}"
                    f"{_apps_path(pending.choice.owner)}.",
                )
            pending.code = code
            self._pending = pending
            return self._finish(pending)

    def again(self) -> Credentials:
        """Do what failed once more. Raises Problem."""
        with self._lock:
            if self._pending is None:
                raise _unknown_state(used=False)
            return self._finish(self._pending)

    def _finish(self, pending: Pending) -> Credentials:
        if pending.converted is None:
            pending.converted = self._exchange(pending)
        made = _credentials(pending.choice, pending.converted)
        try:
            self._keep(made)
        except SettingsError as error:
            raise Problem(
                500,
                "The keys could not be stored",
                f"{error}.",
                "Mend that, then try again: the keys are kept in memory meanwhile.",
                again=True,
            ) from error
        self._pending, self._states = None, {}
        log.info("the App is registered", extra={"app": made.slug, "app_id": made.app_id})
        return made

    def _exchange(self, pending: Pending) -> Converted:
        github, owner = pending.choice.github, pending.choice.owner
        apps = f"{github.web}{_apps_path(owner)}"
        try:
            return self._convert(github.api, pending.code)
        except Unavailable as error:
            raise Problem(
                502,
                f"{github.name} can not be reached from here",
                f"{error}. Your browser gets there, but this machine has to as well.",
                f"Let this machine connect to {github.api} (proxy, firewall, certificate), then try again "
                "within the hour; the code is still good.",
                again=True,
            ) from error
        except Gone as error:
            raise Problem(
                404,
                "GitHub does not take the code (any more)",
                "A code is good once and for one hour, at the GitHub that gave it.",
                f"Start over. If the App was made, delete it first: {apps}.",
            ) from error
        except Rejected as error:
            raise Problem(
                422, "GitHub refused to hand out the keys", f"GitHub says: {error}.", f"Look at {apps}."
            ) from error
        except Ambiguous as error:
            raise Problem(
                502,
                "No answer came from GitHub",
                f"{error}. The App was made; whether its keys were sent is not known.",
                f"Try again. If the code is used up by then, delete the App at {apps} and start over.",
                again=True,
            ) from error
        except PlumblineError as error:
            raise Problem(
                502,
                f"{github.name} did not answer like a GitHub",
                f"{error}.",
                f"Check that {github.api} is the API of the GitHub that you chose, then start over.",
            ) from error


def _unknown_state(*, used: bool) -> Problem:
    if used:
        return Problem(
            409,
            "This answer of GitHub was used already",
            "Each registration comes back once; going back or reloading sends it a second time.",
            "If it did not end well before, start over.",
        )
    return Problem(
        403,
        "This answer does not belong to your set-up",
        "The browser came back with a registration that was not begun here, or before the last start. It was "
        "not used, and nothing was stored.",
        "If you did not come from GitHub just now, somebody may have sent you the link. Else start over.",
    )


def _apps_path(owner: str) -> str:
    return f"/organizations/{quote(owner)}/settings/apps" if owner else "/settings/apps"


def _credentials(choice: Choice, made: Converted) -> Credentials:
    return Credentials(
        app_id=made.id,
        slug=made.slug,
        github_url=choice.github.api,
        web_url=choice.github.web,
        owner=made.owner or choice.owner,
        public_url=choice.public_url,
        client_id=made.client_id,
        private_key=made.pem,
        webhook_secret=made.webhook_secret,
        client_secret=made.client_secret,
    )


@dataclass(frozen=True, slots=True)
class Site:
    """What the pages need to know beside the state.

    Args:
        github: set when the operator named one (PLUMBLINE_GITHUB_URL); else people choose.
        public_url: what PLUMBLINE_PUBLIC_URL says; people may change it.
        pages: who may see pages.
    """

    setup: SetUp
    manifest: Manifest
    github: GitHubHost | None = None
    public_url: str = ""
    pages: PagesFor = PagesFor.LOOPBACK


def create_setup(site: Site) -> Blueprint:
    """The pages under ``/setup``."""
    pages = Blueprint("setup", __name__, url_prefix="/setup", template_folder="templates")
    setup = site.setup

    @pages.before_request
    def admit() -> Response | None:
        reason = "pages are switched off" if site.pages is PagesFor.NOBODY else ""
        if site.pages is PagesFor.LOOPBACK:
            reason = why_not(request)
        if reason:
            return Response(f"{reason}; see PLUMBLINE_PAGES\n", 403, content_type="text/plain; charset=utf-8")
        return _refuse_foreign(setup) if request.method == "POST" else None

    @pages.after_request
    def harden(response: Response) -> Response:
        for name, value in _headers(response).items():
            response.headers.setdefault(name, value)
        return response

    @pages.get("/setup.css")
    def style() -> Response:
        return Response(_STYLE.read_bytes(), content_type="text/css; charset=utf-8")

    @pages.get("")
    def start() -> Response:
        made = setup.done()
        if not _known(setup):
            return _page("setup_finished.html") if made else _page("setup_code.html", step=1)
        if made:
            return _go("setup.finished")
        return _page("setup_choose.html", step=2, **_choices(site, {}))

    @pages.post("")
    def enter() -> Response:
        try:
            session = setup.enter(request.form.get("code", ""))
        except Problem as problem:
            page = _page("setup_code.html", problem.status, step=1, problem=problem)
            if problem.status == 429:
                page.headers["Retry-After"] = str(round(ATTEMPT_EVERY_S))
            return page
        answer = _go("setup.start")
        answer.set_cookie(
            COOKIE,
            session,
            path="/setup",
            httponly=True,
            samesite="Lax",
            secure=_base(site).startswith("https"),
        )
        return answer

    @pages.post("/review")
    def review() -> Response:
        if not _known(setup) or setup.done():
            return _go("setup.start")
        form = request.form.to_dict()
        try:
            choice = _choice(site, form)
        except UserError as error:
            return _page("setup_choose.html", 422, step=2, **_choices(site, form, str(error)))
        return _review(site, choice)

    @pages.get("/callback")
    def callback() -> Response:
        state, code = request.args.get("state", ""), request.args.get("code", "")
        if not _known(setup):
            return _problem(
                Problem(
                    403,
                    "This browser did not begin the set-up",
                    "It does not have the session that the code from the console opened. Nothing was stored.",
                    "Go on in the browser, and under the address, with which you began.",
                )
            )
        if setup.done():
            return _go("setup.finished")
        if not CODE.fullmatch(code):
            return _problem(
                Problem(400, "GitHub sent no code", "Without it there are no keys to fetch.", "Start over.")
            )
        return _ended(lambda: setup.returned(state, code))

    @pages.post("/again")
    def again() -> Response:
        if not _known(setup) or setup.done():
            return _go("setup.start")
        return _ended(setup.again)

    @pages.get("/done")
    def finished() -> Response:
        made = setup.done()
        if made is None:
            return _go("setup.start")
        if not _known(setup):
            return _page("setup_finished.html")
        return _page("setup_done.html", step=4, app=made, here=_base(site))

    @pages.errorhandler(Problem)
    def failed(problem: Problem) -> Response:
        return _problem(problem)

    def _ended(act: Callable[[], Credentials]) -> Response:
        try:
            act()
        except Problem as problem:
            return _problem(problem)
        # On to another address, so that the code stays in no history and a reload repeats nothing.
        return _go("setup.finished")

    def _problem(problem: Problem) -> Response:
        token = setup.token if problem.again else ""
        return _page("setup_problem.html", problem.status, problem=problem, token=token)

    return pages


def _known(setup: SetUp) -> bool:
    return setup.knows(request.cookies.get(COOKIE, ""))


def _refuse_foreign(setup: SetUp) -> Response | None:
    """Forms come from our own pages, and after the first one carry the session's token."""
    origin, own = request.headers.get("Origin"), request.host
    foreign = origin is not None and urlsplit(origin).netloc != own
    if foreign or request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise Problem(
            403, "This form came from another site", "Nothing was done with it.", "Begin at /setup here."
        )
    try:
        token = request.form.get("token", "")
    except RequestEntityTooLarge:
        raise Problem(413, "The form is too large", "Nothing was done with it.", "Begin at /setup.") from None
    if _known(setup) and not hmac.compare_digest(token.encode(), setup.token.encode()):
        raise Problem(403, "This form is out of date", "Nothing was done with it.", "Load the page again.")
    return None


def _choices(site: Site, form: Mapping[str, str], error: str = "") -> dict[str, Any]:
    """What the form shows: what was typed before, else what is known."""
    return {
        "token": site.setup.token,
        "github": site.github,
        "form": {"host": "github.com", "account": "organisation", "public_url": site.public_url, **form},
        "name_limit": NAME_LIMIT,
        "suggested": site.manifest.name,
        "maintenance": MAINTENANCE,
        "asked": site.manifest.asked(maintenance=False),
        "error": error,
    }


def _choice(site: Site, form: Mapping[str, str]) -> Choice:
    """Read the form. Raises UserError."""
    github = site.github if site.github is not None else _chosen_github(form)
    owner = form.get("owner", "").strip()
    if form.get("account") == "personal":
        if owner:
            raise UserError(
                f"you typed the organisation {owner[:40]!r} but chose your own account: which is it"
            )
    else:
        if not owner:
            raise UserError("type the organisation's name, as it stands in its address")
        if not _LOGIN.fullmatch(owner):
            raise UserError(f"{owner[:80]!r} is not the name of an organisation: letters, digits and dashes")
    name = form.get("name", "").strip() or f"{site.manifest.name}-{owner}".strip("-")[:NAME_LIMIT].strip("-")
    if len(name) > NAME_LIMIT or not _NAME.fullmatch(name):
        raise UserError(f"the App's name has at most {NAME_LIMIT} characters, no angle brackets")
    if name.lower().startswith("github"):
        raise UserError("GitHub takes no name of an App that begins with its own")
    return Choice(
        github,
        owner,
        name,
        public_address(form.get("public_url", ""), github),
        form.get("maintenance") == "yes",
    )


def _chosen_github(form: Mapping[str, str]) -> GitHubHost:
    typed = form.get("host_name", "").strip()
    if form.get("host") == "other":
        if not typed:
            raise UserError("type the host of your GitHub, like github.example.com")
        return from_name(typed)
    if typed and typed != "github.com":
        raise UserError(f"you typed the host {typed[:80]!r} but chose github.com: which is it")
    return GITHUB_COM


def _review(site: Site, choice: Choice) -> Response:
    state = site.setup.begin(choice)
    manifest = site.manifest.registration(
        name=choice.name,
        public_url=choice.public_url,
        redirect_url=_base(site) + url_for("setup.callback"),
        maintenance=choice.maintenance,
    )
    page = _page(
        "setup_review.html",
        step=3,
        choice=choice,
        action=f"{choice.form_address}?state={quote(state)}",
        manifest=json.dumps(manifest),
        shown=json.dumps(manifest, indent=2),
        asked=site.manifest.asked(maintenance=choice.maintenance),
        added=MAINTENANCE if choice.maintenance else {},
        events=site.manifest.events,
    )
    page.headers["Content-Security-Policy"] = _policy(choice.github.web)
    return page


def _base(site: Site) -> str:
    """Scheme and host under which this browser sees us; no header of a proxy is believed."""
    host = request.host
    if site.public_url and urlsplit(site.public_url).netloc == host:
        return site.public_url
    return f"{request.scheme}://{host}"


def _go(endpoint: str) -> Response:
    return Response("", 303, {"Location": url_for(endpoint)})


def _page(template: str, status: int = 200, **values: Any) -> Response:
    given = {"step": 0, "problem": None, "token": ""} | values
    return Response(render_template(template, **given), status, content_type="text/html; charset=utf-8")


def _policy(form_host: str = "") -> str:
    forms = f"'self' {form_host}".strip()
    return (
        f"default-src 'none'; style-src 'self'; img-src data:; form-action {forms}; "
        "base-uri 'none'; frame-ancestors 'none'"
    )


def _headers(response: Response) -> dict[str, str]:
    return {
        "Content-Security-Policy": _policy(),
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
        # Never the code or the state, but the host: without it GitHub and we would see the origin "null".
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "Cache-Control": "no-store" if response.mimetype != "text/css" else "max-age=3600",
    }
