"""A lent machine: its lines, its pauses, what it says of a scheduler, and that no process is left."""

from __future__ import annotations

import contextlib
import io
import itertools
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.cluster.certificates import authority, signed
from tests.cluster.harness import Cluster, cluster_of, free_port
from tests.cluster.lender import gone, lender
from tui_gen.base.errors import RefusedError
from tui_gen.base.exit_codes import ExitCode
from tui_gen.cli.main import main
from tui_gen.commands.lend import command
from tui_gen.commands.lend.command import LOST, LendRequest, lend, pauses
from tui_gen.commands.lend.worker_process import (
    LentMachine,
    Notice,
    notice_of,
    worker_command,
    worker_environment,
)
from tui_gen.config.cluster_settings import TlsFiles

REFUSED = "nothing listens at 127.0.0.1:{port}: is the scheduler running?; trying again in {seconds} s"


def lines_of_nobody(port: int, *seconds: int) -> list[str]:
    return [REFUSED.format(port=port, seconds=each) for each in seconds]


# --------------------------------------------------------------------------- the dask worker's log


@pytest.mark.parametrize(
    ("line", "notice"),
    [
        ("distributed.worker - INFO -         Registered to:      tcp://127.0.0.1:8786", Notice("connected")),
        ("distributed.worker - INFO - Waiting to connect to:      tcp://127.0.0.1:8786", None),
        ("distributed.nanny - INFO -         Start Nanny at: 'tcp://127.0.0.1:35111'", None),
        ("Traceback (most recent call last):", None),
        (
            "distributed.worker - ERROR - Unable to connect to scheduler: name taken, box2",
            Notice("refused", "another machine has this name: choose another one with --name"),
        ),
        (
            "distributed.worker - ERROR - Unable to connect to scheduler: no room",
            Notice("refused", "the scheduler refuses this machine: no room"),
        ),
        (
            "distributed.nanny - INFO - Worker process 1005 was killed by signal 9",
            Notice("killed", "the dask worker was killed by signal 9"),
        ),
        ("distributed.nanny - WARNING - Restarting worker", Notice("restarted")),
        (
            "OSError: [Errno 98] Address already in use",
            Notice("refused", "another program has the port: choose another one with --port"),
        ),
        (
            "distributed.nanny - ERROR - Failed to start {process}",
            Notice("failed", "Failed to start {process}"),
        ),
    ],
)
def test_a_line_of_the_log_means_something_or_nothing(line: str, notice: Notice | None) -> None:
    assert notice_of(line) == notice


def test_the_dask_worker_gets_what_an_executor_looks_for() -> None:
    plain = worker_command(LentMachine("tcp://nas:8786", "box 2", 3), "10.0.0.2")
    assert plain[1:7] == ["-P", "-m", "dask", "worker", "tcp://nas:8786", "--name"]
    assert plain[7:10] == ["box 2", "--host", "10.0.0.2"]
    assert " ".join(plain).endswith(
        "--nworkers 1 --nthreads 1 --memory-limit 0 --no-dashboard --dashboard-address 127.0.0.1:0 "
        "--resources tui-gen=3"
    )
    tls = TlsFiles("/ca", "/cert", "/key")
    whole = LentMachine("tls://nas:8786", "box2", 3, 9000, tls)
    assert worker_command(whole, "10.0.0.2")[-8:] == [
        *("--worker-port", "9000", "--tls-ca-file", "/ca", "--tls-cert", "/cert", "--tls-key", "/key")
    ]
    needs_tls = "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION"
    assert worker_environment(whole, {"A": "b"})[needs_tls] == "True"
    assert needs_tls not in worker_environment(LentMachine("tcp://nas:8786", "b", 1), {})
    assert worker_environment(whole, {"A": "b"})["A"] == "b"


def test_pauses_grow_up_to_half_a_minute() -> None:
    assert list(itertools.islice(pauses(), 7)) == [1, 2, 4, 8, 16, 30, 30]


# ------------------------------------------------------------------------------------- refusals


