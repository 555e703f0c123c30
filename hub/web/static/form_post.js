// Sends the one form of the page on (OAuth 2.0 Form Post Response Mode); without this script its button does.
"use strict";

document.getElementById("form-post").submit();
