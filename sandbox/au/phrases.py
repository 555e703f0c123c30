"""What Bunyip Bank's pages say."""

from sandbox.oauth.phrases import Phrases

AUSTRALIAN = Phrases(
    lang="en-AU",
    home="A bank to try things on",
    own_text="Bunyip Bank is invented. It speaks the Consumer Data Standards 1.36 under /cds-au/v1.",
    log_in="Log in to share your data",
    username="Customer ID",
    password="Password",
    sandbox_people="This is a sandbox. All the people are invented:",
    share="share your data?",
    asks="The data recipient would like",
    which="Which accounts?",
    go_on="Continue",
    refuse="Cancel",
    confirm="Enter your one time password",
    code="One time password",
    code_is="Sandbox: your one time password is",
    allow="Authorise",
    stuck="We cannot go on",
    wrong_password="That customer ID and password do not match.",
    wrong_code="That is not the one time password.",
    pick_one="Pick at least one account, or cancel.",
    gone="This request has been answered or is too old. Please start again from the application.",
    stale="This page is out of date.",
)
