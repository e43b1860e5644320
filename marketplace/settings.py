"""Settings, read top to bottom: safe for production by default, convenient only when LOCAL.

LOCAL is on when no DATABASE_URL is given (the embedded servers are used) or when GUILDHALL_LOCAL=1 says so.
Everything else comes from the environment; docs/operations.md lists the names.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

import environ
import structlog
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from marketplace import embedded
from marketplace.logs import hide_secrets

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent

EMBEDDED = not env.str("DATABASE_URL", "")
LOCAL = env.bool("GUILDHALL_LOCAL", EMBEDDED)
DEBUG = LOCAL and env.bool("DEBUG", False)

if LOCAL:
    SECRET_KEY = env.str("SECRET_KEY", "") or embedded.secret_key()
    ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]", "testserver"])
else:
    SECRET_KEY = env.str("SECRET_KEY", "")
    ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[])
    if not SECRET_KEY:
        raise ImproperlyConfigured("Set SECRET_KEY, or GUILDHALL_LOCAL=1 for a trial on your own machine.")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
# Where this site is reached; links in mail, webhooks and documents start with it.
SITE_URL = env.str("SITE_URL", "http://localhost:8000" if LOCAL else "").rstrip("/")

# Applications

INSTALLED_APPS = [
    "marketplace",
    "marketplace.api",
    "marketplace.events",
    "marketplace.pages",
    "agents",
    "agents.inbox",
    "agents.streams",
    "agents.mail",
    "agents.webhooks",
    "wallets",
    "wallets.audit",
    "wallets.budgets",
    "wallets.rails",
    "wallets.rails.evm",
    "jobs",
    "bids",
    "bids.credits",
    "disputes",
    "allauth",
    "allauth.account",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "csp",
    "pgtrigger",
    "django_structlog",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "marketplace.api.middleware.RequestIdMiddleware",
    "marketplace.api.middleware.RefuseNulMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "marketplace.pages.middleware.keep_fragments_apart",
]

ROOT_URLCONF = "marketplace.urls"
WSGI_APPLICATION = "marketplace.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
        },
    },
]

# Database, cache and broker

DATABASES = {"default": env.db_url_config(env.str("DATABASE_URL", "") or embedded.database_url())}
DATABASES["default"]["ENGINE"] = "django.db.backends.postgresql"
_options = DATABASES["default"].setdefault("OPTIONS", {})
# `?host=` names the folder of a socket; dbshell looks for it in HOST.
DATABASES["default"]["HOST"] = _options.pop("host", DATABASES["default"]["HOST"])
# A request that cannot have its lock in time is told to try again, rather than queueing for ever.
_options["options"] = f"-c lock_timeout={env.int('DATABASE_LOCK_TIMEOUT_MS', 5000)}"
# Only of statements with `prepared_cursor`: those of Django's own cursors are never prepared.
_options["prepare_threshold"] = 2
# A connection that PostgreSQL has ended meanwhile is replaced before a request gets it.
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# 0 is for processes that do one thing at a time, such as Celery's.
if _pool_size := env.int("DATABASE_POOL_SIZE", 16):
    _options["pool"] = {"min_size": 1, "max_size": _pool_size, "timeout": 10}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", "") or embedded.redis_url()
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}

CELERY_BROKER_URL = REDIS_URL
if REDIS_URL.startswith("unix://"):
    # Celery's words for the same address.
    CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=")
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 1, "socket_timeout": 5, "max_retries": 0}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
# A task lost with its worker is run again; every task is safe to run twice.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_TIME_LIMIT = 120
# A worker that takes nothing for so long while messages wait ends, for another to take its place.
WORKER_STALE_SECONDS = env.float("WORKER_STALE_SECONDS", 40.0)
# Deliveries have a worker of their own: receivers that hang must not hold up the relay or the clock.
CELERY_TASK_ROUTES = {"agents.webhooks.tasks.*": {"queue": "webhooks"}}
# Every wait is a row in PostgreSQL; these sweeps find the rows that are due, whatever was lost on the way.
SWEEP_SECONDS = env.float("SWEEP_SECONDS", 2.0)
SEAL_SECONDS = 60.0
# How long the program of a worker may send no sign of life before both sides are told.
HEARTBEAT_SECONDS = env.int("HEARTBEAT_SECONDS", 900)
# How many agents at most are told of one new job; those with most completed jobs first.
MOST_MATCHES = env.int("MOST_MATCHES", 10_000)
CELERY_BEAT_SCHEDULE = {
    name: {"task": task, "schedule": timedelta(seconds=seconds), "options": {"expires": seconds * 5}}
    for name, task, seconds in [
        ("relay events", "marketplace.events.tasks.relay_events", SWEEP_SECONDS),
        ("deliver webhooks", "agents.webhooks.tasks.deliver_webhooks", SWEEP_SECONDS),
        ("send letters", "agents.mail.tasks.send_letters", SWEEP_SECONDS * 5),
        ("forget letters", "agents.mail.tasks.forget_letters", 3600.0),
        ("approve reviews", "jobs.tasks.approve_due_reviews", SWEEP_SECONDS),
        ("expire jobs", "jobs.tasks.expire_due_jobs", SWEEP_SECONDS * 5),
        ("match new jobs", "jobs.tasks.match_new_jobs", SWEEP_SECONDS * 5),
        ("note missed heartbeats", "jobs.tasks.note_missed_heartbeats", SWEEP_SECONDS * 5),
        ("mature payouts", "jobs.tasks.mature_due_payouts", SWEEP_SECONDS * 5),
        ("move withdrawals", "wallets.rails.tasks.move_withdrawals", SWEEP_SECONDS),
        ("receive deposits", "wallets.rails.tasks.receive_deposits", SWEEP_SECONDS),
        ("seal transfers", "wallets.audit.tasks.seal", SEAL_SECONDS),
        ("reconcile the books", "wallets.audit.tasks.reconcile", 600.0),
        ("forget deliveries", "agents.webhooks.tasks.forget_deliveries", 600.0),
        ("forget notifications", "agents.inbox.tasks.forget_notifications", 3600.0),
        ("forget idempotency keys", "marketplace.api.tasks.forget_idempotency_keys", 3600.0),
    ]
}

# Accounts

AUTH_USER_MODEL = "agents.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_SIGNUP_FORM_CLASS = "agents.forms.SignupForm"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "http" if LOCAL else "https"
ACCOUNT_ADAPTER = "agents.adapter.AccountAdapter"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGOUT_REDIRECT_URL = "home"

EMAIL_CONFIG = env.email_url("EMAIL_URL", default="filemail:///" if LOCAL else "smtp://localhost:25")
vars().update(EMAIL_CONFIG)
if LOCAL and not env.str("EMAIL_URL", ""):
    EMAIL_FILE_PATH = str(embedded.data_home() / "mail")
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("DEFAULT_FROM_EMAIL", "Guildhall <guildhall@localhost>")

# API

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "agents.authentication.ApiKeyAuthentication",
        "agents.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["marketplace.api.permissions.ActorRequired"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "marketplace.api.renderers.OneFormat",
    "DEFAULT_RENDERER_CLASSES": ["marketplace.api.renderers.EnvelopeRenderer"],
    "DEFAULT_PARSER_CLASSES": ["marketplace.api.parsers.LenientJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "marketplace.api.pagination.KeysetPagination",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "marketplace.api.schema.EnvelopeSchema",
    "EXCEPTION_HANDLER": "marketplace.api.problems.problem_response",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Guildhall",
    "DESCRIPTION": "An open marketplace where people and AI agents hire each other. Amounts are decimal strings of "
    "USDC, times are ISO 8601 in UTC, every answer is `{data, meta}` or a problem document (RFC 9457).",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "SCHEMA_PATH_PREFIX": "/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "COMPONENT_SPLIT_PATCH": False,
    "CAMELIZE_NAMES": True,
    "ENUM_NAME_OVERRIDES": {
        "AgentKind": "agents.models.Agent.Kind",
        "AgentStatus": "agents.models.Agent.Status",
        "BidStatus": "bids.models.Bid.Status",
        "DeliveryStatus": "agents.webhooks.models.Delivery.Status",
        "EndpointStatus": "agents.webhooks.models.Endpoint.Status",
        "JobStatus": "jobs.lifecycle.Status",
        "TransferKind": "wallets.models.Transfer.Kind",
        "Verdict": "jobs.models.Submission.Verdict",
    },
    "PREPROCESSING_HOOKS": ["marketplace.api.schema.without_trailing_slashes"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "agents.webhooks.openapi.add_webhooks",
    ],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}
# Bodies of the API and of forms; uploads have limits of their own.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
IDEMPOTENCY_KEY_LIFETIME = timedelta(hours=24)

# The market

# Default Terms of a deal (DESIGN, Default Terms): basis points and seconds.
DEFAULT_TERMS = {
    "fund_on": "assign",
    "release_fee_bps": 500,
    "cancel_fee_bps": 0,
    "dispute_fee_bps": 100,
    "review_window_seconds": 7 * 24 * 3600,
    "dispute_window_seconds": 0,
    "revisions_allowed": None,
    "rejection": "revise",
    "bidding": "open",
}
# How money enters and leaves, by name; RAIL names the one that takes new money. Micro-USDC and seconds.
RAILS: dict[str, dict[str, Any]] = {
    "embedded": {
        "BACKEND": "wallets.rails.embedded.EmbeddedRail",
        "OPTIONS": {"delay_seconds": env.float("EMBEDDED_RAIL_DELAY_SECONDS", 5.0)},
    },
}
if env.str("EVM_RPC_URL", ""):
    RAILS["evm"] = {
        "BACKEND": "wallets.rails.evm.rail.EvmRail",
        "OPTIONS": {
            "rpc_url": env.str("EVM_RPC_URL"),
            "chain_id": env.int("EVM_CHAIN_ID"),
            "token": env.str("EVM_TOKEN_ADDRESS"),
            "hot_wallet_key": env.str("EVM_HOT_WALLET_KEY"),
            "deposit_mnemonic": env.str("EVM_DEPOSIT_MNEMONIC"),
            "confirmations": env.int("EVM_CONFIRMATIONS", 12),
            "start_block": env.int("EVM_START_BLOCK", 0),
            "max_block_range": env.int("EVM_MAX_BLOCK_RANGE", 2000),
            "gas_limit": env.int("EVM_GAS_LIMIT", 150_000),
            "max_fee_gwei": env.int("EVM_MAX_FEE_GWEI", 100),
            "fee_bump_after_seconds": env.int("EVM_FEE_BUMP_SECONDS", 180),
        },
    }
RAIL = env.str("RAIL", "embedded")
if not LOCAL and RAIL == "embedded" and not env.bool("ALLOW_PLAY_MONEY", False):
    raise ImproperlyConfigured(
        "The embedded rail moves play money: set RAIL=evm with its settings, or ALLOW_PLAY_MONEY=1."
    )
DEPOSIT_MINIMUM = env.int("DEPOSIT_MINIMUM", 1_000_000)
DEPOSIT_MAXIMUM = env.int("DEPOSIT_MAXIMUM", 100_000_000_000)
WITHDRAWAL_MINIMUM = env.int("WITHDRAWAL_MINIMUM", 1_000_000)
# Until a withdrawal that is not settled is listed for operators.
WITHDRAWAL_STUCK_AFTER = timedelta(seconds=env.int("WITHDRAWAL_STUCK_SECONDS", 3600))
WITHDRAWAL_LEASE_SECONDS = env.float("WITHDRAWAL_LEASE_SECONDS", 60.0)
# Given once to each person who confirms an e-mail address, until the budget is used up; 0 gives none.
SIGNUP_BONUS = env.int("SIGNUP_BONUS", 0)
SIGNUP_BONUS_BUDGET = env.int("SIGNUP_BONUS_BUDGET", 0)
# Bids that an agent places for free in a calendar month, and what one more costs in micro-USDC.
BID_CREDITS_MONTHLY = env.int("BID_CREDITS_MONTHLY", 60)
BID_CREDIT_PRICE = env.int("BID_CREDIT_PRICE", 100_000)
DEFAULT_DEADLINE = timedelta(days=30)
LONGEST_DEADLINE = timedelta(days=3650)

# A seal leaves out the newest transfers: those of transactions that begin unseen, and of clocks that are put right.
SEAL_MARGIN_SECONDS = 10.0
# The books are audited that often, at the first sweep after it.
AUDIT_SECONDS = 24 * 3600.0

# Notifications that were read are kept that long, unread ones four times as long.
NOTIFICATION_DAYS = env.int("NOTIFICATION_DAYS", 90)
WEBHOOK_ALLOW_LOCAL_TARGETS = env.bool("WEBHOOK_ALLOW_LOCAL_TARGETS", LOCAL)
WEBHOOK_LEASE_SECONDS = env.float("WEBHOOK_LEASE_SECONDS", 60.0)
# Requests in flight at once: of one process of the worker, and to one endpoint from all of them.
WEBHOOKS_IN_FLIGHT = env.int("WEBHOOKS_IN_FLIGHT", 64)
WEBHOOKS_IN_FLIGHT_PER_ENDPOINT = 4
MOST_WEBHOOK_ENDPOINTS = 20
# How long the log of deliveries is kept.
WEBHOOK_LOG_DAYS = env.int("WEBHOOK_LOG_DAYS", 30)

# The hour of the day, in UTC, from which on what comes once a day is mailed.
MAIL_DIGEST_HOUR = env.int("MAIL_DIGEST_HOUR", 7)
MAIL_LEASE_SECONDS = env.float("MAIL_LEASE_SECONDS", 120.0)
MAIL_KEPT_DAYS = env.int("MAIL_KEPT_DAYS", 30)

# Streams of events, which a process of their own keeps open.

# Where callers reach that process; empty where a proxy sends them there by the path, or there is none.
STREAM_URL = env.str("STREAM_URL", "").rstrip("/")
MOST_STREAMS = env.int("MOST_STREAMS", 2000)
MOST_STREAMS_PER_AGENT = env.int("MOST_STREAMS_PER_AGENT", 10)
STREAM_LIFETIME_SECONDS = env.float("STREAM_LIFETIME_SECONDS", 900.0)
STREAM_HEARTBEAT_SECONDS = env.float("STREAM_HEARTBEAT_SECONDS", 15.0)
# Between two looks whether those who listen still may.
STREAM_CHECK_SECONDS = env.float("STREAM_CHECK_SECONDS", 20.0)
# Each with a connection of the pool when it asks something.
STREAM_THREADS = 4

# Static files and templates

STATIC_URL = "/static/"
STATIC_ROOT = env.str("STATIC_ROOT", str(embedded.data_home() / "static" if LOCAL else BASE_DIR / "staticfiles"))
STATICFILES_DIRS = [BASE_DIR / "static"]
if DEBUG:
    _static_storage = "django.contrib.staticfiles.storage.StaticFilesStorage"
elif LOCAL:
    # Compressing takes half a minute, and saves nothing on the way to one's own browser.
    _static_storage = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
else:
    _static_storage = "whitenoise.storage.CompressedManifestStaticFilesStorage"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": _static_storage},
}

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

# Security

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not LOCAL
SESSION_COOKIE_NAME = "guildhall_session" if LOCAL else "__Host-guildhall_session"
CSRF_COOKIE_NAME = "guildhall_csrf" if LOCAL else "__Host-guildhall_csrf"
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", not LOCAL)
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", 0 if LOCAL else 365 * 24 * 3600)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not LOCAL
SECURE_REFERRER_POLICY = "same-origin"
BEHIND_PROXY = env.bool("BEHIND_PROXY", False)
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# How many of the last addresses in X-Forwarded-For are our own proxies': login limits count by the one before.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", 1 if BEHIND_PROXY else 0)
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF, *([STREAM_URL] if STREAM_URL else [])],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

# Logs: one line an event, with the request id; readable when LOCAL, JSON otherwise.

# Upstream is our own RequestIdMiddleware, which lets no unsafe id through.
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = True

_shared_processors: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
    hide_secrets,
]
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *_shared_processors,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "event": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": _shared_processors,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                # Plain: the richer kind prints local variables, and with them secrets; those in messages are hidden.
                structlog.processors.format_exc_info,
                hide_secrets,
                structlog.dev.ConsoleRenderer(colors=False)
                if LOCAL
                else structlog.processors.JSONRenderer(default=str),
            ],
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "event"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO")},
    "loggers": {
        "celery": {"level": "WARNING"},
        "django.server": {"handlers": [], "propagate": True},
        "httpx2": {"level": "WARNING"},
        # Refusals have a line of the request logger already.
        "django.request": {"level": "ERROR"},
        "django_structlog": {"level": env.str("REQUEST_LOG_LEVEL", "WARNING" if LOCAL else "INFO")},
    },
}
