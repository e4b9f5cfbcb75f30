"""The server that outlives a command: one for all who may share it, the same to a notebook as a started kernel."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import fidelity
import nbformat
import pytest
from borrowed import Asked, borrowed
from processes import is_running

import notebooks
from shnor_analysis.batch.warm.forking import NotForked, why_not_fork
from shnor_analysis.batch.warm.shared import key, server
from shnor_analysis.batch.warm.shared.borrowing import may_share
from shnor_analysis.batch.warm.shared.peers import is_same_user
from shnor_analysis.batch.warm.shared.place import Place, own_folder, place_of

pytestmark = pytest.mark.skipif(why_not_fork()[0] == "no_fork", reason="this system has no safe fork")
SURROUNDINGS = """
import os, resource
[os.environ.get("COLOUR"), os.getcwd(), os.sched_getaffinity(0), os.umask(0o27), resource.getrlimit(resource.RLIMIT_NOFILE),
 sorted(set(os.environ) - {"JPY_PARENT_PID", "MPLBACKEND", "LC_CTYPE", "CLICOLOR", "CLICOLOR_FORCE", "FORCE_COLOR", "TERM",
 "PAGER", "GIT_PAGER", "PYDEVD_USE_FRAME_EVAL"})]
"""
CLIENT = """
import os, sys, time
sys.path.insert(0, {tests!r})
from borrowed import borrowed
with borrowed() as kernel:
    print(kernel.ask("__import__('os').getppid()"), flush=True)
    {then}
"""


def run(code: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code], env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True
    )


def client(then: str = "pass") -> str:
    return CLIENT.format(tests=str(Path(__file__).parent), then=then)


def eventually(holds, seconds: float = 20, pause: float = 0.02) -> bool:
    limit = time.monotonic() + seconds
    while not holds() and time.monotonic() < limit:
        time.sleep(pause)
    return bool(holds())


def test_clients_that_come_at_once_share_one_server():
    together = [run(client(), SHNOR_WARM_MINUTES="0.1") for _ in range(4)]
    servers = {one.communicate(timeout=120)[0].strip() for one in together}
    assert len(servers) == 1
    (pid,) = map(int, servers)
    assert "warm.shared" in Path(f"/proc/{pid}/cmdline").read_text()
    name = Path(f"/proc/{pid}/cmdline").read_text().strip("\0").rpartition("\0")[2]
    assert not is_running(pid) or eventually(lambda: not is_running(pid)), "idle for six seconds"
    assert not list(Path(os.environ["XDG_RUNTIME_DIR"]).rglob(f"{name}*")), "it leaves nothing"


def test_a_kernel_has_the_surroundings_of_the_one_who_asks(tmp_path: Path):
    code = f"""
