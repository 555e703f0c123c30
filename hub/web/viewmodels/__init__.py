"""What each page needs to know, as frozen values. Routes build them, templates read them, neither reaches
past them.

Each page's template gets its value as ``page``, named in that class's docstring. Every page also gets the
chrome:

``viewer``      Viewer | None: who is signed in; None draws the signed-out header
``csrf_token``  str: put into every POST form as the hidden field ``csrf_token``
``flashes``     sequence of Flash: shown once, above the page
``now``         aware datetime: the only clock that the templates know

Money is ``providers.model.Money`` (signed from the holder's side), times are aware UTC, text is plain
(templates escape it). A colour is ``#rrggbb``; anything else is drawn in the house colour. Paths are made
in the templates.
"""

from hub.web.viewmodels.accounts import (
    EmailPage,
    FactorsLostPage,
    LinkedRow,
    LinkPage,
    LoginsPage,
    MailedLinkPage,
    NewcomerPage,
    OnwardPage,
    ProviderChoice,
    RecoverPage,
    RecoverSentPage,
    ResetPage,
    SetPasswordPage,
)
from hub.web.viewmodels.banks import (
    BankHealth,
    ConnectConfirmPage,
    ConnectionPage,
    ConnectPage,
    ConnectStepPage,
    DisconnectPage,
    Question,
    Quota,
    StatusPage,
)
from hub.web.viewmodels.consent import (
    ConsentAccount,
    ConsentBank,
    ConsentCard,
    ConsentDetail,
    ConsentPage,
    ConsentRequestPage,
    ConsentsPage,
    PermissionText,
    ReceiptRow,
)
from hub.web.viewmodels.decoupled import AnsweredPage, ApprovalRow, ApprovalsPage, AskedElsewhere, DevicePage
from hub.web.viewmodels.developers import (
    ApiReferencePage,
    CredentialsPage,
    DeveloperAppPage,
    DeveloperAppRow,
    DeveloperPage,
    GuidePage,
    KeyRow,
    NewAppPage,
    RefusalRow,
)
from hub.web.viewmodels.directory import DirectoryEntryPage, DirectoryPage, DirectoryRow
from hub.web.viewmodels.factors import (
    AuthenticatorPage,
    LoginSecondPage,
    PasskeyRow,
    PasskeysPage,
    RecoveryCodesPage,
    StepUpPage,
)
from hub.web.viewmodels.identity import (
    ActivityRow,
    LoginPage,
    PasswordPage,
    RegisterPage,
    SecurityPage,
    SessionRow,
)
from hub.web.viewmodels.imports import (
    CsvColumn,
    CsvForm,
    ImportAccount,
    ImportFilePage,
    ImportPage,
    ImportRow,
)
from hub.web.viewmodels.insights import CategoryForm, RegularPage, SeriesRow, Spent
from hub.web.viewmodels.money import (
    AccountRow,
    BalanceSeries,
    BankCard,
    Fact,
    HomePage,
    LedgerPage,
    TransactionFilter,
    TransactionPage,
    TransactionRow,
    TypedBalance,
)
from hub.web.viewmodels.operator import DeadRow, JobsPage, QueueRow
from hub.web.viewmodels.rest import (
    ErrorPage,
    FormPostPage,
    LoggedOutPage,
    LogoutPage,
)
from hub.web.viewmodels.shared import (
    App,
    Bank,
    Choice,
    ConnectionState,
    Flash,
    Form,
    Pager,
    Viewer,
)

__all__ = [
    "AccountRow",
    "ActivityRow",
    "AnsweredPage",
    "ApiReferencePage",
    "App",
    "ApprovalRow",
    "ApprovalsPage",
    "AskedElsewhere",
    "AuthenticatorPage",
    "BalanceSeries",
    "Bank",
    "BankCard",
    "BankHealth",
    "CategoryForm",
    "Choice",
    "ConnectConfirmPage",
    "ConnectPage",
    "ConnectStepPage",
    "ConnectionPage",
    "ConnectionState",
    "ConsentAccount",
    "ConsentBank",
    "ConsentCard",
    "ConsentDetail",
    "ConsentPage",
    "ConsentRequestPage",
    "ConsentsPage",
    "CredentialsPage",
    "CsvColumn",
    "CsvForm",
    "DeadRow",
    "DeveloperAppPage",
    "DeveloperAppRow",
    "DeveloperPage",
    "DevicePage",
    "DirectoryEntryPage",
    "DirectoryPage",
    "DirectoryRow",
    "DisconnectPage",
    "EmailPage",
    "ErrorPage",
    "Fact",
    "FactorsLostPage",
    "Flash",
    "Form",
    "FormPostPage",
    "GuidePage",
    "HomePage",
    "ImportAccount",
    "ImportFilePage",
    "ImportPage",
    "ImportRow",
    "JobsPage",
    "KeyRow",
    "LedgerPage",
    "LinkPage",
    "LinkedRow",
    "LoggedOutPage",
    "LoginPage",
    "LoginSecondPage",
    "LoginsPage",
    "LogoutPage",
    "MailedLinkPage",
    "NewAppPage",
    "NewcomerPage",
    "OnwardPage",
    "Pager",
    "PasskeyRow",
    "PasskeysPage",
    "PasswordPage",
    "PermissionText",
    "ProviderChoice",
    "Question",
    "QueueRow",
    "Quota",
    "ReceiptRow",
    "RecoverPage",
    "RecoverSentPage",
    "RecoveryCodesPage",
    "RefusalRow",
    "RegisterPage",
    "RegularPage",
    "ResetPage",
    "SecurityPage",
    "SeriesRow",
    "SessionRow",
    "SetPasswordPage",
    "Spent",
    "StatusPage",
    "StepUpPage",
    "TransactionFilter",
    "TransactionPage",
    "TransactionRow",
    "TypedBalance",
    "Viewer",
]
