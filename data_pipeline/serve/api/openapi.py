"""The OpenAPI document: the one that the framework makes, with every error that a program can meet."""

from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from data_pipeline.serve.api.shapes import ErrorOut

ERRORS = {
    "400": "The request is not of this form, or a declaration has faults: every one is in `details`.",
    "401": "No key, or none that is good.",
    "403": "The key lacks the scope.",
    "404": "There is no such thing, or it is another owner's.",
    "409": "Not in this state.",
    "412": "It was changed since it was read.",
    "413": "The body is too large.",
    "415": "Not a form that is taken.",
    "422": "The idempotency key was used for something else.",
    "429": "Too often, or more than the key may have; see Retry-After.",
    "500": "Our fault; tell us the request_id.",
    "503": "A store is out of reach; try again.",
}
BODILESS = {"400", "401", "403", "404", "409", "429", "500", "503"}
OPEN = {"/healthz", "/readyz"}


def name_operation(route: APIRoute) -> str:
    """What generated clients call it."""
    module = route.endpoint.__module__.rpartition(".")[2]
    return f"{route.endpoint.__name__}_{module}"


def describe(app: FastAPI) -> None:
    """Replaces what the framework makes of validation errors: ours are 400, in the envelope."""
    make = app.openapi

    def make_whole() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = add_errors(make())
        return app.openapi_schema

    app.openapi = make_whole  # type: ignore[method-assign]  # https://fastapi.tiangolo.com/how-to/extending-openapi/


def add_errors(document: dict[str, Any]) -> dict[str, Any]:
    """Every operation with every answer it can give."""
    schemas = document["components"]["schemas"]
    own = ErrorOut.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= own.pop("$defs") | {"ErrorOut": own}
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for path, operations in document["paths"].items():
        for operation in operations.values():
            codes = list(ERRORS) if "requestBody" in operation else [code for code in ERRORS if code in BODILESS]
            codes = ["503"] if path in OPEN else codes
            answers = operation["responses"]
            answers.pop("422", None)
            answers |= {code: answer_of(code) for code in codes}
            for answer in answers.values():
                answer.setdefault("headers", {})["X-Request-ID"] = {"schema": {"type": "string"}}
    return document


def answer_of(code: str) -> dict[str, Any]:
    """One error answer."""
    schema = {"$ref": "#/components/schemas/ErrorOut"}
    return {"description": ERRORS[code], "content": {"application/json": {"schema": schema}}}
