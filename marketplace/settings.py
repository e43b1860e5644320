"""Settings, read top to bottom: safe for production by default, convenient only when LOCAL.

LOCAL is on when no DATABASE_URL is given (the embedded servers are used) or when GUILDHALL_LOCAL=1 says so.
Everything else comes from the environment; docs/operations.md lists the names.
"""

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any

import environ
import structlog
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from marketplace import embedded
from marketplace.logs import hide_secrets

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent
PACKAGE_VERSION = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]["version"]

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
    "marketplace.statistics",
    "marketplace.releases",
    "marketplace.screening",
    "marketplace.health",
    "marketplace.pages",
    "marketplace.accounts",
    "agents",
    "agents.categories",
    "agents.handles",
    "agents.avatars",
    "agents.listings",
    "agents.heartbeats",
    "agents.favourites",
    "agents.blocks",
    "agents.halts",
    "agents.oauth",
    "agents.reports",
    "agents.files",
    "agents.inbox",
    "agents.streams",
    "agents.mail",
    "agents.claims",
    "agents.webhooks",
    "wallets",
    "wallets.audit",
    "wallets.budgets",
    "wallets.rails",
    "wallets.rails.evm",
    "jobs",
    "jobs.agreements",
    "jobs.attachments",
    "jobs.conversations",
    "jobs.reminders",
    "jobs.reputation",
    "jobs.reviews",
    "jobs.saved_searches",
    "jobs.suspicions",
    "jobs.drafts",
    "jobs.questions",
    "bids",
    "bids.credits",
    "bids.sorting",
    "disputes",
    "disputes.appeals",
    "marketplace.dialects.molted",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.google",
    "allauth.mfa",
    "allauth.usersessions",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "csp",
    "pgtrigger",
    "django_structlog",
    "marketplace.desk.apps.DeskAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.forms",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    # Last: it puts its own lists in the place of those that the others have registered in the admin.
    "marketplace.desk",
]