def test_an_address_and_its_certificates_belong_together(tmp_path: Path) -> None:
    files = TlsFiles(*(str(tmp_path / name) for name in ("ca", "cert", "key")))
    for request, words in (
        (LendRequest("tls://nas:8786"), "tls://nas:8786 needs certificates: give --tls-ca"),
        (LendRequest("tcp://nas:8786", tls=files), "tcp://nas:8786 uses no certificates: leave out"),
        (LendRequest("tls://nas:8786", tls=files), f"{tmp_path}/ca: cannot be read (No such file"),
        (
            LendRequest("nas:8786"),
            'begins neither with tcp:// nor with tls://; write it like "tcp://nas:8786"',
        ),
    ):
        with pytest.raises(RefusedError) as refused:
            lend(request, out=io.StringIO())
        assert words in str(refused.value)


def test_without_dask_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "find_spec", lambda _: None)
    assert main(["lend", "tcp://nas:8786"]) == ExitCode.REFUSED
    said = capsys.readouterr().err
    assert said == "tui-gen: lend needs the package distributed: pip install '.[cluster]'\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nas"], 'argument ADDRESS: "nas" begins neither with tcp:// nor with tls://'),
        (["tcp://nas:8786", "--workers", "0"], "--workers: must be a whole number, 1 or more, not 0"),
        (["tcp://nas:8786", "--name", "a b"], "--name: must be a name of letters, digits, dots"),
        (["tcp://nas:8786", "--port", "70000"], "--port: must be a port, 0 to 65535, not 70000"),
    ],
)
def test_a_wrong_argument_is_answered_with_what_is_expected(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["lend", *arguments])
    assert ended.value.code == ExitCode.REFUSED
    assert words in capsys.readouterr().err


