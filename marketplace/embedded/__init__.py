"""Real PostgreSQL 18 and Valkey from their wheels, for a machine that has neither.

Both listen on Unix sockets in a private folder and on no port, so two checkouts never meet.
With DATABASE_URL or REDIS_URL set, that server is somebody else's business and is not started.
Only the standard library is imported here: the settings need the addresses before anything else exists.
"""

from .addresses import database_url, redis_url, secret_key
from .lease import running
from .places import ServicesUnavailable, data_home

__all__ = ["ServicesUnavailable", "data_home", "database_url", "redis_url", "running", "secret_key"]
