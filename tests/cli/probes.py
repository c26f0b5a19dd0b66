"""The connection that `mcpd diagnose` makes itself: where it goes, what it tells, what it says of certificates."""

import http.server
import json
import ssl
import subprocess
import threading

from stdio_client import text_of


class Quiet(http.server.BaseHTTPRequestHandler):
    """An HTTP server that says yes."""

    def do_HEAD(self):
        self.server.paths.append(self.path)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


TRUSTED = "/etc/ssl/certs/ca-certificates.crt"


def check_certificates(t, world, sock):
    """An authority that this machine trusts, and a certificate of it for another name."""
    key, request = world.path("tls.key"), world.path("tls.csr")
    new = ["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    subprocess.run(new + ["-x509", "-days", "2", "-subj", "/CN=authority", "-keyout", world.path("ca.key"), "-out", world.path("ca.pem")],
                   check=True, capture_output=True)
    subprocess.run(new + ["-subj", "/CN=shop.example", "-keyout", key, "-out", request], check=True, capture_output=True)
    names = world.write("names", "subjectAltName=DNS:shop.example")
    subprocess.run(["openssl", "x509", "-req", "-in", request, "-CA", world.path("ca.pem"), "-CAkey", world.path("ca.key"), "-CAcreateserial",
                    "-days", "2", "-extfile", names, "-out", world.path("tls.pem")], check=True, capture_output=True)
    with open(TRUSTED, encoding="ascii") as old, open(world.path("ca.pem"), encoding="ascii") as more:
        bundle = world.write("bundle", old.read() + more.read())
    subprocess.run(["mount", "--bind", bundle, TRUSTED], check=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(world.path("tls.pem"), key)
    server = http.server.ThreadingHTTPServer(("127.0.0.5", 8443), Quiet)
    server.paths = []
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        got = world.run("diagnose", "web.example:8443", "--capd", sock, "--duration", "2", "--json", user=True)
        report = json.loads(got.stdout) if got.stdout else {}
        t.check("a certificate for another name: said so, and what mcpd itself could not use is not healthy", got.returncode == 1 and
                "it is for another name" in report["probe"].get("why", "") and report["verdict"]["status"] == "inconclusive" and
                "the probe says why" in report["verdict"]["headline"], got)
        got = world.run("diagnose", "127.0.0.5:8443", "--capd", sock, "--duration", "2", "--json", user=True)
        report = json.loads(got.stdout) if got.stdout else {}
        t.check("who asks for an address asks for no name", got.returncode == 0 and report["probe"]["result"] == "ok", got)
    finally:
        server.shutdown()
        subprocess.run(["umount", TRUSTED], check=True)


def check(t, world, sock, session_of):
    server = http.server.HTTPServer(("127.0.0.5", 8080), Quiet)
    server.paths = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    got = world.run("diagnose", "http://me:pw@web.example:8080/backstairs?token=1", "--capd", sock, "--duration", "2",
                    "--json", user=True)
    report = json.loads(got.stdout) if got.stdout else {}
    t.check("diagnose with a probe: healthy, exit 0, and the traffic is marked as mcpd's own",
            got.returncode == 0 and report.get("probe", {}).get("result") == "ok" and
            report["probe"]["status"] == 204 and report["interface"] == "lo", got)
    t.check("the path, the query and the user part reach nobody",
            server.paths == ["/"] and "backstairs" not in got.stdout and "pw" not in got.stdout, (server.paths, got))
    got = world.run("diagnose", "web.example:8080", "--capd", sock, "--duration", "1", "--no-probe", "--json",
                    user=True)
    report = json.loads(got.stdout) if got.stdout else {}
    t.check("--no-probe: nothing is sent, no traffic, exit 1", got.returncode == 1 and "probe" not in report and
            report["verdict"]["status"] == "no_traffic" and len(server.paths) == 1, got)
    got = world.run("diagnose", "127.0.0.5", "--capd", sock, "--duration", "1", user=True)
    t.check("a probe that is not made is told while the traffic can still be", "no probe: a probe of an address needs a port" in got.stderr and
            "make the traffic" in got.stderr, got)
    check_certificates(t, world, sock)
    conf = world.write("noprobe.conf", "probe = off\n")
    session = session_of(world, "--capd", sock, "--config", conf)
    got = session.tool("start_packet_capture", target="web.example:8080", probe=True)
    t.check("probe = off is said and kept", got["isError"] and "probe = off" in text_of(got) and
            len(server.paths) == 1, got)
    session.end()
    server.shutdown()
