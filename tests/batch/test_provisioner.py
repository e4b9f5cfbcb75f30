"""Kernels that are forked for any client of Jupyter: to the client they are started ones."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fidelity
import nbformat
import pytest
from jupyter_client.manager import AsyncKernelManager, KernelManager
from nbclient import NotebookClient
from processes import is_running
from test_shared_server import eventually

import notebooks
import shnor_analysis.batch.warm
from shnor_analysis.batch.warm.forking import why_not_fork

pytestmark = [
    pytest.mark.skipif(why_not_fork()[0] == "no_fork", reason="this system has no safe fork"),
    # sockets and processes of jupyter_client that only the collector closes
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
NAME = "python3-warm"
SECONDS = 60


@pytest.fixture(scope="module", autouse=True)
def kernelspec(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """As an installed package has it; pytest out of sight, for ipykernel looks for it."""
    folder = tmp_path_factory.mktemp("jupyter")
    source = Path(shnor_analysis.batch.warm.__file__).parent / "kernelspec"
    shutil.copytree(source, folder / "kernels" / NAME)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(folder))
        yield


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTEST_CURRENT_TEST", raising=False)


class Client:
    """A kernel by jupyter_client, asked for values."""

    def __init__(self, **options: Any) -> None:
        self.manager = KernelManager(kernel_name=NAME)
        self.manager.start_kernel(**options)
        self.connect()

    def connect(self) -> None:
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=SECONDS)

    def ask(self, expression: str) -> Any:
        """The value; the name of the exception where there is one."""
        told = self.client.execute_interactive(
            "", user_expressions={"it": expression}, timeout=SECONDS, output_hook=lambda message: None
        )["content"]["user_expressions"]["it"]
        return (
            eval(told["data"]["text/plain"], {"__builtins__": {}})
            if told["status"] == "ok"
            else told["ename"]
        )

    def close(self) -> None:
        self.client.stop_channels()
        if self.manager.has_kernel:
            self.manager.shutdown_kernel(now=True)


@pytest.fixture
def forked(tmp_path: Path) -> Iterator[Client]:
    client = Client(cwd=str(tmp_path))
    yield client
    client.close()


def test_a_kernel_is_forked_works_and_goes_with_all_it_started(forked: Client, tmp_path: Path):
    pid, group, server = forked.ask("[(os := __import__('os')).getpid(), os.getpgrp(), os.getppid()]")
    assert (pid, group) == (forked.manager.provisioner.pid, forked.manager.provisioner.pgid)
    assert "warm.shared" in Path(f"/proc/{server}/cmdline").read_text()
    assert Path(forked.ask("os.getcwd()")) == tmp_path
    nurse = forked.ask("__import__('subprocess').Popen(['sleep', '60']).pid")
    forked.manager.shutdown_kernel()
    assert eventually(lambda: not is_running(pid) and not is_running(nurse))
    assert is_running(server)


def test_a_cell_is_interrupted_with_what_it_waits_for_and_the_kernel_lives_on(forked: Client, tmp_path: Path):
    pid = forked.ask("__import__('os').getpid()")
    waiting = "import subprocess; subprocess.run(['sh', '-c', 'echo > begun; exec sleep 60'])"
    # an error would abort what is asked right after it, as in any kernel
    asked = forked.client.execute(waiting, stop_on_error=False)
    assert eventually((tmp_path / "begun").exists)
    forked.manager.interrupt_kernel()
    while (told := forked.client.get_shell_msg(timeout=SECONDS))["parent_header"]["msg_id"] != asked:
        pass
    assert told["content"]["ename"] == "KeyboardInterrupt"
    assert forked.ask("__import__('os').getpid()") == pid


def test_a_restarted_kernel_is_another_one_for_the_same_client(forked: Client):
    forked.ask("globals().update(known=1)")
    pid = forked.ask("__import__('os').getpid()")
    forked.manager.restart_kernel()
    forked.client.stop_channels()
    forked.connect()
    assert forked.ask("known") == "NameError"
    assert forked.ask("__import__('os').getpid()") != pid
    assert not is_running(pid)


@pytest.mark.parametrize(
    ("end", "code"), [("__import__('os')._exit(7)", 7), ("__import__('ctypes').string_at(0)", -11)]
)
def test_the_client_sees_how_a_kernel_died(forked: Client, end: str, code: int):
    process = forked.manager.provisioner.process
    assert process.poll() is None
    forked.client.execute(end)
    assert eventually(lambda: not forked.manager.is_alive())
    assert process.wait(10) == code


def test_where_the_server_is_off_a_kernel_is_started_as_usual(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SHNOR_WARM_SERVER", "off")
    client = Client()
    try:
        assert client.ask("__import__('os').getppid()") == os.getpid()
    finally:
        client.close()


def test_an_asynchronous_client_gets_a_forked_kernel_too():
    import asyncio

    async def start_and_end() -> int:
        manager = AsyncKernelManager(kernel_name=NAME)
        await manager.start_kernel()
        pid = int(manager.provisioner.pid)
        assert Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1] != str(os.getpid())
        await manager.shutdown_kernel()
        return pid

    assert not is_running(asyncio.run(start_and_end()))


@pytest.mark.parametrize("source", ["REPORT", "TORTURE"])
def test_nbclient_gets_the_same_cells(source: str, tmp_path: Path):
    template = notebooks.write(tmp_path / "template.ipynb", getattr(notebooks, source))
    executed = []
    for kernel in ("python3", NAME, NAME):
        notebook = nbformat.read(template, as_version=4)
        NotebookClient(
            notebook,
            kernel_name=kernel,
            timeout=SECONDS,
            allow_errors=True,
            resources={"metadata": {"path": str(tmp_path)}},
        ).execute()
        executed.append(notebook)
    assert fidelity.differences(executed[0], executed[1]) == []
    assert fidelity.differences(executed[0], executed[2]) == []
