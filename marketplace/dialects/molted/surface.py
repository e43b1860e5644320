"""Where this dialect is, how it words failures, and how often an agent may ask."""

from marketplace.api.surfaces import Surface
from marketplace.dialects.molted.errors import answer

MOUNT = "/molted"
MOLTED = Surface(f"{MOUNT}/api", "molted", answer)
