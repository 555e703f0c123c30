"""Settings come from the environment and say what is wrong with them."""

from pathlib import Path

import pytest

from hub.settings import Settings, SettingsError, from_environ


def test_the_defaults_work_on_loopback() -> None:
    settings = from_environ({})
    assert settings == Settings()
    assert not settings.secure
    assert settings.access_token_ttl_s <= 600
    assert settings.code_ttl_s <= 60


def test_names_are_the_settings_in_capitals() -> None:
    settings = from_environ(
        {
            "RIALTO_BASE_URL": "https://hub.example",
            "DATABASE_URL": "postgresql://x",
            "RIALTO_CODE_TTL_S": "30",
            "RIALTO_INSTITUTIONS": "/one:/two",
        }
    )
    assert settings.secure
    assert settings.code_ttl_s == 30
    assert settings.institution_dirs[1:] == (Path("/one"), Path("/two"))


@pytest.mark.parametrize(
    "environ",
    [
        {"RIALTO_BASE_URL": "hub.example"},
        {"RIALTO_BASE_URL": "http://hub.example"},
        {"RIALTO_BASE_URL": "https://hub.example/"},
        {"RIALTO_BASE_URL": "https://hub.example?x=1"},
        {"RIALTO_CODE_TTL_S": "a minute"},
        {"RIALTO_CODE_TTL_S": "-1"},
    ],
)
def test_a_wrong_setting_is_named(environ: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=next(iter(environ))):
        from_environ(environ)


def test_keys_are_not_printed() -> None:
    assert "hush" not in repr(Settings(master_keys="hush"))
