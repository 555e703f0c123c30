"""Webhooks in the API."""

from marshmallow import Schema, fields, validate

from hub.webhooks import signing

_KEPT = {"description": "What the receiver verifies with: `whsec_` a secret, `whpk_` a public key. Shown this once."}


class NewWebhook(Schema):
    url = fields.String(required=True, metadata={"description": "https, on the public internet."})
    types = fields.List(fields.String(), metadata={"description": "Empty: all that your app may hear of."})
    ordered = fields.Boolean(metadata={"description": "What concerns one person in its order. True unless said."})
    scheme = fields.String(validate=validate.OneOf(signing.SCHEMES))


class WebhookChange(Schema):
    url = fields.String()
    types = fields.List(fields.String())
    enabled = fields.Boolean()


class Webhook(Schema):
    id = fields.String()
    url = fields.String()
    types = fields.List(fields.String())
    ordered = fields.Boolean()
    scheme = fields.String()
    enabled = fields.Boolean()
    disabled_why = fields.String(allow_none=True, metadata={"description": "developer, gone or failing."})
    failing_since = fields.AwareDateTime(allow_none=True)
    created_at = fields.AwareDateTime()


class WebhookMade(Webhook):
    secret = fields.String(metadata=_KEPT)


class WebhookList(Schema):
    data = fields.List(fields.Nested(Webhook))


class Attempt(Schema):
    at = fields.AwareDateTime()
    status = fields.Integer(allow_none=True, metadata={"description": "The HTTP status; null: no answer."})
    took_ms = fields.Integer()
    why = fields.String()


class Message(Schema):
    id = fields.String(metadata={"description": "The webhook-id."})
    type = fields.String()
    state = fields.String(metadata={"description": "due, taken or dead."})
    created_at = fields.AwareDateTime()
    next_at = fields.AwareDateTime(allow_none=True, metadata={"description": "Of a due one: when it is sent."})
    attempts = fields.List(fields.Nested(Attempt))


class MessageList(Schema):
    data = fields.List(fields.Nested(Message))


class Since(Schema):
    since = fields.AwareDateTime(required=True)


class Resent(Schema):
    messages = fields.Integer()
