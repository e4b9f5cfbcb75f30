"""Where the socket of a shared server lies: a folder of this user that no other may enter."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shnor_analysis.batch.warm.forking import NotForked
from shnor_analysis.batch.warm.shared.key import server_name

FOLDER = "shnor-warm"
LONGEST_ADDRESS = 100  # of 108 bytes that the system has for one


@dataclass(frozen=True, slots=True)
class Place:
    """The files of one server: its socket, the lock it holds while it lives, the lock of who starts it, its log."""

    folder: Path
    name: str

    @property
    def address(self) -> Path:
        """The socket."""
        return self.folder / f"{self.name}.sock"

    @property
    def alive(self) -> Path:
        """Locked by the server as long as it takes guests; its process number is written in it."""
        return self.folder / f"{self.name}.pid"

    @property
    def starting(self) -> Path:
        """Locked by the one who starts the server."""
        return self.folder / f"{self.name}.start"

    @property
    def refused(self) -> Path:
        """Why a server did not begin to serve."""
        return self.folder / f"{self.name}.refused"

    @property
    def avoided(self) -> Path:
        """Packages that this server will not import again."""
        return self.folder / f"{self.name}.avoided"

    @property
    def log(self) -> Path:
        """What the server and the libraries say while they are imported."""
        return self.folder / f"{self.name}.log"


def place_of(environment: Mapping[str, str]) -> Place:
    """The place of the server for an environment.

    Raises:
        NotForked: there is no folder that only this user can enter (`shared_folder`).
    """
    folder = own_folder(environment)
    place = Place(folder, server_name(environment))
    if len(os.fsencode(place.address)) > LONGEST_ADDRESS:
        raise NotForked("shared_folder", str(folder))
    return place


def own_folder(environment: Mapping[str, str]) -> Path:
    """A folder below XDG_RUNTIME_DIR where that is safe, else below the folder for temporary files.

    Raises:
        NotForked: neither is this user's alone (`shared_folder`).
    """
    given = environment.get("XDG_RUNTIME_DIR", "")
    temporary = Path(tempfile.gettempdir()) / f"{FOLDER}-{os.getuid()}"
    folder = Path(given) / FOLDER if given and _is_own(Path(given)) else temporary
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError:
        raise NotForked("shared_folder", str(folder)) from None
    if not _is_own(folder):
        raise NotForked("shared_folder", str(folder))
    return folder


def _is_own(folder: Path) -> bool:
    """A real folder, owned by this user, closed to all others."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    return (
        stat.S_ISDIR(status.st_mode)
        and status.st_uid == os.getuid()
        and not stat.S_IMODE(status.st_mode) & 0o077
    )
