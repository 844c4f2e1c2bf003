"""Reports as web pages: each is one file that asks for nothing, runs nothing, and can be sent by mail.

``repository_page`` and ``organisation_page`` are pure. Charts come from an optional library, the
extra ``plumbline[reports]``; without it every number is there, in tables.
"""

from bot.report.html.charts import available
from bot.report.html.organisation import Row, Told, organisation_page, row_of, worst_first
from bot.report.html.repository import repository_page

__all__ = ["Row", "Told", "available", "organisation_page", "repository_page", "row_of", "worst_first"]
