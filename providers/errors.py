"""Why a call to a bank failed, in the only terms a caller can act on.

    ProviderError
    ├── Transient          try again later; carries retry_after_s
    │   ├── QuotaSpent     not before then without the PSU
    │   └── Failing        this one request failed over there (HTTP 5xx); another one may not
    ├── ReconsentRequired  only the PSU can repair this; stop syncing, tell them
    ├── Refused            the ASPSP said no to this request and will say no again
    └── ContractBroken     the ASPSP broke its own standard; keep the bytes, alert us

No other exception leaves an adapter. Messages are for operators: they name the bank, the step and the reason, and
never hold a token, a request body or a person's data.
"""


class ProviderError(Exception):
    """Base of everything an adapter raises."""

    def __init__(self, reason: str, *, institution_id: str = "", step: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.institution_id = institution_id
        self.step = step


class Transient(ProviderError):
    """The bank is down, slow or busy. ``retry_after_s`` is the bank's own word on when to come back, if it gave one.
    ``answered``: it is there and said "not now" (429), rather than failing or not being heard of."""

    def __init__(
        self,
        reason: str,
        *,
        retry_after_s: int | None = None,
        answered: bool = False,
        institution_id: str = "",
        step: str = "",
    ) -> None:
        super().__init__(reason, institution_id=institution_id, step=step)
        self.retry_after_s = retry_after_s
        self.answered = answered


class Failing(Transient):
    """The bank answered, with a failure of its own (HTTP 5xx): what was asked for is not to be had as long as it lasts.
    That says nothing of what else may be asked for, unlike a bank that is not heard of at all."""


class QuotaSpent(Transient):
    """The bank counts the calls that are made without the PSU, and this account's are used up until then."""

    def __init__(self, reason: str, *, retry_after_s: int, institution_id: str = "", step: str = "") -> None:
        super().__init__(reason, retry_after_s=retry_after_s, answered=True, institution_id=institution_id, step=step)
        self.retry_after_s: int = retry_after_s


class ReconsentRequired(ProviderError):
    """The bank consent or its authentication has ended; only the PSU can give it again."""


class Refused(ProviderError):
    """The bank understood and said no. ``code`` is the bank's own error code where it gave one."""

    def __init__(self, reason: str, *, code: str = "", institution_id: str = "", step: str = "") -> None:
        super().__init__(reason, institution_id=institution_id, step=step)
        self.code = code


class ContractBroken(ProviderError):
    """The bank's answer is not what its standard promises. ``raw`` is the offending body, cut to 64 KiB."""

    RAW_LIMIT_BYTES = 65_536

    def __init__(self, reason: str, *, raw: bytes = b"", institution_id: str = "", step: str = "") -> None:
        super().__init__(reason, institution_id=institution_id, step=step)
        self.raw = raw[: self.RAW_LIMIT_BYTES]
