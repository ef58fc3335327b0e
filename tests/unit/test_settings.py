"""Settings: every one is documented, the names that deployments use work, secrets do not show."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import AliasChoices, BaseModel, ValidationError

from cluster.settings import Settings

ROOT = Path(__file__).parents[2]
DEPLOYED_NAMES = {
    "DATABASE_URL": ("postgresql://u:p@h/d", lambda s: s.database.url.get_secret_value()),
    "SUPABASE_URL": ("https://x.supabase.co", lambda s: s.auth.url),
    "SUPABASE_ANON_KEY": ("k", lambda s: s.auth.anon_key.get_secret_value()),
    "SUPABASE_SERVICE_ROLE_KEY": ("k", lambda s: s.auth.service_role_key.get_secret_value()),
    "REDIS_URL": ("rediss://h:1", lambda s: s.cache.url.get_secret_value()),
    "REDIS_PASSWORD": ("p", lambda s: s.cache.password.get_secret_value()),
    "AI_MODELS_CACHE_DIR": ("/models", lambda s: str(s.models.cache_dir)),
    "AI_BATCH_SIZE": ("64", lambda s: str(s.models.batch_size)),
    "AI_MAX_WORKERS": ("3", lambda s: str(s.models.max_workers)),
    "ENABLE_AI_ANALYSIS": ("False", lambda s: str(s.models.enabled)),
    "DECODO_API_KEY": ("k", lambda s: s.decodo.api_key.get_secret_value()),
    "SMARTPROXY_USERNAME": ("u", lambda s: s.decodo.username),
    "SMARTPROXY_PASSWORD": ("p", lambda s: s.decodo.password.get_secret_value()),
    "APIFY_TOKEN": ("t", lambda s: s.apify.token.get_secret_value()),
}


def environment_names():
    """The name that each setting is documented under."""
    for section in (field.annotation for name, field in Settings.model_fields.items() if name != "home"):
        for name, field in section.model_fields.items():
            alias = field.validation_alias
            first = alias.choices[0] if isinstance(alias, AliasChoices) else alias
            documented = (first or f"{section.model_config['env_prefix']}{name}").upper()
            if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
                yield from (f"{documented}__{inner.upper()}" for inner in field.annotation.model_fields)
            else:
                yield documented


def test_every_setting_is_documented_and_nothing_else_is():
    documented = set(re.findall(r"^# ([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))

    assert documented == {*environment_names(), "FOLLOWING_HOME"}


def test_documented_defaults_are_the_defaults(tmp_path, monkeypatch):
    for name in environment_names():
        monkeypatch.delenv(name, raising=False)
    before = Settings.load(tmp_path, runtime=False)
    lines = (ROOT / ".env.example").read_text().splitlines()
    for name, value in (line[2:].split("=", 1) for line in lines if re.match(r"# [A-Z][A-Z0-9_]+=", line)):
        if name != "FOLLOWING_HOME":
            monkeypatch.setenv(name, value.split("  # ")[0])

    assert Settings.load(tmp_path, runtime=False) == before


@pytest.mark.parametrize("name", DEPLOYED_NAMES)
def test_names_that_deployments_use_are_read(tmp_path, monkeypatch, name):
    value, read = DEPLOYED_NAMES[name]
    monkeypatch.setenv(name, value)

    assert read(Settings.load(tmp_path, runtime=False)) == value


def test_a_bad_value_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("FOLLOWING_PORT", "eighty")

    with pytest.raises(ValidationError, match="port"):
        Settings.load(tmp_path, runtime=False)


def test_secrets_do_not_show(tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:hush-hush@h/d")

    assert "hush-hush" not in repr(Settings.load(tmp_path, runtime=False))
