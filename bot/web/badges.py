"""Badges that people put into a README: the one thing that Plumbline shows to everybody.

Of a public repository the badge tells the public score, which everybody could work out. Of any
other it wants a token that was printed for that repository. What is not there, and what may not be
seen, look the same.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Sequence

from flask import Blueprint, Response, request

from bot.model.errors import Unavailable
from bot.model.scores import Score
from bot.ports import Store
from bot.report.badge import as_svg, endpoint

FRESH_S = 300
"""How long a page or proxy may keep a badge; scores change with pushes."""

POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


def badge_token(secret: str, repository_id: int) -> str:
    """Lets its holder see the badge of one repository, as long as the secret stays."""
    return hmac.new(secret.encode(), f"badge:{repository_id}".encode(), hashlib.sha256).hexdigest()[:32]


def create_badges(store: Callable[[], Store], secrets: Sequence[str]) -> Blueprint:
    """``/badge/<repository id>.svg`` and ``.json``, the latter for shields.io's endpoint badge.

    Args:
        store: opened when somebody first asks.
        secrets: tokens of any of these are good; without secrets there are no badges of private
            repositories.
    """
    blueprint = Blueprint("badges", __name__)

    def allowed(repository_id: int, *, public: bool) -> bool:
        given = request.args.get("token", "").encode("utf-8", "replace")
        tokens = [badge_token(secret, repository_id).encode() for secret in secrets]
        # Every token is compared, so that time tells nothing of which one was near.
        matching = [hmac.compare_digest(given, token) for token in tokens]
        return public or any(matching)

    def score(repository_id: int) -> Score | None:
        if not 0 < repository_id < 2**63:
            return None
        known = store().repository(repository_id)
        public = known is not None and known[1].public
        if not allowed(repository_id, public=public) or known is None:
            return None
        samples = store().samples(repository_id, limit=1)
        if not samples:
            return Score()
        return samples[-1].public if public else samples[-1].score

    def answer(repository_id: int, form: Callable[[Score], tuple[str, str]]) -> Response:
        try:
            found = score(repository_id)
        except Unavailable:
            return Response("the database does not answer\n", 503)
        if found is None:
            return Response("there is no such badge\n", 404)
        body, kind = form(found)
        response = Response(body, mimetype=kind)
        response.headers["Cache-Control"] = f"public, max-age={FRESH_S}"
        response.headers["Content-Security-Policy"] = POLICY
        response.add_etag()
        response.make_conditional(request)
        return response

    @blueprint.get("/badge/<int:repository_id>.svg")
    def svg(repository_id: int) -> Response:
        return answer(repository_id, lambda found: (as_svg(found), "image/svg+xml"))

    @blueprint.get("/badge/<int:repository_id>.json")
    def shields(repository_id: int) -> Response:
        return answer(repository_id, lambda found: (json.dumps(endpoint(found)), "application/json"))

    return blueprint