def test_certificates_are_given_together(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lend", "tls://nas:8786", "--tls-ca", "a", "--tls-key", "k"]) == ExitCode.REFUSED
    assert "--tls-ca, --tls-cert and --tls-key belong together: give all three" in capsys.readouterr().err


# --------------------------------------------------------------------------- without a scheduler


def test_it_says_what_it_lends_and_goes_on_trying_until_a_signal() -> None:
    port = free_port()
    with lender(f"tcp://127.0.0.1:{port}", "--name", "box2", "--workers", "3") as started:
        started.wait_for("trying again in 2 s")
        lent, *others = started.lines
        assert lent.startswith("lending box2: 3 workers, ")
        assert "cores, " in lent
        assert lent.endswith(" of memory")
        assert others == [f"connecting to tcp://127.0.0.1:{port}", *lines_of_nobody(port, 1, 2)]
        assert started.end(signal.SIGTERM) == 128 + signal.SIGTERM
    assert started.lines[-1] == "received SIGTERM: box2 is lent no more"


def test_the_name_and_the_number_of_workers_are_those_of_the_machine() -> None:
    with lender(f"tcp://127.0.0.1:{free_port()}") as started:
        started.wait_for("connecting to")
        workers = max(1, len(psutil.Process().cpu_affinity()) - 1)
        plural = "worker" if workers == 1 else "workers"
        assert started.lines[0].startswith(f"lending {socket.gethostname()}: {workers} {plural}, ")
        assert started.end(signal.SIGINT) == 128 + signal.SIGINT


@contextlib.contextmanager
def mail_server() -> Iterator[int]:
    """Answer each connection as a mail server does; yield the port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    with connection:
                        connection.sendall(b"220 mail.example.net ESMTP\r\n")

        serving = threading.Thread(target=serve, daemon=True)
        serving.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        serving.join(10)


def test_another_server_is_told_and_it_goes_on_trying() -> None:
    with mail_server() as port, lender(f"tcp://127.0.0.1:{port}") as started:
        started.wait_for("is no dask scheduler", count=2)
        assert started.lines[2].startswith(f'127.0.0.1:{port} is no dask scheduler: it says "220 mail.')
        assert started.below() == []
        assert started.end(signal.SIGHUP) == 128 + signal.SIGHUP


def test_nohup_is_respected() -> None:
    ignoring = (
        "import os, signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN);"
        "os.execv(sys.executable, [sys.executable, '-m', 'tui_gen', 'lend', sys.argv[1]])"
    )
    address = f"tcp://127.0.0.1:{free_port()}"
    with subprocess.Popen(
        [sys.executable, "-c", ignoring, address], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert "lending" in process.stdout.readline()
        process.send_signal(signal.SIGHUP)
        while "trying again in 2 s" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.stdout.read().splitlines()[-1].endswith("is lent no more")
        assert process.wait(20) == 128 + signal.SIGTERM


# ------------------------------------------------------------------------------ with a scheduler


@pytest.mark.cluster
def test_it_connects_loses_the_scheduler_and_connects_again(tmp_path: Path) -> None:
    with cluster_of(tmp_path) as cluster, lender(cluster.address, "--name", "a", folder=tmp_path) as started:
        started.wait_for(f"connected to {cluster.address}")
        cluster.kill_scheduler()
        started.wait_for("lost: the connection to the scheduler ended; trying again in ")
        started.wait_for("nothing listens at")
        cluster.start_scheduler()
        started.wait_for(f"connected to {cluster.address}", count=2)
        below = started.below()
        assert len(below) >= 2
        listening = [
            connection.laddr.ip
            for process in below
            for connection in process.net_connections()
            if connection.status == psutil.CONN_LISTEN
        ]
        assert set(listening) == {"127.0.0.1"}
        assert started.end(signal.SIGTERM) == 128 + signal.SIGTERM
        assert gone(below, 0.0)


@pytest.mark.cluster
def test_a_dask_worker_that_is_killed_is_started_again(tmp_path: Path) -> None:
    with cluster_of(tmp_path) as cluster, lender(cluster.address, "--name", "a") as started:
        started.wait_for("connected to")
        started.dask_worker().kill()
        started.wait_for("lost: ")
        (lost,) = (line for line in started.lines if line.startswith("lost: "))
        assert lost in {
            "lost: the dask worker was killed by signal 9; it is started again",
            f"{LOST}; trying again in 1 s",  # dask gives up a worker that ends just after its start
        }
        started.wait_for("connected to", count=2)


@pytest.mark.cluster
def test_a_killed_lender_takes_all_its_processes_along(tmp_path: Path) -> None:
    with cluster_of(tmp_path) as cluster, lender(cluster.address, "--name", "a") as started:
        started.wait_for("connected to")
        below = started.below()
        started.end(signal.SIGKILL)
        assert gone(below)


@pytest.mark.cluster
def test_two_machines_of_one_name_are_told(tmp_path: Path) -> None:
    with cluster_of(tmp_path) as cluster, lender(cluster.address, "--name", "a") as first:
        first.wait_for("connected to")
        with lender(cluster.address, "--name", "a") as second:
            second.wait_for("another machine has this name: choose another one with --name; trying again in")


@pytest.mark.cluster
def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with cluster_of(tmp_path) as cluster, socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with lender(cluster.address, "--port", str(port)) as started:
            started.wait_for("another program has the port: choose another one with --port; trying again in")


@pytest.mark.cluster
def test_certificates_of_one_authority_connect_and_others_do_not(tmp_path: Path) -> None:
    for folder in ("ours", "theirs"):
        (tmp_path / folder).mkdir()
    ours = signed(authority(tmp_path / "ours"), "box")
    strange = signed(authority(tmp_path / "theirs"), "stranger")
    cluster = Cluster(tmp_path)
    address = cluster.address.replace("tcp://", "tls://")
    try:
        cluster.start_scheduler(
            *("--protocol", "tls", "--tls-ca-file", ours.ca, "--tls-cert", ours.cert, "--tls-key", ours.key)
        )
        options = ("--tls-cert", ours.cert, "--tls-key", ours.key)
        with lender(address, "--name", "a", "--tls-ca", ours.ca, *options) as started:
            started.wait_for(f"connected to {address}")
        with lender(address, "--name", "b", "--tls-ca", strange.ca, *options) as started:
            started.wait_for(f"is not one of the authority {strange.ca}: ")
        options = ("--tls-cert", strange.cert, "--tls-key", strange.key)
        with lender(address, "--name", "c", "--tls-ca", ours.ca, *options) as started:
            started.wait_for(f"refuses the certificate {strange.cert}")
        with lender(cluster.address, "--name", "d") as started:
            started.wait_for("or one that expects tls://")
    finally:
        cluster.close()
