"""The certificate that a device made for itself: its fingerprint, so that it can be recognised later."""

import asyncio
import hashlib
import ssl

from .errors import DeviceConnectionError, DeviceTimeoutError


async def fingerprint(host: str, port: int, *, deadline: float) -> bytes:
    """Return the SHA-256 of the certificate that ``host`` shows; whether it is to be trusted, the caller decides."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        async with asyncio.timeout(deadline):
            _, writer = await asyncio.open_connection(host, port, ssl=context)
            try:
                certificate = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
            finally:
                writer.close()
    except TimeoutError as error:
        raise DeviceTimeoutError(f"no certificate within {deadline:g} s") from error
    except OSError as error:
        raise DeviceConnectionError(type(error).__name__) from error
    return hashlib.sha256(certificate).digest()
