"""Every setting of the product, by subject, with defaults for a local run without accounts.

Values come from the environment, then `.following/runtime.env` (written by `following up` for what it started), then
`.env`. Modules never read the environment: they are given one of these objects.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AliasChoices, BaseModel, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

RUNTIME_FILE = "runtime.env"
MODELS_FOLDER = "models"
MODEL_SLOTS = (
    "sentiment",
    "language",
    "category",
    "visual_content",
    "advanced_nlp",
    "audience_quality",
    "audience_insights",
    "trend_detection",
    "fraud_detection",
    "behavioral_patterns",
)


class _Section(BaseSettings):
    """A subject's settings: environment names are the prefix and the field."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, populate_by_name=True, env_ignore_empty=True)


class ServerSettings(_Section):
    """The HTTP ingress, Ray and where local data lives."""

    model_config = SettingsConfigDict(env_prefix="FOLLOWING_")

    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str | None = None  # base of the links in answers; http://host:port when unset
    dashboard_port: int = 8265
    ray_port: int = 16_379
    metrics_port: int = 9102  # Ray's and Serve's, for Prometheus
    haproxy_metrics_port: int = 9101
    internal_port_min: int = 18_270  # and the five after it: Ray's and HAProxy's own, on loopback
    haproxy_backend_port_min: int = 30_000
    haproxy_backend_port_max: int = 30_999
    object_store_mb: int = 128  # Ray's shared memory; what passes between replicas is small
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    body_bytes_max: int = 1_000_000
    cors_origins: tuple[str, ...] = ()  # web origins whose pages may call the API, as scheme://host


class DatabaseSettings(_Section):
    """Postgres. url is the owner's (migrations); the API and the workers have logins of their own."""

    model_config = SettingsConfigDict(env_prefix="DATABASE_")

    url: SecretStr | None = None  # unset: the embedded Postgres
    api_url: SecretStr | None = None  # login that can become `authenticated` or `anon` only
    worker_url: SecretStr | None = None  # login that can become `service_role`
    port: int = 15_432  # of the embedded one; below the range that the system hands out to clients
    pool_max: int = 8
    connect_timeout_s: float = 10.0
    statement_timeout_s: float = 15.0


class CacheSettings(_Section):
    """Valkey or Redis, and how long things stay in it."""

    model_config = SettingsConfigDict(env_prefix="REDIS_")

    url: SecretStr | None = None  # unset: the embedded Valkey; rediss:// works
    password: SecretStr | None = None
    port: int = 16_380  # of the embedded one
    timeout_s: float = 1.0
    profile_ttl_s: int = 24 * 3600


class ApifySettings(_Section):
    """The first source of Instagram data."""

    model_config = SettingsConfigDict(env_prefix="APIFY_")

    token: SecretStr | None = None  # unset: the simulator
    base_url: str = "https://api.apify.com"
    profile_actor: str = "apify~instagram-profile-scraper"
    comment_actor: str = "apify~instagram-comment-scraper"
    run_timeout_s: float = 240.0
    request_timeout_s: float = 30.0  # of one HTTP call; a run takes several
    poll_interval_s: float = 1.0
    memory_mb: int = 1024
    comments_per_post: int = 15


class DecodoSettings(_Section):
    """The fallback source."""

    model_config = SettingsConfigDict(env_prefix="DECODO_")

    api_key: SecretStr | None = None  # the Basic credential; or the two SMARTPROXY names
    username: str | None = Field(None, validation_alias=AliasChoices("SMARTPROXY_USERNAME", "DECODO_USERNAME"))
    password: SecretStr | None = Field(None, validation_alias=AliasChoices("SMARTPROXY_PASSWORD", "DECODO_PASSWORD"))
    base_url: str = "https://scraper-api.decodo.com"
    timeout_s: float = 180.0


class PolicySettings(BaseModel, frozen=True):
    """How hard one kind of service is tried, and when it is left alone. A failure is one call after its retries."""

    attempts_max: int = Field(ge=1)
    wait_s_max: float = Field(ge=0)  # the longest pause between two attempts
    failures_max: int = Field(ge=1)  # in a row; then the circuit opens
    cooldown_s: float = Field(gt=0)


