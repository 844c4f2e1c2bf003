"""Releases."""

from __future__ import annotations

from bot.testing.routing import Answer, Call, in_repository, not_found


@in_repository("GET", "/releases", "contents=read")
def releases(call: Call) -> Answer:
    """All that are published, newest first."""
    found = [release for release in reversed(call.repository.releases) if not release.draft]
    return call.page(found, lambda release: call.world.render.release(call.repository, release))


@in_repository("GET", "/releases/latest", "contents=read")
def latest_release(call: Call) -> Answer:
    """The newest that is neither a draft nor a pre-release."""
    found = (r for r in reversed(call.repository.releases) if not (r.draft or r.prerelease))
    release = next(found, None)
    if release is None:
        raise not_found()
    return Answer(200, call.world.render.release(call.repository, release))
