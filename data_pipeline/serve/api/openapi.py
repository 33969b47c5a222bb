"""The OpenAPI document: the one that the framework makes, with every error that a program can meet."""

from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from data_pipeline.serve.api.auth import HEADER
from data_pipeline.serve.api.shapes import ErrorOut

ERRORS = {
    "400": "The request is not of this form, or a declaration has faults: every one is in `details`.",
    "401": "No key, or none that is good.",
    "403": "The key lacks the scope.",
    "404": "There is no such thing, or it is another owner's.",
    "408": "The body came too slowly.",
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
SECURITY = {"type": "apiKey", "in": "header", "name": HEADER, "description": "Shown once, when it was made."}
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
    document["components"]["securitySchemes"] = {"key": SECURITY}
    for path, operations in document["paths"].items():
        for operation in operations.values():
            operation["security"] = [] if path in OPEN else [{"key": []}]
            codes = list(ERRORS) if "requestBody" in operation else [code for code in ERRORS if code in BODILESS]
            codes = [] if path in OPEN else codes  # they say it their own way
            answers = operation["responses"]
            answers.pop("422", None)
            answers |= {code: answer_of(code) for code in codes}
            for answer in answers.values():
                answer.setdefault("headers", {})["X-Request-ID"] = {"schema": {"type": "string"}}
    add_links(document)
    return document


def add_links(document: dict[str, Any]) -> None:
    """Which operations take the ids of what was made. https://spec.openapis.org/oas/v3.1.0#link-object"""
    paths, base = document["paths"], "/api/v1/pipelines"
    pipeline, batch = f"{base}/{{pipeline_id}}", f"{base}/{{pipeline_id}}/batches/{{batch_id}}"
    own = {"pipeline_id": "$response.body#/id"}
    both = {"pipeline_id": "$request.path.pipeline_id", "batch_id": "$response.body#/id"}
    for made, prefix, parameters in (
        (paths[base]["post"]["responses"]["201"], pipeline, own),
        (paths[f"{pipeline}/batches"]["post"]["responses"]["202"], batch, both),
    ):
        made["links"] = {
            operation["operationId"]: {"operationId": operation["operationId"], "parameters": parameters}
            for path, operations in paths.items()
            if path.startswith(prefix) and (prefix == batch or "{batch_id}" not in path)
            for operation in operations.values()
        }


def answer_of(code: str) -> dict[str, Any]:
    """One error answer."""
    schema = {"$ref": "#/components/schemas/ErrorOut"}
    return {"description": ERRORS[code], "content": {"application/json": {"schema": schema}}}