class ResilienceSettings(_Section):
    """Retries and circuit breakers, for example RESILIENCE_UPSTREAM__COOLDOWN_S=30."""

    model_config = SettingsConfigDict(
        env_prefix="RESILIENCE_", env_nested_delimiter="__", nested_model_default_partial_update=True
    )

    database: PolicySettings = PolicySettings(attempts_max=3, wait_s_max=10, failures_max=3, cooldown_s=30)
    upstream: PolicySettings = PolicySettings(attempts_max=5, wait_s_max=30, failures_max=5, cooldown_s=60)
    model: PolicySettings = PolicySettings(attempts_max=4, wait_s_max=60, failures_max=4, cooldown_s=120)
    cache: PolicySettings = PolicySettings(attempts_max=3, wait_s_max=2, failures_max=3, cooldown_s=15)


class AuthSettings(_Section):
    """Who may call: Supabase's tokens, or the local issuer's where SUPABASE_URL is unset."""

    model_config = SettingsConfigDict(env_prefix="SUPABASE_")

    url: str | None = None
    anon_key: SecretStr | None = None
    service_role_key: SecretStr | None = None
    jwt_secret: SecretStr | None = None  # HS256 projects; unset: the project's JWKS
    audience: str = "authenticated"
    jwks_ttl_s: int = 600
    local_token_ttl_s: int = Field(7 * 24 * 3600, validation_alias="FOLLOWING_TOKEN_TTL_S")
    leeway_s: int = Field(10, validation_alias="FOLLOWING_TOKEN_LEEWAY_S")
    role_ttl_s: float = Field(30.0, validation_alias="FOLLOWING_ROLE_TTL_S")  # until a changed role takes effect


class MediaSettings(_Section):
    """Pictures: what may be fetched, how they are kept."""

    model_config = SettingsConfigDict(env_prefix="MEDIA_")

    hosts: tuple[str, ...] = ("cdninstagram.com", "fbcdn.net")  # these and their subdomains
    allow_origin: str | None = None  # one more origin (scheme://host:port), private or not: the simulator's
    bytes_max: int = 15_000_000
    pixels_max: int = 40_000_000
    edge_px_max: int = 640  # the longer edge of a stored thumbnail
    webp_quality: int = 80
    fetch_timeout_s: float = 15.0
    fetch_attempts_max: int = 3
    fetches_max: int = 16
    decodes_max: int = 2  # pictures held decoded at once
    redirects_max: int = 3


class R2Settings(_Section):
    """Cloudflare R2 (or any S3 server); without a bucket pictures go to the media folder."""

    model_config = SettingsConfigDict(env_prefix="R2_")

    account_id: str | None = None
    access_key_id: str | None = None
    secret_access_key: SecretStr | None = None
    bucket: str | None = None
    endpoint_url: str | None = None  # unset: the account's own
    public_url: str | None = None  # the bucket's public base URL; unset: the API serves the pictures
    timeout_s: float = 10.0
    retries_max: int = 5


class ModelSettings(_Section):
    """The ten models."""

    model_config = SettingsConfigDict(env_prefix="AI_")

    enabled: bool = Field(True, validation_alias=AliasChoices("ENABLE_AI_ANALYSIS", "AI_ENABLED"))
    cache_dir: Path | None = Field(
        None, validation_alias=AliasChoices("AI_MODELS_CACHE_DIR", "AI_CACHE_DIR")
    )  # of the production tier; home/models when unset
    tier: Literal["embedded", "production"] = "embedded"
    # AI_TIER_SENTIMENT and the like: a slot's own tier, where it differs
    tier_sentiment: Literal["embedded", "production"] | None = None
    tier_language: Literal["embedded", "production"] | None = None
    tier_category: Literal["embedded", "production"] | None = None
    tier_visual_content: Literal["embedded", "production"] | None = None
    tier_advanced_nlp: Literal["embedded", "production"] | None = None
    tier_audience_quality: Literal["embedded", "production"] | None = None
    tier_audience_insights: Literal["embedded", "production"] | None = None
    tier_trend_detection: Literal["embedded", "production"] | None = None
    tier_fraud_detection: Literal["embedded", "production"] | None = None
    tier_behavioral_patterns: Literal["embedded", "production"] | None = None
    batch_size: int = 32
    max_workers: int = 2  # torch threads of one replica
    # production tier: how many of the 23 categories a cheap first stage leaves to the full model; 0: all are computed
    category_filter: int = Field(0, ge=0)
    post_deadline_s: float = 60.0
    profile_deadline_s: float = 60.0

    def tier_of(self, slot: str) -> str:
        """The tier of one of the ten slots."""
        own: str | None = getattr(self, f"tier_{slot}")
        return own or self.tier


