"""The hub as a WSGI application: its parts put together, nothing else."""

from flask import Flask

from hub import gate, logs, rim
from hub.api.resources import blueprint as api_resources
from hub.api.routes import blueprint as api
from hub.api.webhooks import blueprint as webhooks
from hub.context import Hub, build
from hub.inbound.arrangements import blueprint as arrangements
from hub.oauth.registration.routes import blueprint as registration
from hub.oauth.routes import blueprint as oauth
from hub.observability import figures
from hub.observability.heartbeat import Heart
from hub.proxy import TrustedProxies
from hub.settings import LOOPBACK, from_environ
from hub.web.routes import blueprints as web


def create_app(hub: Hub | None = None) -> Flask:
    """``hub`` is given by tests; otherwise it is built from the environment (raises SettingsError)."""
    if hub is None:
        hub = build(from_environ())
        logs.configure(hub.settings.log_level)
        figures.forget_the_dead()
        hub.recorder.start()
        Heart(hub.db, hub.clock, "web").start()
    app = Flask(__name__, static_folder="web/static", template_folder="web/templates")
    app.extensions["rialto"] = hub
    app.url_map.merge_slashes = False  # its redirect would repeat whatever Host the caller claims
    app.config["TRUSTED_HOSTS"] = [*hub.settings.hosts, *LOOPBACK]
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it
    logs.quiet_libraries()
    rim.install(app, hub)
    gate.install(app, hub)
    for blueprint in (oauth, registration, api, webhooks, api_resources, arrangements, *web):
        app.register_blueprint(blueprint)
    app.wsgi_app = TrustedProxies(app.wsgi_app, hub.settings, hub.clock)  # type: ignore[method-assign]
    return app