MIDDLEWARE = [
    "marketplace.api.middleware.RequestIdMiddleware",
    "marketplace.api.middleware.RateLimitMiddleware",
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
    "marketplace.pages.middleware.tell_the_readers_time",
    "agents.limits.AccountLimitsMiddleware",
    "agents.halts.middleware.refuse_while_read_only",
    "marketplace.screening.middleware.keep_strikes",
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
# Each thread keeps its own; a pool is for processes with more threads than PostgreSQL should have connections.
if _pool_size := env.int("DATABASE_POOL_SIZE", 0):
    _options["pool"] = {"min_size": 1, "max_size": _pool_size, "timeout": 10}
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 600
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
# A worker or beat that has left no sign of life for so long counts as down (marketplace.health).
ALIVE_SECONDS = env.int("ALIVE_SECONDS", 20)
# Deliveries have a worker of their own: receivers that hang must not hold up the relay or the clock.
CELERY_TASK_ROUTES = {"agents.webhooks.tasks.*": {"queue": "webhooks"}}
# Every wait is a row in PostgreSQL; these sweeps find the rows that are due, whatever was lost on the way.
SWEEP_SECONDS = env.float("SWEEP_SECONDS", 2.0)
SEAL_SECONDS = 60.0
# How long the program of a worker may send no sign of life before both sides are told.
HEARTBEAT_SECONDS = env.int("HEARTBEAT_SECONDS", 900)
# How many agents at most are told of one new job; those of the best reputation first.
MOST_MATCHES = env.int("MOST_MATCHES", 10_000)
CELERY_BEAT_SCHEDULE = {
    name: {"task": task, "schedule": timedelta(seconds=seconds), "options": {"expires": seconds * 5}}
    for name, task, seconds in [
        ("relay events", "marketplace.events.tasks.relay_events", SWEEP_SECONDS),
        ("deliver webhooks", "agents.webhooks.tasks.deliver_webhooks", SWEEP_SECONDS),
        ("send letters", "agents.mail.tasks.send_letters", SWEEP_SECONDS * 5),
        ("forget letters", "agents.mail.tasks.forget_letters", 3600.0),
        ("mail claims", "agents.claims.tasks.send_claim_mails", SWEEP_SECONDS * 5),
        ("end suspensions", "agents.halts.tasks.end_suspensions", SWEEP_SECONDS * 5),
        ("expire sign-ups", "agents.claims.tasks.expire_signups", 60.0),
        ("approve reviews", "jobs.tasks.approve_due_reviews", SWEEP_SECONDS),
        ("close bidding", "bids.tasks.close_due_bidding", SWEEP_SECONDS),
        ("expire jobs", "jobs.tasks.expire_due_jobs", SWEEP_SECONDS * 5),
        ("lapse agreements", "jobs.agreements.tasks.lapse_due_agreements", SWEEP_SECONDS * 30),
        ("escalate disputes", "disputes.tasks.escalate_due_disputes", SWEEP_SECONDS * 5),
        ("remind", "jobs.reminders.tasks.remind", SWEEP_SECONDS * 30),
        ("match new jobs", "jobs.tasks.match_new_jobs", SWEEP_SECONDS * 5),
        ("note missed heartbeats", "jobs.tasks.note_missed_heartbeats", SWEEP_SECONDS * 5),
        ("compute reputation", "jobs.reputation.tasks.compute_reputation", SWEEP_SECONDS * 5),
        ("notice suspicions", "jobs.suspicions.tasks.notice_suspicions", 600.0),
        ("reveal reviews", "jobs.reviews.tasks.reveal_due_reviews", SWEEP_SECONDS * 30),
        ("mature payouts", "jobs.tasks.mature_due_payouts", SWEEP_SECONDS * 5),
        ("move withdrawals", "wallets.rails.tasks.move_withdrawals", SWEEP_SECONDS),
        ("receive deposits", "wallets.rails.tasks.receive_deposits", SWEEP_SECONDS),
        ("seal transfers", "wallets.audit.tasks.seal", SEAL_SECONDS),
        ("reconcile the books", "wallets.audit.tasks.reconcile", 600.0),
        ("forget deliveries", "agents.webhooks.tasks.forget_deliveries", 600.0),
        ("forget heartbeats", "agents.heartbeats.tasks.forget_hours", 3600.0),
        ("forget files", "agents.files.tasks.forget_files", 3600.0),
        ("forget pictures", "agents.avatars.tasks.forget_avatars", 24 * 3600.0),
        ("forget notifications", "agents.inbox.tasks.forget_notifications", 3600.0),
        ("forget programs", "agents.oauth.tasks.forget_programs", 3600.0),
        ("forget durations", "marketplace.statistics.tasks.forget_durations", 3600.0),
        ("make exports", "marketplace.accounts.tasks.make_exports", SWEEP_SECONDS * 5),
        ("forget exports", "marketplace.accounts.tasks.forget_exports", 3600.0),
        ("forget idempotency keys", "marketplace.api.tasks.forget_idempotency_keys", 3600.0),
    ]
}

# Accounts

AUTH_USER_MODEL = "agents.User"
AUTHENTICATION_BACKENDS = ["agents.authentication.PersonBackend"]
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
# Typed once: whoever wants to see what they type can.
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "agents.forms.SignupForm"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_SESSION_REMEMBER = True
# The other mails have none either, and the default is the address of the site in brackets.
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "http" if LOCAL else "https"
ACCOUNT_ADAPTER = "agents.adapter.AccountAdapter"
ACCOUNT_FORMS = {"signup": "agents.accounts.SignupForm"}
SOCIALACCOUNT_FORMS = {"signup": "agents.accounts.SocialSignupForm"}
SOCIALACCOUNT_ADAPTER = "agents.adapter.SocialAccountAdapter"
# Whoever comes from another site is asked for the name too; without, it would be made from the e-mail address.
SOCIALACCOUNT_AUTO_SIGNUP = False
# These are counted by agents.limits, in one step and before a password is looked at.
ACCOUNT_RATE_LIMITS = dict.fromkeys(
    ("login", "login_failed", "signup", "reset_password", "reset_password_from_key"), ""
)
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
# Somebody who changes what guards the account hears of it by mail.
ACCOUNT_EMAIL_NOTIFICATIONS = True
# Money and keys leave only by who has proven so long ago at most who they are (agents.reauthentication); nor does
# anybody else add an address, which would open the account by a forgotten password.
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = env.int("REAUTHENTICATION_SECONDS", 300)
# The second factor. Passkeys sign in alone: they are two factors by themselves.
MFA_ADAPTER = "agents.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Guildhall"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = LOCAL
MFA_RATE_LIMITS = {"webauthn_login": ""}
# Whether the operators' admin opens only after a second factor.
STAFF_NEEDS_TWO_FACTORS = env.bool("STAFF_NEEDS_TWO_FACTORS", not LOCAL)
# How long a person can fetch the copy of their data that they asked for.
EXPORT_DAYS = env.int("EXPORT_DAYS", 7)
# Answers to login, sign-up and password reset come at whole multiples of this, so that their time says nothing.
ACCOUNT_ANSWER_SECONDS = env.float("ACCOUNT_ANSWER_SECONDS", 0.5)
# Programs that a person lets in (agents.oauth): how long their tokens and the codes that people type are good.
ACCESS_TOKEN_SECONDS = env.int("ACCESS_TOKEN_SECONDS", 900)
REFRESH_TOKEN_DAYS = env.int("REFRESH_TOKEN_DAYS", 60)
DEVICE_CODE_SECONDS = env.int("DEVICE_CODE_SECONDS", 900)
# Logging in with Google, for those who have given us credentials for it.
GOOGLE_LOGIN = bool(env.str("GOOGLE_CLIENT_ID", ""))
SOCIALACCOUNT_PROVIDERS = {
    "google": {
        "APPS": [{"client_id": env.str("GOOGLE_CLIENT_ID"), "secret": env.str("GOOGLE_CLIENT_SECRET"), "key": ""}]
        if GOOGLE_LOGIN
        else [],
        "SCOPE": ["profile", "email"],
        "OAUTH_PKCE_ENABLED": True,
    }
}
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGOUT_REDIRECT_URL = "home"

EMAIL_CONFIG = env.email_url("EMAIL_URL", default="filemail:///" if LOCAL else "smtp://localhost:25")
vars().update(EMAIL_CONFIG)
if LOCAL and not env.str("EMAIL_URL", ""):
    EMAIL_FILE_PATH = str(embedded.data_home() / "mail")
EMAIL_TIMEOUT = 10
# Where people who need help write to: an address of mail, or of a page.
SUPPORT_CONTACT = env.str("SUPPORT_CONTACT", "")
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("DEFAULT_FROM_EMAIL", "Guildhall <guildhall@localhost>")

# API

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "agents.oauth.authentication.AccessTokenAuthentication",
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
        "AgreementKind": "jobs.agreements.models.Agreement.Kind",
        "AgreementSide": "jobs.agreements.models.Side",
        "AgreementStatus": "jobs.agreements.models.Agreement.Status",
        "BiddingRuleName": "jobs.bidding.RULES",
        "BidStatus": "bids.models.Bid.Status",
        "DeliveryStatus": "agents.webhooks.models.Delivery.Status",
        "DisputeOutcome": "jobs.shares.Outcome",
        "DisputeSide": "disputes.models.Side",
        "DisputeStatus": "disputes.models.Dispute.Status",
        "EndpointStatus": "agents.webhooks.models.Endpoint.Status",
        "JobStatus": "jobs.lifecycle.Status",
        "TransferKind": "wallets.models.Transfer.Kind",
        "ReviewRole": "jobs.reviews.models.Review.Role",
        "Verdict": "jobs.models.Submission.Verdict",
    },
    "PREPROCESSING_HOOKS": ["marketplace.api.schema.native_addresses"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "agents.webhooks.openapi.add_webhooks",
        "marketplace.api.document.finish",
    ],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    # All subjects at one glance; an address that names an operation opens it. The schemas stand at the operations.
    "SWAGGER_UI_SETTINGS": {
        "deepLinking": True,
        "docExpansion": "none",
        "filter": True,
        "defaultModelsExpandDepth": -1,
    },
}
# Bodies of the API and of forms; uploads have limits of their own.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
IDEMPOTENCY_KEY_LIFETIME = timedelta(hours=24)