class SearchSettings(_Section):
    """The main route."""

    model_config = SettingsConfigDict(env_prefix="SEARCH_")

    wait_s: float = 30.0
    wait_s_max: float = 120.0
    access_days: int = 30
    stale_s_max: float = 3600.0  # how old a stored profile may be to stand in when all sources are down
    repair_interval_s: float = 3600.0
    ticket_ttl_s: int = 60
    requests_per_minute: int = 240
    waits_per_user_max: int = 100  # requests of one user that wait for jobs at one ingress replica


class RefreshSettings(_Section):
    """The durable jobs behind a lookup."""

    model_config = SettingsConfigDict(env_prefix="REFRESH_")

    concurrent_max: int = 4
    queue_max: int = 1_000
    lease_s: float = 10.0
    heartbeat_s: float = 2.5
    poll_s: float = 1.0
    attempts_max: int = 5
    deadline_s: float = 600.0


class SimulatorSettings(_Section):
    """The upstream simulator that stands in for accounts that are not configured."""

    model_config = SettingsConfigDict(env_prefix="SIMULATOR_")

    host: str = "127.0.0.1"
    port: int = 8010
    delay_s: float = 0.0  # of a scraper run


class RetentionSettings(_Section):
    """How long personal data stays; the ledger keeps pseudonyms."""

    model_config = SettingsConfigDict(env_prefix="RETENTION_")

    comments_days: int = 90
    raw_days: int = 180
    search_history_days: int = 365
    job_logs_days: int = 30


class Settings(BaseModel):
    """All settings; `Settings.load()` is the one way to get them."""

    home: Path
    server: ServerSettings
    database: DatabaseSettings
    cache: CacheSettings
    apify: ApifySettings
    decodo: DecodoSettings
    resilience: ResilienceSettings
    auth: AuthSettings
    media: MediaSettings
    r2: R2Settings
    models: ModelSettings
    search: SearchSettings
    refresh: RefreshSettings
    simulator: SimulatorSettings
    retention: RetentionSettings

    @property
    def upstream_is_simulated(self) -> bool:
        """Whether the first source is the local simulator, whose creators are made up."""
        source = urlsplit(self.apify.base_url)
        return (source.hostname, source.port) == (self.simulator.host, self.simulator.port)

    @classmethod
    def load(cls, home: Path | None = None, *, runtime: bool = True) -> Self:
        """Read the environment and its files; raises pydantic's ValidationError, which names the bad value.

        home: the data folder (FOLLOWING_HOME, else ./.following). runtime=False leaves out what `following up` wrote.
        """
        home = (home or Path(os.environ.get("FOLLOWING_HOME", ".following"))).absolute()
        files = (".env", home / RUNTIME_FILE) if runtime else (".env",)
        sections = {name: field.annotation for name, field in cls.model_fields.items() if name != "home"}
        read: dict[str, Any] = {name: section(_env_file=files) for name, section in sections.items()}  # type: ignore[misc]
        models: ModelSettings = read["models"]
        cache_dir = (models.cache_dir or home / MODELS_FOLDER).absolute()
        return cls(home=home, **read | {"models": models.model_copy(update={"cache_dir": cache_dir})})
