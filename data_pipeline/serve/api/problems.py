"""Refusals and faults -> one envelope with a stable code, whatever went wrong."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, cast

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from data_pipeline.errors import PipelineError, RequestError, RequestRefused, StoreError
from data_pipeline.flow.lifecycle import write_path

log = structlog.get_logger("data_pipeline.api")

# Code -> status. docs/api.md lists them with what to do.
STATUSES: Mapping[str, int] = {
    "INVALID_REQUEST": 400,
    "INVALID_CONFIG": 400,
    "BUSINESS_DATE_UNKNOWN": 400,
    "UNAUTHORIZED": 401,
    "FORBIDDEN": 403,
    "NOT_FOUND": 404,
    "PIPELINE_NOT_FOUND": 404,
    "BATCH_NOT_FOUND": 404,
    "SNAPSHOT_NOT_FOUND": 404,
    "KEY_NOT_FOUND": 404,
    "OWNER_NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "NOT_ACCEPTABLE": 406,
    "TOO_SLOW": 408,
    "PIPELINE_EXISTS": 409,
    "PIPELINE_NOT_ACTIVE": 409,
    "PIPELINE_HAS_ACTIVE_BATCHES": 409,
    "BATCH_NOT_FAILED": 409,
    "BATCH_NOT_PENDING": 409,
    "OWNER_EXISTS": 409,
    "KEY_NOT_USABLE": 409,
    "PRECONDITION_FAILED": 412,
    "BODY_TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "IDEMPOTENCY_CONFLICT": 422,
    "RATE_LIMITED": 429,
    "QUOTA_EXCEEDED": 429,
    "INTERNAL_ERROR": 500,
    "UNAVAILABLE": 503,
}
BY_STATUS: Mapping[int, str] = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED", 413: "BODY_TOO_LARGE",
                                415: "UNSUPPORTED_MEDIA_TYPE", 408: "TOO_SLOW"}  # fmt: skip


def answer(
    request_id: str,
    code: str,
    message: str,
    details: Sequence[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """The envelope."""
    error: dict[str, Any] = {"code": code, "message": message, "request_id": request_id}
    if details:
        error["details"] = list(details)
    return JSONResponse({"error": error}, STATUSES[code], dict(headers or {}))


def request_id_of(request: Request) -> str:
    """The id that the middleware gave it."""
    return str(request.scope.get("request_id", ""))


def refuse(request: Request, error: Exception) -> Response:
    """A refusal of ours."""
    refusal = cast(RequestRefused, error)
    headers = {"WWW-Authenticate": 'ApiKey realm="data_pipeline"'} if refusal.code == "UNAUTHORIZED" else {}
    return answer(request_id_of(request), refusal.code, str(refusal), refusal.details, headers)


def refuse_form(request: Request, error: Exception) -> Response:
    """A request that is not of the form that OpenAPI gives."""
    faults = cast(RequestValidationError, error).errors()
    details = [{"path": place(fault["loc"]), "message": fault["msg"]} for fault in faults]
    return answer(request_id_of(request), "INVALID_REQUEST", f"invalid request: {len(details)} faults", details)


def place(location: Sequence[str | int]) -> str:
    """Where a fault is: JSONPath in the body; other parts of the request by their kind and name."""
    kind, *rest = location
    if kind == "body":
        return write_path(tuple(part for part in rest if not isinstance(part, int) or rest != [part]))
    return ".".join(map(str, location))


def refuse_plainly(request: Request, error: Exception) -> Response:
    """What the framework refuses: an unknown path, a wrong method."""
    refusal = cast(HTTPException, error)
    code = BY_STATUS.get(refusal.status_code, "INVALID_REQUEST")
    headers = dict(refusal.headers or {})
    if refusal.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(list_methods(request))
    return answer(request_id_of(request), code, str(refusal.detail), headers=headers)


def list_methods(request: Request) -> list[str]:
    """Every method that the path takes; the framework names those of its first route alone. RFC 9110, 10.2.1"""
    paths = request.app.openapi()["paths"]
    return sorted(
        method.upper()
        for template, operations in paths.items()
        if compile_path(template)[0].match(request.url.path)
        for method in operations
    )


def refuse_product(request: Request, error: Exception) -> Response:
    """What the product says of itself: wrong requests are the program's, stores are ours."""
    if isinstance(error, StoreError):
        log.error("unavailable", request_id=request_id_of(request), error=str(error))
        words = "a store that the request needs is out of reach; try again."
        return answer(request_id_of(request), "UNAVAILABLE", words, headers={"Retry-After": "5"})
    if isinstance(error, RequestError):
        return answer(request_id_of(request), "INVALID_REQUEST", str(error))
    return fail(request, error)


def fail(request: Request, error: Exception) -> Response:
    """Our bug: it is told in the log, under the id that the program is given."""
    log.error("panic", request_id=request_id_of(request), path=request.url.path, exc_info=error)
    words = "something went wrong here. Tell us the request_id; nothing of the request was kept."
    return answer(request_id_of(request), "INTERNAL_ERROR", words)


def install(app: FastAPI) -> None:
    """Every way in which a request can end badly."""
    app.add_exception_handler(RequestRefused, refuse)
    app.add_exception_handler(RequestValidationError, refuse_form)
    app.add_exception_handler(HTTPException, refuse_plainly)
    app.add_exception_handler(PipelineError, refuse_product)
    app.add_exception_handler(Exception, fail)
