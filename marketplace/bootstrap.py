"""Make `.venv` and fill it from a hashed requirements file: `python3 marketplace/bootstrap.py requirements.txt`.

Runs before anything is installed, so it needs the standard library only. Does nothing when all is in place.
"""

import fcntl
import hashlib
import importlib.util
import shutil
import subprocess
import sys
from collections import deque
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
ENVIRONMENT = CHECKOUT / ".venv"
OLDEST_PYTHON = (3, 11)
BAR_WIDTH = 30
# What pip says first about each requirement.
COUNTED = ("Collecting ", "Processing ", "Requirement already satisfied: ", "Ignoring ")


def main() -> None:
    requirements = CHECKOUT / (sys.argv[1] if len(sys.argv) > 1 else "requirements.txt")
    # Two makes at once on a fresh checkout take turns.
    with open(__file__) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_installed(requirements):
            require_python()
            make_environment()
            install(requirements)
            for covered in covered_by(requirements):
                stamp_of(covered).write_text(digest(covered))


def is_installed(requirements: Path) -> bool:
    stamp = stamp_of(requirements)
    return environment_python().exists() and stamp.exists() and stamp.read_text() == digest(requirements)


def stamp_of(requirements: Path) -> Path:
    return ENVIRONMENT / f"installed-{requirements.name}.sha256"


def covered_by(requirements: Path) -> "list[Path]":
    """The requirements files that are satisfied with this one: the file for development has all of the other."""
    return [other for other in CHECKOUT.glob("requirements*.txt") if pins(other) <= pins(requirements)]


def pins(requirements: Path) -> "set[str]":
    lines = requirements.read_text().splitlines()
    return {line.split(" ")[0] for line in lines if "==" in line and line[0] not in " #"}


def digest(requirements: Path) -> str:
    return hashlib.sha256(requirements.read_bytes()).hexdigest()


def environment_python() -> Path:
    return ENVIRONMENT / "bin" / "python"


def require_python() -> None:
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < OLDEST_PYTHON:
        wanted = ".".join(map(str, OLDEST_PYTHON))
        sys.exit(f"Guildhall needs Python {wanted} or newer; this is {found}. Name another: make PYTHON=python{wanted}")
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        sys.exit(f"{sys.executable} ({found}) cannot make virtual environments. On Debian: apt install python3-venv")


def make_environment() -> None:
    """Keep a good one; begin again when an interrupted start or another Python has left a broken one."""
    if environment_python().exists() and run_quietly(environment_python(), "-m", "pip", "--version") == "":
        return
    if ENVIRONMENT.exists() and not (ENVIRONMENT / "pyvenv.cfg").exists():
        sys.exit(f"{ENVIRONMENT} is not a virtual environment. Move it away and try again.")
    print("Making a virtual environment in .venv …", flush=True)
    problem = run_quietly(sys.executable, "-m", "venv", "--clear", ENVIRONMENT)
    if problem:
        sys.exit(f"No virtual environment could be made in {ENVIRONMENT}:\n{problem}")


def run_quietly(*command: "str | Path") -> str:
    """Nothing when the command went well, or else what it said."""
    done = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return "" if done.returncode == 0 else done.stdout.strip() or f"it left with {done.returncode}"


def install(requirements: Path) -> None:
    command = [environment_python(), "-m", "pip", "install", "--require-hashes", "--only-binary", ":all:"]
    command += ["--progress-bar", "off", "--disable-pip-version-check", "--requirement", requirements]
    pip = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert pip.stdout
    last_lines: deque[str] = deque(maxlen=20)
    progress = Progress(requirements)
    for line in pip.stdout:
        last_lines.append(line)
        progress.hear(line.strip())
    progress.end()
    if pip.wait():
        sys.exit(
            f"pip could not install {requirements.name}:\n{''.join(last_lines)}\n"
            "Check the connection to the package index (or set PIP_INDEX_URL to a mirror) and run the command again."
        )


class Progress:
    """One line that is redrawn on a terminal; elsewhere a line for each quarter."""

    def __init__(self, requirements: Path) -> None:
        self.title = f"Installing {requirements.name}"
        self.total = len(pins(requirements))
        self.done = 0
        self.quarter = 0
        self.redraws = sys.stdout.isatty()

    def hear(self, line: str) -> None:
        if line.startswith(COUNTED):
            self.done += 1
            self.draw(line.split(" ")[1].split("==")[0].rpartition("/")[2])
        elif line.startswith("Installing collected packages"):
            self.draw("unpacking …")

    def draw(self, detail: str) -> None:
        share = min(self.done / max(self.total, 1), 1)
        if self.redraws:
            bar = "█" * round(share * BAR_WIDTH)
            line = f"{self.title} {bar:░<{BAR_WIDTH}} {self.done}/{self.total} {detail}"
            print(f"\r\x1b[K{line[: shutil.get_terminal_size().columns - 1]}", end="", flush=True)
        elif int(share * 4) > self.quarter:
            self.quarter = int(share * 4)
            print(f"{self.title}: {self.done} of {self.total}", flush=True)

    def end(self) -> None:
        if self.redraws:
            print("\r\x1b[K", end="", flush=True)


if __name__ == "__main__":
    main()
