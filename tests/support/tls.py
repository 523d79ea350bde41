"""TLS in front of a server of this machine, with a certificate made for the test."""

import asyncio
import ssl
import subprocess
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path


def certificate(directory: Path, *names: str) -> tuple[Path, Path]:
    """Make a certificate of our own for these names and 127.0.0.1; returns it and its key. Blocks."""
    cert, key = directory / "cert.pem", directory / "key.pem"
    valid_for = ",".join(["IP:127.0.0.1", *(f"DNS:{name}" for name in names)])
    line = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    more = ["-days", "2", "-subj", "/CN=test", "-addext", f"subjectAltName={valid_for}"]
    subprocess.run([*line, *more, "-keyout", key, "-out", cert], check=True, capture_output=True, timeout=60)
    return cert, key


@asynccontextmanager
async def tls_front(port: int, cert: Path, key: Path) -> AsyncGenerator[int]:
    """Speak TLS and pass on what is said to a server on `port`; gives the port to speak to."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)

    async def pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        try:
            while part := await source.read(65536):
                target.write(part)
                await target.drain()
        except OSError:
            return
        finally:
            target.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        async with asyncio.TaskGroup() as both:
            both.create_task(pass_on(reader, far_writer))
            both.create_task(pass_on(far_reader, writer))

    listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()
