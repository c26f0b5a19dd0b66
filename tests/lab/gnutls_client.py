#!/usr/bin/env python3
"""A TLS client that looks at the server's certificate inside of the handshake, as programs on GnuTLS do.

  gnutls_client.py ADDRESS PORT NAME COUNT    exits 0 when each handshake was broken off over the certificate

OpenSSL breaks off in clear text, which is another finding; GnuTLS encrypts the alert, as RFC 8446 wants it.
"""

import ctypes
import socket
import sys

CLIENT, CERTIFICATE, DNS_NAME = 2, 1, 1
VERIFICATION_ERROR = -348


def attempt(tls, address, port, name):
    """One handshake; returns GnuTLS's code."""
    session, credentials = ctypes.c_void_p(), ctypes.c_void_p()
    tls.gnutls_init(ctypes.byref(session), CLIENT)
    tls.gnutls_certificate_allocate_credentials(ctypes.byref(credentials))
    tls.gnutls_set_default_priority(session)
    tls.gnutls_credentials_set(session, CERTIFICATE, credentials)
    tls.gnutls_server_name_set(session, DNS_NAME, name, ctypes.c_size_t(len(name)))
    tls.gnutls_session_set_verify_cert(session, name, 0)
    with socket.create_connection((address, port), 10) as conn:
        conn.settimeout(None)
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else the alert waits behind what is not acknowledged yet
        tls.gnutls_transport_set_int2(session, conn.fileno(), conn.fileno())
        code = tls.gnutls_handshake(session)
        if code < 0:
            tls.gnutls_alert_send_appropriate(session, code)
    tls.gnutls_deinit(session)
    tls.gnutls_certificate_free_credentials(credentials)
    return code


if __name__ == "__main__":
    library = ctypes.CDLL("libgnutls.so.30")
    codes = [attempt(library, sys.argv[1], int(sys.argv[2]), sys.argv[3].encode()) for _ in range(int(sys.argv[4]))]
    print(codes)
    sys.exit(0 if set(codes) == {VERIFICATION_ERROR} else 1)
