"""``/schema/plumbline.json``: the JSON Schema of policy files, for editors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response


def create_schema(document: Mapping[str, Any]) -> Blueprint:
    """The one route; the document is public, and any page may read it."""
    body = json.dumps(document).encode()
    pages = Blueprint("schema", __name__)

    @pages.get("/schema/plumbline.json")
    def schema() -> Response:
        headers = {"Cache-Control": "public, max-age=3600", "Access-Control-Allow-Origin": "*"}
        return Response(body, content_type="application/schema+json", headers=headers)

    return pages
