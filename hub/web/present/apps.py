"""OAuth apps as people see them."""

from consent.wording import MAX_NAME_LENGTH, tame
from hub.models.client import Client
from hub.web.viewmodels import App


def app_of(client: Client) -> App:
    """The name cannot rearrange the sentence around it: it is the app's own choice."""
    return App(
        client_id=client.client_id,
        name=tame(client.name, MAX_NAME_LENGTH),
        site=client.site_uri or "",
        verified=client.verified_at is not None,
        vouched_by=client.trust_anchor or "",
        policy=client.registration.get("policy_uri", ""),
        terms=client.registration.get("tos_uri", ""),
    )
