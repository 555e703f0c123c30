"""The banks as processes: they say where they listen, log nothing, and go at once when they should."""

import signal
import subprocess

import pytest
import requests

from tests.sandbox.processes import RunningBank, start


@pytest.mark.parametrize("module", ["sandbox.uk", "sandbox.berlin"])
def test_a_bank_ends_at_once_on_sigterm_even_while_a_request_hangs(module: str) -> None:
    bank = start(module, "--control")
    path = "/open-banking/v3.1/aisp/accounts" if module == "sandbox.uk" else "/v1/accounts"
    bank.control("POST", json={"fault": "hang", "on": "accounts"})
    hanging = requests.get(bank.url + path, stream=True, timeout=5)
    assert hanging.status_code == 200
    bank.process.send_signal(signal.SIGTERM)
    assert bank.process.wait(timeout=10) == 0


def test_a_bank_that_watches_stdin_ends_with_its_parent() -> None:
    bank = start("sandbox.berlin", "--watch-stdin", stdin=subprocess.PIPE)
    assert bank.process.poll() is None
    assert bank.process.stdin is not None
    bank.process.stdin.close()
    assert bank.process.wait(timeout=3) == 0


def test_pages_have_a_style_of_their_own_and_need_nothing_from_elsewhere(
    albion: RunningBank, lorelei: RunningBank
) -> None:
    styles = []
    for bank in (albion, lorelei):
        page = requests.get(bank.url, timeout=5)
        assert page.status_code == 200
        assert "http" not in page.text.replace("http-equiv", "")
        styles.append(requests.get(f"{bank.url}/static/bank.css", timeout=5).text)
    assert "--brand" in styles[0]
    assert styles[0] != styles[1]


def test_the_request_log_and_the_output_hold_no_secret(albion: RunningBank) -> None:
    secret = "s3cr3t-t0k3n"
    requests.get(f"{albion.url}/authorize?request={secret}", timeout=5)
    requests.get(f"{albion.url}/open-banking/v3.1/aisp/accounts", headers={"Authorization": secret}, timeout=5)
    assert secret not in albion.control("GET", "/requests").text
