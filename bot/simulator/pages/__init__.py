"""What a person sees of the simulated GitHub in a browser, and what they can do there.

Plain HTML from templates, one style sheet, one small script that only refreshes; no request to
another host, no inline script or style. Whoever looks is one of the simulated people, chosen in
the page's header, and may do what that person's role allows.
"""

from __future__ import annotations

from bot.simulator.pages import checks, code, issues, people, pulls
from bot.simulator.pages.site import Pages

__all__ = ["Pages", "checks", "code", "issues", "people", "pulls"]
