"""What stands between a machine and the API: TLS with an authority of its own, SOCKS5 and HTTP proxies."""

import datetime
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import anyio
from anyio.abc import AnyByteReceiveStream, AnyByteSendStream, AnyByteStream, SocketAttribute
from anyio.streams.buffered import BufferedByteReceiveStream
from anyio.streams.tls import TLSListener
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST: Final = "gemini.invalid"
"""Nobody's: only a proxy can lead there."""

UPLOADS: Final = (b"x-goog-upload-url: http:", b"x-goog-upload-url: https:")
"""The emulator, which speaks no TLS, does not know what stands before it."""


# Certificates --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Authority:
    """A company's own authority, and a server's certificate that it has signed.

    Attributes:
        file: Its root certificate.
        server: What a server needs to be `HOST`.
    """

    file: Path
    server: ssl.SSLContext


def make_authority(folder: Path) -> Authority:
    """Make both, with keys that nobody keeps.

    As many companies' certificates, they lack the identifiers of keys that RFC 5280 demands.
    """
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name, name = common_name("Contoso Root"), common_name(HOST)
    root = unsigned(root_name, root_name, root_key).add_extension(x509.BasicConstraints(True, None), critical=True)
    leaf = unsigned(root_name, name, key).add_extension(
        x509.SubjectAlternativeName([x509.DNSName(HOST), x509.DNSName("localhost")]), critical=False
    )
    (file := folder / "contoso.pem").write_bytes(pem(root.sign(root_key, hashes.SHA256())))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (both := folder / "server.pem").write_bytes(private + pem(leaf.sign(root_key, hashes.SHA256())))
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(both)
    return Authority(file, server)


def common_name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def unsigned(issuer: x509.Name, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    """A certificate that is valid for a day on both sides of now."""
    now, day = datetime.datetime.now(datetime.UTC), datetime.timedelta(days=1)
    named = x509.CertificateBuilder().issuer_name(issuer).subject_name(subject).public_key(key.public_key())
    return named.serial_number(x509.random_serial_number()).not_valid_before(now - day).not_valid_after(now + day)


def pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


# Servers -------------------------------------------------------------------------------------------------


@asynccontextmanager
async def listening(
    serve: Callable[[AnyByteStream], Awaitable[None]], tls: ssl.SSLContext | None = None
) -> AsyncGenerator[int]:
    """Serve on a port of this machine; what a client does wrong is its own affair."""

    async def guarded(stream: AnyByteStream) -> None:
        try:
            async with stream:
                await serve(stream)
        except (OSError, anyio.BrokenResourceError, anyio.EndOfStream, anyio.IncompleteRead, anyio.ClosedResourceError):
            pass

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=0)
    port: int = listener.extra(SocketAttribute.local_port)
    serving = TLSListener(listener, tls, standard_compatible=False) if tls else listener
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(serving.serve, guarded)
        yield port
        tasks.cancel_scope.cancel()


async def joined(one: AnyByteStream, port: int) -> None:
    """Pass on what comes, in both directions, until one side has ended."""
    async with await anyio.connect_tcp("127.0.0.1", port) as other, anyio.create_task_group() as tasks:

        async def pump(source: AnyByteReceiveStream, target: AnyByteSendStream) -> None:
            async for part in source:
                await target.send(part.replace(*UPLOADS))
            tasks.cancel_scope.cancel()

        tasks.start_soon(pump, one, other)
        tasks.start_soon(pump, other, one)


@asynccontextmanager
async def tls_front(url: str, authority: Authority) -> AsyncGenerator[int]:
    """The API at `url`, with TLS before it."""
    port = int(url.rpartition(":")[2])
    async with listening(lambda stream: joined(stream, port), authority.server) as front:
        yield front


@dataclass
class Proxy:
    """A proxy that leads every connection to one port.

    Attributes:
        password: `name:password`, without which nobody is served.
        asked: The hosts that it was asked for.
    """

    target: int
    password: bytes = b""
    asked: list[str] = field(default_factory=list[str])

    async def socks5(self, stream: AnyByteStream) -> None:
        """RFC 1928 and 1929."""
        read = BufferedByteReceiveStream(stream).receive_exactly
        _, count = await read(2)
        methods = await read(count)
        wanted = 2 if self.password else 0
        await stream.send(bytes([5, wanted if wanted in methods else 255]))
        if wanted not in methods:
            return
        if self.password and not await self._let_in(stream, read):
            return
        _, _, _, kind = await read(4)
        assert kind == 3, "the name is to be looked up by the proxy"
        host = await read((await read(1))[0])
        self.asked.append(f"{host.decode()}:{int.from_bytes(await read(2))}")
        await stream.send(b"\5\0\0\1\0\0\0\0\0\0")
        await joined(stream, self.target)

    async def _let_in(self, stream: AnyByteStream, read: Callable[[int], Awaitable[bytes]]) -> bool:
        _, length = await read(2)
        name = await read(length)
        given = name + b":" + await read((await read(1))[0])
        await stream.send(bytes([1, given != self.password]))
        return given == self.password

    async def connect(self, stream: AnyByteStream) -> None:
        """The CONNECT of HTTP."""
        head = await BufferedByteReceiveStream(stream).receive_until(b"\r\n\r\n", 65_536)
        self.asked.append(head.split()[1].decode())
        await stream.send(b"HTTP/1.1 200 OK\r\n\r\n")
        await joined(stream, self.target)