import os, resource, subprocess, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
os.chdir({str(tmp_path)!r}); os.umask(0o27); os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
resource.setrlimit(resource.RLIMIT_NOFILE, (200, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
expression = {" ".join(SURROUNDINGS.split("import os, resource")[1].split())!r}
names = "(lambda os, resource: " + expression + ")(__import__('os'), __import__('resource'))"
print(subprocess.run([sys.executable, "-c", "print(repr(" + names + "))"], capture_output=True, text=True).stdout.strip())
from borrowed import borrowed
with borrowed() as kernel:
    print(repr(kernel.ask("repr(" + names + ")"))[1:-1].replace("\\\\'", "'"))
"""
    told = run(code, COLOUR="blue").communicate(timeout=120)[0].splitlines()
    assert len(told) == 2
    assert told[0] == told[1]
    assert "blue" in told[0]
    assert "(200, " in told[0]


def has(kernel: Asked, *names: str) -> list[bool]:
    return kernel.ask(f"[name in __import__('sys').modules for name in {names!r}]")


def test_what_one_notebook_imports_the_next_ones_have_but_never_the_project():
    names = ("pandas", "shnor_analysis", "ipywidgets")
    fresh = {"MPL_ANY": "a server of its own"}
    with borrowed(fresh) as kernel:
        assert has(kernel, *names) == [False, False, False]
        kernel.ask("[__import__('pandas'), __import__('shnor_analysis'), __import__('ipywidgets')] and 1")

        def is_learned() -> bool:
            with borrowed(fresh) as other:
                return has(other, "pandas")[0]

        assert eventually(is_learned, pause=4 * server.QUIET_SECONDS)  # it learns while nobody asks
    with borrowed(fresh) as kernel:
        assert has(kernel, *names) == [True, False, False]
        path = kernel.ask("__import__('shnor_analysis').__file__")
        assert path.endswith("shnor_analysis/__init__.py")


def test_what_a_server_has_learned_changes_no_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    template = notebooks.write(tmp_path / "template.ipynb", notebooks.TORTURE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    monkeypatch.setenv("MPL_ANY", "another server")

    def by(*options: str) -> nbformat.NotebookNode:
        command = [
            sys.executable,
            "-m",
            "papermill",
            "--no-progress-bar",
            *options,
            str(template),
            "out.ipynb",
        ]
        subprocess.run(command, check=False, capture_output=True)
        return nbformat.read(tmp_path / "out.ipynb", as_version=4)

    plain = by()
    assert fidelity.differences(plain, by("--engine", "warm")) == []

    def is_learned() -> bool:
        with borrowed() as other:
            return all(has(other, "pandas", "matplotlib.pyplot"))

    assert eventually(is_learned)
    assert fidelity.differences(plain, by("--engine", "warm")) == []


def test_the_end_of_a_client_is_the_end_of_its_kernel(tmp_path: Path):
    begin = "import os, subprocess, time; from pathlib import Path; one = subprocess.Popen(['sleep', '60']); "
    begin += f"Path({str(tmp_path / 'pids')!r}).write_text(f'{{os.getpid()}} {{one.pid}}'); time.sleep(60)"
    dying = run(client(f"kernel.begin({begin!r}); time.sleep(60)"))
    assert eventually(lambda: (tmp_path / "pids").exists() and (tmp_path / "pids").read_text(), 60)
    dying.kill()
    dying.communicate()
    for pid in (tmp_path / "pids").read_text().split():
        assert eventually(lambda one=int(pid): not is_running(one)), "neither the kernel nor what it started"


def test_a_change_of_packages_machinery_or_what_imports_read_makes_another_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    file = tmp_path / "machine.py"
    file.write_text("1")
    monkeypatch.setattr(key, "package_folders", lambda: (tmp_path,))
    monkeypatch.setattr(key, "machinery", lambda: (file,))
    names = [key.server_name({})]
    names.append(key.server_name({"OMP_NUM_THREADS": "2"}))
    names.append(key.server_name({"PYTHONPATH": "/x"}))
    (tmp_path / "pandas-9.dist-info").mkdir()
    names.append(key.server_name({}))
    os.utime(tmp_path / "pandas-9.dist-info", (1, 1))
    names.append(key.server_name({}))
    file.write_text("2")
    names.append(key.server_name({}))
    assert len(set(names)) == len(names)
    assert key.server_name({"EDITOR": "x"}) == names[-1]


def test_a_server_holds_nothing_of_the_project_but_what_it_is_named_for():
    code = """
import json, sys
import shnor_analysis.batch.warm.shared.__main__, shnor_analysis.batch.warm.shared.server as server
server.refusal(); server.import_seen(["matplotlib"], avoided=frozenset())
from shnor_analysis.batch.warm.shared.key import machinery
held = {module.__file__ for name, module in sys.modules.items() if name.partition(".")[0] == "shnor_analysis"}
print(json.dumps(sorted(held - {str(path) for path in machinery()})))
"""
    assert json.loads(run(code).communicate(timeout=60)[0]) == []


@pytest.fixture
def own(tmp_path: Path, own_servers: Path) -> server.SharedServer:
    """A server of this process."""
    place = Place(own_servers, f"own-{time.monotonic_ns()}")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(place.address))
    listener.listen()
    listener.setblocking(False)
    return server.SharedServer(
        place, listener=listener, lock=os.open(place.alive, os.O_CREAT), environment={}
    )


def test_a_server_whose_packages_have_changed_ends_by_itself(own, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(server, "LOOK_SECONDS", 0.01)
    names = iter([own._place.name, own._place.name, "another"])
    monkeypatch.setattr(server, "server_name", lambda environment: next(names))
    own.serve()
    assert next(names, "all asked for") == "all asked for"
    assert not own._place.address.exists()


def test_a_package_that_makes_forks_unsafe_ends_the_server_and_is_not_learned_again(
    own, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(
        server, "import_seen", lambda names, avoided: sys.modules.update(python_calamine=server)
    )
    for name in [name for name in sys.modules if name.partition(".")[0] == "python_calamine"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(server, "why_no_more_forks", lambda: ("threads", "pool"))
    own._seen.append("python_calamine")
    own._be_quiet()
    assert server.avoided_packages(own._place) == {"python_calamine"}
    assert not own._is_open
    del sys.modules["python_calamine"]


def test_another_user_is_sent_away(own, monkeypatch: pytest.MonkeyPatch):
    here, there = socket.socketpair()
    assert is_same_user(here)
    user = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: user + 1)
    assert not is_same_user(here)
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.connect(str(own._place.address))
        own._welcome()
        assert stranger.recv(1) == b""
    own.retire()
    here.close()
    there.close()


def test_only_a_folder_that_is_this_users_alone_holds_the_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    temporary, open_one = tmp_path / "t", tmp_path / "open"
    for folder in (temporary, open_one):
        folder.mkdir()
    open_one.chmod(0o755)
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    made = own_folder({"XDG_RUNTIME_DIR": str(open_one)})
    assert made.parent == temporary
    assert made.stat().st_mode & 0o777 == 0o700
    made.chmod(0o750)
    with pytest.raises(NotForked, match="shared_folder"):
        own_folder({})
    made.rmdir()
    made.symlink_to(open_one)
    with pytest.raises(NotForked, match="shared_folder"):
        own_folder({})
    long = tmp_path / ("x" * 100)
    long.mkdir(mode=0o700)
    with pytest.raises(NotForked, match="shared_folder"):
        place_of({"XDG_RUNTIME_DIR": str(long)})


def test_a_library_beside_the_notebook_or_a_switch_keeps_the_server_out(tmp_path: Path):
    assert may_share({}, tmp_path)
    assert not may_share({"SHNOR_WARM_SERVER": "off"}, tmp_path)
    (tmp_path / "pandas.py").touch()
    assert not may_share({}, tmp_path)


def test_a_server_with_threads_refuses_and_papermill_goes_on_plainly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_servers: Path
):
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nif 'warm.shared' in ' '.join(sys.orig_argv):\n"
        "    import os, threading, time\n"
        "    os.register_at_fork(after_in_child="
        "lambda: threading.Thread(target=time.sleep, args=(9,), daemon=True).start())\n"
    )
    template = notebooks.write(tmp_path / "template.ipynb", "number + 1")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    said = []
    for _ in range(2):
        command = [sys.executable, "-m", "papermill", "--engine", "warm", "template.ipynb", "out.ipynb"]
        said.append(subprocess.run(command, check=True, capture_output=True, text=True).stderr)
    assert template.is_file()
    assert all(one.count("обычным образом") == 1 for one in said), said
    assert len(list(own_servers.rglob("*.refused"))) == 1
    assert nbformat.read("out.ipynb", as_version=4).cells[-1].outputs[0]["data"]["text/plain"] == "2"
