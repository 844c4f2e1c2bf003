"""The Flask application: every route, on any WSGI server.

``bot.web.front`` serves ``/webhook`` and ``/healthz`` without Flask on granian and leaves the rest
to this application; the two share ``bot.web.receiver`` and answer the same.
"""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from bot.web.readiness import Readiness
from bot.web.receiver import MAX_BODY, SECURITY_HEADERS, Answer, Receiver

ALIVE = Answer(200, b"alive\n")


def create_app(receiver: Receiver, readiness: Readiness, pages: Sequence[Blueprint] = ()) -> Flask:
    """Build the application. No proxy header is believed: addresses are those of the connection.

    Args:
        pages: what people see; they bring their own headers.
    """
    app = Flask("plumbline", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY

    @app.post("/webhook")
    def webhook() -> Response:
        head = receiver.admit(_header_values)
        if isinstance(head, Answer):
            return _response(head)
        try:
            body = request.get_data(cache=False)
        except RequestEntityTooLarge:
            return _response(receiver.too_large())
        return _response(receiver.receive(head, body))

    @app.get("/healthz")
    def healthz() -> Response:
        return _response(ALIVE)

    @app.get("/readyz")
    def readyz() -> Response:
        reason = readiness.reason()
        return _response(Answer(503, b"not ready\n") if reason else Answer(200, b"ready\n"))

    for blueprint in pages:
        app.register_blueprint(blueprint)

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Response:
        return _response(Answer(error.code or 500, f"{error.name}\n".encode()))

    @app.errorhandler(Exception)
    def failed(_error: Exception) -> Response:
        app.logger.exception("request failed", extra={"path": request.path})
        return _response(Answer(500, b"internal error\n"))

    @app.after_request
    def harden(response: Response) -> Response:
        for name, value in SECURITY_HEADERS:
            response.headers.setdefault(name, value)
        return response

    return app


def _header_values(name: str) -> Sequence[str]:
    """WSGI joins repeated headers by a comma, so there is at most one value."""
    value = request.headers.get(name)
    return () if value is None else (value,)


def _response(answer: Answer) -> Response:
    return Response(answer.body, status=answer.status, headers=list(answer.headers))
