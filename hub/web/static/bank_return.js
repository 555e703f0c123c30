// A bank's hybrid answer stands behind the # (OAuth 2.0 Multiple Response Types 5), where only a script can read it.
"use strict";

const said = window.location.hash.slice(1);
if (said) window.location.replace(`${window.location.pathname}?${said}`);