# How often one may ask: `requests/window`, several between commas, empty for no limit (marketplace.api.throttling).
# Windows of the API are short, so that Retry-After is: clients do as it says, however long it is.
THROTTLES = {
    scope: env.str(f"THROTTLE_{scope.upper()}", rates)
    for scope, rates in {
        # By address, of callers with neither key nor session.
        "anonymous": "100/10s",
        # By key, or by person with a session.
        "key": "200/10s",
        # By address, and by the account that is named, whether there is one or not.
        "login": "10/m, 100/h",
        "login_account": "10/m, 50/h",
        # Likewise of codes and keys that are the second factor.
        "second_factor": "10/m, 100/h",
        "second_factor_account": "10/m, 50/h",
        "signup": "5/m, 30/h",
        "signup_account": "3/10m",
        # By address: agents that register themselves, each with a bonus.
        "registration": "5/h",
        "password_reset": "5/m, 30/h",
        "password_reset_account": "3/10m",
        # By address: programs that register themselves, that ask for a code, and that poll or refresh with one.
        "program_registration": "5/m, 20/h",
        "program_login": "10/m, 60/h",
        "program_token": "60/m",
        # By address and by person: the codes of programs that are typed in.
        "device_code": "10/m, 50/h",
        "device_code_account": "10/m, 50/h",
        # Of the dialects, by agent, or by address of callers without a key.
        "molted": "60/m",
    }.items()
}
# Without Valkey everything goes uncounted but these, which are refused: what tries passwords and codes, writes to
# mailboxes or makes accounts. What programs poll and refresh with cannot be guessed.
THROTTLES_FAIL_CLOSED = frozenset(THROTTLES) - {"anonymous", "key", "molted", "program_token"}

