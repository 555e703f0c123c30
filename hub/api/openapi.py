"""The OpenAPI 3.1 document, made from the routes, their declared access and their marshmallow schemas."""

import re
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask
from werkzeug.routing import Rule

from consent import wording
from consent.model import Permission
from hub.access import Access, Kind, declared
from hub.api import operation, schemas
from hub.api.operation import Operation
from hub.oauth.scopes import KNOWN, WEBHOOKS
from hub.settings import Settings

VERSION = "1.0.0"
_PATH_WORDS = {
    "account_id": "An account id from /v1/accounts.",
    "transaction_id": "A transaction id.",
    "institution_id": "An institution id from /v1/institutions.",
    "consent_id": "A consent id.",
    "webhook_id": "An endpoint of yours.",
    "message_id": "A webhook-id.",
}
_PROBLEMS = {
    "400": "A parameter is not right; the problem names it.",
    "401": "No valid access token, or a login behind it that does not suffice: WWW-Authenticate says which would.",
    "403": "The consent does not allow this; the problem says why.",
    "404": "No such thing, or not within this consent: the two look the same.",
    "429": "Too many requests; see Retry-After.",
}


def document(app: Flask, settings: Settings) -> dict[str, Any]:
    spec = APISpec(
        title="Rialto API",
        version=VERSION,
        openapi_version="3.1.0",
        info={
            "description": "Accounts, balances and transactions of people who gave your app their consent. "
            "Amounts are exact decimal text, signed from the account holder's side. Times are UTC.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        servers=[{"url": settings.base_url}],
        plugins=[MarshmallowPlugin(schema_name_resolver=lambda schema: type_of(schema).__name__)],
    )
    spec.components.security_scheme("oauth2", _oauth(settings))
    spec.components.schema("Problem", schema=schemas.Problem)
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        view = app.view_functions[rule.endpoint]
        described, access = operation.of(view), declared(view)
        if described is None or access is None:
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            body = _operation(rule, described, access)
            spec.path(path=re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), operations={method.lower(): body})
    made: dict[str, Any] = spec.to_dict()
    return made


def type_of(schema: Any) -> type:
    return schema if isinstance(schema, type) else type(schema)


def _operation(rule: Rule, described: Operation, access: Access) -> dict[str, Any]:
    parameters: list[dict[str, Any]] = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string"},
            "description": _PATH_WORDS.get(name, ""),
        }
        for name in sorted(rule.arguments)
    ]
    if described.query is not None:
        parameters.append({"in": "query", "schema": described.query})  # the plugin spreads it into parameters
    responses: dict[str, Any] = {}
    if described.answer is None:
        responses["204"] = {"description": "Done."}
    else:
        responses[str(described.status)] = {
            "description": "Made." if described.status == 201 else "OK",
            "content": {"application/json": {"schema": described.answer}},
        }
    for status in _problems_of(rule, described, access):
        responses[status] = {
            "description": _PROBLEMS[status],
            "content": {"application/problem+json": {"schema": schemas.Problem}},
        }
    made: dict[str, Any] = {
        "operationId": rule.endpoint.split(".")[-1],
        "tags": [described.tag],
        "summary": described.summary,
        "parameters": parameters,
        "responses": responses,
        "security": _security(access),
    }
    if described.body is not None:
        made["requestBody"] = {"required": True, "content": {"application/json": {"schema": described.body}}}
    if described.description:
        made["description"] = described.description
    return made


def _problems_of(rule: Rule, described: Operation, access: Access) -> list[str]:
    statuses = ["400"]
    if access.kind is not Kind.PUBLIC:
        statuses += ["401", "403", "429"]
    if rule.arguments:
        statuses.append("404")
    return sorted(statuses)


def _security(access: Access) -> list[dict[str, list[str]]]:
    if access.kind is Kind.PUBLIC:
        return []
    named = access.permission.value if access.permission else access.scope
    return [{"oauth2": [named] if named else []}]


def _oauth(settings: Settings) -> dict[str, Any]:
    words = {item.permission.value: item.title for item in wording.explain(frozenset(Permission))}
    scopes = {name: words[name] for name in sorted(KNOWN & words.keys())}
    return {
        "type": "oauth2",
        "flows": {
            "authorizationCode": {
                "authorizationUrl": f"{settings.base_url}/oauth/authorize",
                "tokenUrl": f"{settings.base_url}/oauth/token",
                "refreshUrl": f"{settings.base_url}/oauth/token",
                "scopes": {"offline_access": "Stay connected"} | scopes,
            },
            "clientCredentials": {
                "tokenUrl": f"{settings.base_url}/oauth/token",
                "scopes": {WEBHOOKS: "Look after your webhooks"},
            },
        },
    }
