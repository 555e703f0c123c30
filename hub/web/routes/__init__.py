"""The addresses of the pages, one small file per area. Thin: read the form, ask the service, show the view model."""

from flask import Blueprint

from hub.web import chrome
from hub.web.routes.account import blueprint as account
from hub.web.routes.addresses import blueprint as addresses
from hub.web.routes.approvals import blueprint as approvals
from hub.web.routes.banks import blueprint as banks
from hub.web.routes.connections import blueprint as connections
from hub.web.routes.consent_request import blueprint as consent_request
from hub.web.routes.consents import blueprint as consents
from hub.web.routes.developer import blueprint as developer
from hub.web.routes.developer_register import blueprint as developer_register
from hub.web.routes.developer_webhooks import blueprint as developer_webhooks
from hub.web.routes.device import blueprint as device
from hub.web.routes.directory import blueprint as directory
from hub.web.routes.docs import blueprint as docs
from hub.web.routes.end_session import blueprint as end_session
from hub.web.routes.entrance import blueprint as entrance
from hub.web.routes.factor_recovery import blueprint as factor_recovery
from hub.web.routes.factors import blueprint as factors
from hub.web.routes.health import blueprint as health
from hub.web.routes.imports import blueprint as imports
from hub.web.routes.insights import blueprint as insights
from hub.web.routes.metrics import blueprint as metrics
from hub.web.routes.money import blueprint as money
from hub.web.routes.notifications import blueprint as notifications
from hub.web.routes.operator import blueprint as operator
from hub.web.routes.recovery import blueprint as recovery
from hub.web.routes.second_step import blueprint as second_step
from hub.web.routes.upstream import blueprint as upstream

blueprints: tuple[Blueprint, ...] = (
    entrance,
    second_step,
    end_session,
    account,
    addresses,
    recovery,
    factor_recovery,
    upstream,
    factors,
    money,
    notifications,
    insights,
    banks,
    connections,
    imports,
    consent_request,
    device,
    approvals,
    consents,
    developer,
    developer_register,
    developer_webhooks,
    directory,
    docs,
    operator,
    health,
    metrics,
)

money.record_once(lambda state: chrome.equip(state.app))