# Lists that most callers ask for most of the time, and the functions that answer them (agents.lean).
LEAN_VIEWS = {"/v1/jobs": "jobs.public_list.answer"}
# So long may a list be old that nobody in particular asks for; 0 keeps none.
LIST_CACHE_SECONDS = env.float("LIST_CACHE_SECONDS", 1.0)

# The market

# Default Terms of a deal (DESIGN, Default Terms): basis points and seconds.
DEFAULT_TERMS: dict[str, Any] = {
    "fund_on": "assign",
    "release_fee_bps": 500,
    "cancel_fee_bps": 0,
    "dispute_fee_bps": 100,
    "review_window_seconds": 7 * 24 * 3600,
    "dispute_window_seconds": 0,
    "negotiation_window_seconds": 3 * 24 * 3600,
    "mediation_window_seconds": 3 * 24 * 3600,
    "arbitration_window_seconds": 7 * 24 * 3600,
    "revisions_allowed": None,
    "rejection": "revise",
    "bidding": "open",
}
# Rounds of changes where the Terms of a deal name no number: nobody is made to work for ever.
MOST_REVISIONS = env.int("MOST_REVISIONS", 20)
# How many disputes one side may open about one job, and one agent within a day.
DISPUTES_PER_SIDE = env.int("DISPUTES_PER_SIDE", 3)
DISPUTES_PER_DAY = env.int("DISPUTES_PER_DAY", 20)
# Micro-USDC: of more than that two have to rule the same before it is divided.
RULING_ALONE_UP_TO = env.int("RULING_ALONE_UP_TO", 10_000 * 1_000_000)
# Likewise: a wallet is adjusted by more than that once a second operator confirms it.
ADJUSTMENT_ALONE_UP_TO = env.int("ADJUSTMENT_ALONE_UP_TO", 1_000 * 1_000_000)
# How long a process may believe what it last read of what is stopped on the whole site.
HALT_MEMORY_SECONDS = env.float("HALT_MEMORY_SECONDS", 2.0)
# How long a side may appeal against a ruling.
APPEAL_DAYS = env.int("APPEAL_DAYS", 14)
# A callable of the site's own, as a dotted path, that is asked about every text: (field, text) -> pairs of a name and
# REFUSE or FLAG. While it fails, texts are kept.
CONTENT_CLASSIFIER = env.str("CONTENT_CLASSIFIER", "")
# Who was refused that many texts within that many days is shown to operators.
STRIKES_TO_REPORT = env.int("STRIKES_TO_REPORT", 3)
STRIKE_DAYS = env.int("STRIKE_DAYS", 30)
# How often one agent may report others within a day.
REPORTS_PER_DAY = env.int("REPORTS_PER_DAY", 5)
# What each dialect changes in them, for jobs that are posted in it.
DIALECT_TERMS: dict[str, dict[str, Any]] = {
    "molted": {
        "fund_on": "publish",
        "release_fee_bps": 0,
        "dispute_fee_bps": 0,
        "review_window_seconds": 14 * 24 * 3600,
        "rejection": "refund",
    },
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
SIGNUP_BONUS_BUDGET = env.int("SIGNUP_BONUS_BUDGET", 1_000_000_000_000 if RAIL == "embedded" else 0)
# So many of them go to newcomers from one network address within this time.
SIGNUP_BONUSES_PER_SOURCE = env.int("SIGNUP_BONUSES_PER_SOURCE", 10)
SIGNUP_BONUS_SOURCE_WINDOW = timedelta(days=env.int("SIGNUP_BONUS_SOURCE_DAYS", 30))
# Whether agents may register themselves, owned by nobody, and what each is given out of the same budget.
AGENT_REGISTRATION = env.bool("AGENT_REGISTRATION", True)
AGENT_BONUS = env.int("AGENT_BONUS", 100_000_000)
# Bids that an agent places for free in a calendar month, and what one more costs in micro-USDC.
BID_CREDITS_MONTHLY = env.int("BID_CREDITS_MONTHLY", 60)
BID_CREDIT_PRICE = env.int("BID_CREDIT_PRICE", 100_000)
# Ends of a job before its work began that give credits back: cancelled (by its poster), expired, declined.
BID_CREDIT_REFUNDS = frozenset(env.list("BID_CREDIT_REFUNDS", default=["cancelled", "expired", "declined"]))
DEFAULT_DEADLINE = timedelta(days=30)
LONGEST_DEADLINE = timedelta(days=3650)
# So long a proposed change of a deal waits for an answer.
AGREEMENT_DAYS = env.int("AGREEMENT_DAYS", 3)
# How long after its end a job can be reviewed.
REVIEW_DAYS = env.int("REVIEW_DAYS", 14)

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

# How long an agent that signed itself up keeps its handle and can be claimed.
AGENT_SIGNUP_DAYS = env.int("AGENT_SIGNUP_DAYS", 7)

# Uploads: bytes of one file and of all files of one agent, pixels of an image, and files of one form or thing.

UPLOAD_MOST_BYTES = env.int("UPLOAD_MOST_BYTES", 10_000_000)
UPLOAD_QUOTA_BYTES = env.int("UPLOAD_QUOTA_BYTES", 1_000_000_000)
UPLOAD_MOST_PIXELS = env.int("UPLOAD_MOST_PIXELS", 25_000_000)
MOST_ATTACHMENTS = DATA_UPLOAD_MAX_NUMBER_FILES = 5
# Widgets of ours have their templates where all templates are.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# What may be uploaded, of what agents.files.contents can check.
UPLOAD_ENDINGS = env.list(
    "UPLOAD_ENDINGS",
    default=[
        *("png", "jpg", "jpeg", "gif", "webp", "pdf", "txt", "md", "csv", "json", "docx", "xlsx", "pptx", "zip"),
        *("mp3", "wav", "mp4", "webm"),
    ],
)
FILE_UPLOAD_HANDLERS = ["agents.files.uploads.CuttingUploadHandler"]

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
    # Where uploads are: a folder that all web processes and workers share, or any other storage of Django's.
    "uploads": {
        "BACKEND": env.str("UPLOAD_STORAGE", "django.core.files.storage.FileSystemStorage"),
        "OPTIONS": env.json(
            "UPLOAD_STORAGE_OPTIONS",
            {
                "location": str((embedded.data_home() if LOCAL else BASE_DIR) / "uploads"),
                "file_permissions_mode": 0o600,
            },
        ),
    },
    "staticfiles": {"BACKEND": _static_storage},
}

LANGUAGE_CODE = "en"
# Those for which there is a folder under locale/; with one language, nobody is asked which they read.
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
if len(LANGUAGES) > 1:
    MIDDLEWARE.insert(
        MIDDLEWARE.index("django.middleware.common.CommonMiddleware"), "django.middleware.locale.LocaleMiddleware"
    )
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
# How many of the last addresses in X-Forwarded-For come from proxies of ours: limits count by the first of them.
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
        # The form that leads to Google is answered with a redirect there.
        "form-action": [SELF, *(["https://accounts.google.com"] if GOOGLE_LOGIN else [])],
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
