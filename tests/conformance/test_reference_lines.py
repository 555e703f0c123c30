"""FAPI 2.0 Security Profile, Message Signing, DPoP and RFC 9700, line by line: what must not pass, and the test of it.

Where a line has no test elsewhere it has one here, or in test_reference_probes.
"""

import pytest

from tests.conformance.named import names_of_tests

SP = "test_fapi2_security_profile_final_"
LINES: dict[str, tuple[str, ...]] = {
    # FAPI 2.0 Security Profile: TLS and headers
    "FAPI2 5.2.1 TLS only, 1.2 or better": (
        "test_tls_below_1_2_is_refused_by_the_server",
        "test_plain_http_on_the_tls_port_is_answered_by_nobody_of_ours",
        "test_the_issuer_is_https_or_on_loopback",
    ),
    "FAPI2 5.2.2 recommended suites only": ("test_another_suite_of_tls_1_2_is_refused_by_the_server",),
    "FAPI2 5.2.3 HSTS": ("test_browsers_are_told_to_stay_with_https_where_there_is_https",),
    "FAPI2 5.2.3 no CORS where people are asked": ("test_no_other_origin_may_script_the_authorization_endpoint",),
    # 5.3.2.1
    "FAPI2 5.3.2.1 (1) metadata": (SP + "discovery_end_point_verification",),
    "FAPI2 5.3.2.1 (2) no password grant": ("test_there_is_no_password_grant",),
    "FAPI2 5.3.2.1 (3) confidential clients only": ("test_a_public_client_cannot_register_for_data",),
    "FAPI2 5.3.2.1 (4, 5) bound tokens only": (SP + "ensure_holder_of_key_required", "test_no_bearer_for_data"),
    "FAPI2 5.3.2.1 (6) keys or certificates, no secrets": ("test_a_secret_is_not_enough_for_data",),
    "FAPI2 5.3.2.1 (7) no open redirector": ("test_an_unknown_client_or_address_never_redirects",),
    "FAPI2 5.3.2.1 (8) aud is the issuer, a string": (
        SP + "par_test_array_as_audience_fails",
        SP + "par_test_par_endpoint_url_as_audience_fails",
        SP + "par_test_token_endpoint_url_as_audience_fails",
    ),
    "FAPI2 5.3.2.1 (9) no rotation": (SP + "refresh_token",),
    "FAPI2 5.3.2.1 (10) nonces": ("test_a_nonce_is_asked_for_and_given",),
    "FAPI2 5.3.2.1 (11) a code lives 60 s": (SP + "ensure_token_endpoint_fails_with_expired_auth_code",),
    "FAPI2 5.3.2.1 (12) the code is bound to the key": (
        SP + "ensure_mismatched_dpop_jkt_fails",
        SP + "ensure_token_endpoint_fails_with_mismatched_dpop_jkt",
        SP + "ensure_token_endpoint_fails_with_mismatched_dpop_proof_jkt",
    ),
    "FAPI2 5.3.2.1 (13) clocks": ("test_clocks_may_differ_so_much_and_no_more",),
    "FAPI2 5.3.2.1 (14) least privilege": ("test_a_token_opens_what_it_was_given_for",),
    # 5.3.2.2
    "FAPI2 5.3.2.2 (1) response_type code": (
        SP + "ensure_response_type_code_idtoken_fails",
        SP + "ensure_response_type_token_fails",
    ),
    "FAPI2 5.3.2.2 (2, 3) pushed": (SP + "ensure_unsigned_authorization_request_without_using_par_fails",),
    "FAPI2 5.3.2.2 (4) PAR is authenticated": ("test_nobody_pushes_unauthenticated",),
    "FAPI2 5.3.2.2 (5) PKCE S256": (
        SP + "par_ensure_pkce_required",
        SP + "par_plain_pkce_rejected",
        SP + "ensure_pkce_code_verifier_required",
        SP + "incorrect_pkce_code_verifier_rejected",
    ),
    "FAPI2 5.3.2.2 (6) redirect_uri": (SP + "ensure_redirect_uri_in_authorization_request",),
    "FAPI2 5.3.2.2 (7) iss in every answer": (SP + "user_rejects_authentication", SP + "happy_flow"),
    "FAPI2 5.3.2.2 (8) no http redirect URIs": ("test_an_http_address_cannot_be_registered",),
    "FAPI2 5.3.2.2 (9) a code once": (SP + "attempt_reuse_authorization_code_after_one_second",),
    "FAPI2 5.3.2.2 (10, 11) never 307": ("test_a_redirect_after_a_form_is_303",),
    "FAPI2 5.3.2.2 (12) request_uri ends": (SP + "par_attempt_to_use_expired_request_uri",),
    "FAPI2 5.3.2.2 (13) the person sees who asks for what": ("test_the_page_is_told_who_asks_for_what_and_why",),
    "FAPI2 5.3.2.2 (14) nonce": (SP + "ensure_authorization_request_with_64_char_nonce_success",),
    "FAPI2 5.3.2.2 notes": (
        SP + "par_ensure_reused_request_uri_prior_to_auth_completion_succeeds",
        SP + "par_attempt_reuse_request_uri",
        SP + "ensure_authorization_request_with_long_state",
        SP + "par_attempt_to_use_request_uri_for_different_client",
        SP + "par_authorization_request_containing_request_uri_form_param",
        SP + "par_attempt_invalid_http_method",
        SP + "par_without_duplicate_parameters",
        SP + "ensure_registered_redirect_uri",
    ),
    # 5.3.4, 5.4
    "FAPI2 5.3.4 tokens in the header only": ("test_a_bound_token_is_not_taken_from_a_form_or_an_address",),
    "FAPI2 5.3.4 expired, revoked, of another scope": (
        "test_a_token_that_is_over_opens_nothing",
        "test_a_token_opens_what_it_was_given_for",
    ),
    "FAPI2 5.3.4 bound": (SP + "dpop_negative_tests", "test_a_token_bound_to_a_certificate_needs_it"),
    "FAPI2 5.3.4 scheme in any case": (SP + "access_token_type_header_case_sensitivity",),
    "FAPI2 5.4 algorithms": (
        SP + "ensure_signed_client_assertion_with_RS256_fails",
        SP + "ensure_signed_request_object_with_RS256_fails",
        SP + "ensure_request_object_signature_algorithm_is_not_none",
        "test_a_weak_algorithm_cannot_be_registered",
    ),
    "FAPI2 5.4 key sizes": ("test_a_weak_key_cannot_be_registered",),
    "FAPI2 5.4.3 no x5u, jku or twice the same kid": ("test_a_weak_key_cannot_be_registered",),
    # Message Signing
    "MS 5.3.1 a signed object, by PAR": (SP + "ensure_unsigned_request_at_par_endpoint_fails",),
    "MS 5.3.1 aud": (SP + "ensure_request_object_with_bad_aud_fails",),
    "MS 5.3.1 nbf": (
        SP + "ensure_request_object_without_nbf_fails",
        SP + "ensure_request_object_with_nbf_over_60_fails",
    ),
    "MS 5.3.1 exp": (
        SP + "ensure_request_object_without_exp_fails",
        SP + "ensure_request_object_with_exp_over_60_fails",
        SP + "ensure_expired_request_object_fails",
    ),
    "MS 5.3.1 another's key, a broken signature": (
        SP + "ensure_matching_key_in_authorization_request",
        SP + "ensure_request_object_with_invalid_signature_fails",
    ),
    "MS 5.3.1 only the object counts": ("test_only_parameters_of_the_object_count",),
    "MS 5.4.1 JARM": ("test_an_unsigned_answer_cannot_be_asked_for", "test_answers_are_signed_and_say_nothing_beside"),
    "MS 5.5.1, 6.2 signed introspection, for whom": (
        "test_introspection_is_signed_for_whoever_asks",
        "test_another_clients_token_is_not_active_to_a_client_but_to_a_resource_server",
    ),
    "DPoP": (SP + "dpop_negative_tests", "test_a_proof_is_good_once", "test_a_bound_token_is_no_bearer_token"),
    # RFC 9700
    "RFC 9700 2.1 exact redirect URIs": (
        "test_an_unknown_client_or_address_never_redirects",
        "test_redirect_uris_match_to_the_letter_but_for_a_native_apps_loopback_port",
    ),
    "RFC 9700 2.1.1 PKCE for public clients": ("test_a_public_client_sends_a_challenge",),
    "RFC 9700 4.8.2 no verifier without a challenge": ("test_a_verifier_without_a_challenge_is_refused",),
    "RFC 9700 2.1.2 nothing but a code in the browser": ("test_no_other_response_type_is_answered",),
    "RFC 9700 2.2.1 sender-constrained": (SP + "ensure_holder_of_key_required",),
    "RFC 9700 2.2.2, 4.14.2 public refresh tokens": (
        "test_a_copied_refresh_token_ends_its_family",
        "test_an_unused_refresh_token_dies_and_a_used_one_lives_on_within_its_consent",
        "test_refresh_tokens_go_with_the_session_unless_the_person_allowed_offline_access",
    ),
    "RFC 9700 2.3 audience and scope": ("test_an_unknown_resource_gets_no_token", "test_scope_beyond_the_registered"),
    "RFC 9700 2.4 no password grant": ("test_there_is_no_password_grant",),
    "RFC 9700 2.5 asymmetric client authentication": ("test_a_secret_is_not_enough_for_data",),
    "RFC 9700 2.6, 4.15 a client is no person": ("test_a_client_chooses_no_id_and_its_own_token_is_nobodys",),
    "RFC 9700 4.2 referrer, third parties": ("test_pages_of_the_authorization_tell_nobody",),
    "RFC 9700 4.4 mix-up": (SP + "happy_flow",),
    "RFC 9700 4.5 code injection": (SP + "ensure_authorization_code_is_bound_to_client",),
    "RFC 9700 4.11, 4.12 no 307": ("test_a_redirect_after_a_form_is_303",),
    "RFC 9700 4.13 forged proxy headers": ("test_forged_headers_of_a_proxy_prove_nothing",),
    "RFC 9700 4.16 framing": ("test_pages_of_the_authorization_tell_nobody",),
    "RFC 9700 4.17 postMessage is not spoken": ("test_no_other_response_mode_is_answered",),
    # OpenID Connect and logout
    "OIDC POST /authorize": ("test_oidcc_ensure_post_request_succeeds",),
    "OIDC prompt=none": ("test_oidcc_prompt_none_not_logged_in", "test_prompt_none_asks_nobody_for_consent"),
    "OIDC max_age": ("test_oidcc_max_age_1",),
    "OIDC id_token_hint": ("test_an_id_token_of_another_person_is_no_hint",),
    "OIDC claims": ("test_oidcc_claims_essential",),
    "OIDC request, request_uri": (
        "test_oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported",
        "test_oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported",
    ),
    "OIDC sector_identifier_uri": ("test_oidcc_registration_sector_bad",),
    "OIDC keys of the client change": ("test_oidcc_refresh_token_rp_key_rotation",),
    "OIDC no fragment": ("test_oidcc_redirect_uri_regfrag",),
    "OIDC none": ("test_oidcc_idtoken_unsigned",),
    "Logout without parameters": ("test_oidcc_rp_initiated_logout_no_params",),
    "Logout with a bad hint or address": (
        "test_oidcc_rp_initiated_logout_modified_id_token_hint",
        "test_oidcc_rp_initiated_logout_bad_id_token_hint",
        "test_oidcc_rp_initiated_logout_bad_post_logout_redirect_uri",
    ),
    "Logout by the back channel": ("test_oidcc_backchannel_rp_initiated_logout",),
    "Logout, then prompt=none": ("test_after_logout_nobody_is_signed_in",),
}
"""A line of the specification -> the tests that something which breaks it is refused, or that what it wants is so."""


@pytest.mark.parametrize("line", LINES)
def test_a_line_has_its_tests(line: str) -> None:
    known = names_of_tests()
    assert LINES[line]
    assert [name for name in LINES[line] if name not in known] == []
