"""Settings: one module; every difference between deployments is an environment variable.

With nothing set, everything lives in `var/` beside manage.py: SQLite, media, the secret key. `config/checks.py` says what a
production deployment must set.
"""

import os
import secrets
from pathlib import Path

import django_stubs_ext
import environ
import structlog
from django.templatetags.static import static

from config.log_redaction import mask_secrets

# Work is spread over processes. Threads of the linear algebra would only wait for one another: with them screening is many
# times slower on a busy machine, and on some processors two of them round otherwise than one: the same message would not get
# the same answer in every process. Read by NumPy's libraries when they are first loaded, which is after this.
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

django_stubs_ext.monkeypatch()  # lets `ModelAdmin[Stem]` be written

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

# -- Where things live -------------------------------------------------------------------------------------------------

DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var"))).resolve()
DATA_DIR.mkdir(parents=True, exist_ok=True)


def read_or_create_secret(path: Path) -> str:
    """Return the secret in `path`; the first process to ask creates it, readable by its owner alone."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(50))
    return path.read_text().strip()


SECRET_KEY = env.str("SECRET_KEY", default="") or read_or_create_secret(DATA_DIR / "secret_key")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# -- Apps --------------------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "unfold",  # before django.contrib.admin, whose templates it replaces
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.import_export",
    "unfold.contrib.simple_history",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "import_export",
    "simple_history",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_structlog",
    "django_q",
    "catalog",
    "moderation",
    "compliance",
    "config",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "config.admin_input.AdminInputMiddleware",
    "compliance.api.rate_limits.RateLimitHeaders",
    "compliance.api.etags.ConditionalAnswers",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# -- Database ----------------------------------------------------------------------------------------------------------

DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'db.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Measured: with the defaults 123 of 1,000 concurrent transactions fail with "database is locked"; so, none.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
    # Tests use a file too: threads and processes then meet in one database, as they do in service.
    DATABASES["default"]["TEST"] = {"NAME": DATA_DIR / f"test-{os.getpid()}.sqlite3"}
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# Opening SQLite's file anew was a third of the CPU time of a read.
DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)

# -- Files -------------------------------------------------------------------------------------------------------------

MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default=str(DATA_DIR / "media"))).resolve()
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
WHITENOISE_USE_FINDERS = True
FILE_UPLOAD_PERMISSIONS = 0o640
# Uploads go to disk at once: memory stays flat whatever the number of generators.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
DATA_UPLOAD_MAX_MEMORY_SIZE = (
    1024 * 1024
)  # bytes of JSON or form fields; files have their own cap below

# -- People and sessions -----------------------------------------------------------------------------------------------

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# Not in cookies: the answer of an import has begun, cookies and all, before there is anything to say.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
SECURE_TLS = env.bool(
    "SECURE_TLS", default=False
)  # True wherever people reach the service over HTTPS
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = SECURE_TLS
SECURE_HSTS_SECONDS = 31_536_000 if SECURE_TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE_TLS
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
if env.bool("TRUST_PROXY_TLS_HEADER", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 60 * 60
X_FRAME_OPTIONS = "SAMEORIGIN"  # the admin shows contract PDFs in a frame of its own

# -- Language and time -------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en-us"
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_I18N = True
FORMAT_MODULE_PATH = ["config.formats"]
USE_TZ = True

# -- The API -----------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["compliance.api.authentication.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["compliance.api.authentication.HasScope"],
    "DEFAULT_THROTTLE_CLASSES": ["compliance.api.rate_limits.GeneratorThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "config.api_errors.answer_api_error",
    "UNAUTHENTICATED_USER": None,
    "COERCE_DECIMAL_TO_STRING": False,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Cleartone",
    "VERSION": "1.0.0",
    "DESCRIPTION": "May this message, these stems and this song be used? Moderation and licensing compliance.",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "ApprovalState": "compliance.models.ApprovalStatus",
        "RecallState": "compliance.models.RecallStatus",
        "RequiredAction": "compliance.models.recall.RequiredAction",
        "UsageKindEnum": "compliance.models.usage.UsageKind.choices",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "config.api_schema.add_problem_responses",
        "config.api_schema.shorten_names",
        "config.api_schema.simplify_texts",
    ],
}

# -- Limits of what a generator may send -------------------------------------------------------------------------------

MAX_AUDIO_BYTES = env.int("MAX_AUDIO_BYTES", default=100 * 1024 * 1024)
MAX_AUDIO_DURATION_S = env.float("MAX_AUDIO_DURATION_S", default=600.0)
CLEARANCE_HOLD_S = env.int("CLEARANCE_HOLD_S", default=24 * 60 * 60)
CLEARANCE_MAX_HOLD_S = env.int("CLEARANCE_MAX_HOLD_S", default=7 * 24 * 60 * 60)
CLEARANCE_REVIEW_S = env.int("CLEARANCE_REVIEW_S", default=7 * 24 * 60 * 60)
# Days in which generators acknowledge a recall, where the contract grants no longer wind-down.
RECALL_DEADLINE_DAYS = env.int("RECALL_DEADLINE_DAYS", default=7)
# How many songs one person alone may suspend in one recall.
RECALL_SOLO_LIMIT = env.int("RECALL_SOLO_LIMIT", default=100)
IDEMPOTENCY_KEPT_DAYS = env.int("IDEMPOTENCY_KEPT_DAYS", default=7)
# Of each generator without a limit of its own: stops a client that runs wild, not one that is busy.
RATE_LIMIT_PER_MINUTE = env.int("RATE_LIMIT_PER_MINUTE", default=60_000)

# -- Who calls -------------------------------------------------------------------------------------------------------

ACCESS_TOKEN_TTL_S = env.int("ACCESS_TOKEN_TTL_S", default=900)
# Networks of the proxies in front of the service: only these are believed about whom a request came from.
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=[])

# -- Certificates ------------------------------------------------------------------------------------------------------

# Where the service is reached: certificates name it as their issuer and say there how they stand.
PUBLIC_URL = env.str("PUBLIC_URL", default="http://127.0.0.1:8000").rstrip("/")
# A JWK Set whose first key signs. Empty: a file in DATA_DIR/keys, made on first use; several machines would not share it.
CERTIFICATE_KEY_FILE = env.str("CERTIFICATE_KEY_FILE", default="")

# -- Content credentials -----------------------------------------------------------------------------------------------

# PEM files: the chain of the certificate that signs songs (C2PA), its own first, and its private key. Empty: a chain for
# tests, made on first use in DATA_DIR/keys, which nobody trusts.
C2PA_CERTIFICATE_FILE = env.str("C2PA_CERTIFICATE_FILE", default="")
C2PA_KEY_FILE = env.str("C2PA_KEY_FILE", default="")

# -- Usage reports -----------------------------------------------------------------------------------------------------

# Who reports, as it stands in the flat files for licensors.
USAGE_REPORT_SENDER = env.str("USAGE_REPORT_SENDER", default="Cleartone")

# -- Webhooks ----------------------------------------------------------------------------------------------------------

# True lets messages go to private addresses and over plain http: for tests and demos on one machine, never in service.
WEBHOOK_ALLOW_PRIVATE = env.bool("WEBHOOK_ALLOW_PRIVATE", default=False)

# -- Durable work ------------------------------------------------------------------------------------------------------

# A job's row is the truth; django-q2 carries its id as a hint. So the queue's own retries are off (max_attempts 1) and
# nothing of its bookkeeping is kept. A running job renews its lease; one whose worker died is free after JOB_LEASE_S.
JOB_TIMEOUT_S = env.int("JOB_TIMEOUT_S", default=300)
JOB_LEASE_S = env.float("JOB_LEASE_S", default=30.0)
JOB_MAX_ATTEMPTS = env.int("JOB_MAX_ATTEMPTS", default=5)
JOB_RESEND_S = env.int(
    "JOB_RESEND_S", default=10
)  # a hint not taken up within this time is sent again
WORKER_STALL_S = env.int(
    "WORKER_STALL_S", default=20
)  # overdue work and no sign of life for so long: restart
WORKER_PROCESSES = env.int("WORKER_PROCESSES", default=min(2, os.cpu_count() or 1))
Q_CLUSTER = {
    "name": "cleartone",
    "label": "Queue (django-q2)",
    "workers": WORKER_PROCESSES,
    "timeout": JOB_TIMEOUT_S,
    "retry": JOB_TIMEOUT_S * 4,
    "max_attempts": 1,
    "ack_failures": True,
    "save_limit": -1,
    "queue_limit": WORKER_PROCESSES,
    "bulk": 1,
    "poll": 0.2,
    "recycle": 200,
    "orm": "default",
    "catch_up": False,
}
if redis_url := env.str("QUEUE_REDIS_URL", default=""):
    del Q_CLUSTER["orm"]
    Q_CLUSTER["redis"] = redis_url

# -- Logs: one line of JSON an event, with the request's or the job's id -----------------------------------------------

LOG_FORMAT = env.str("LOG_FORMAT", default="json")
_shared_processors: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.PositionalArgumentsFormatter(),
]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "structured": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer()
                if LOG_FORMAT == "json"
                else structlog.dev.ConsoleRenderer(colors=False),
                mask_secrets,
            ],
            "foreign_pre_chain": _shared_processors,
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
}
structlog.configure(
    processors=[*_shared_processors, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)

# -- The catalog -------------------------------------------------------------------------------------------------------

# The catalog knows no songs; its pages for legal staff ask this function which approved songs use some stems.
CATALOG_FIND_APPROVED_SONGS = "compliance.queries.find_approved_songs"

# -- The admin ---------------------------------------------------------------------------------------------------------

UNFOLD = {
    "SITE_TITLE": "Cleartone",
    "SITE_HEADER": "Cleartone",
    "SITE_SUBHEADER": "Licensing and moderation",
    "SITE_SYMBOL": "graphic_eq",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda _: static("cleartone/favicon.svg")}],
    "STYLES": [lambda _: static("cleartone/admin.css")],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "COLORS": {
        "primary": {
            "50": "#f0fdfa", "100": "#ccfbf1", "200": "#99f6e4", "300": "#5eead4", "400": "#2dd4bf", "500": "#14b8a6",
            "600": "#0d9488", "700": "#0f766e", "800": "#115e59", "900": "#134e4a", "950": "#042f2e",
        }
    },
    "SIDEBAR": {"show_search": True, "show_all_applications": False, "navigation": "config.menu.list_menu"},
}  # fmt: skip
