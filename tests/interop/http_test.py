"""curl and nghttp against the HTTP server: both versions, in clear and over TLS, what everybody may see, and sign-ins."""

import http.client
import json
import re
import socket
import ssl
import subprocess

from support import PASSWORD, MailTest, main, needs


@needs("curl")
class Http(MailTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.host = "mail.hamburger.edu"

    def curl(self, path, *more, scheme="https"):
        port = self.pabal.ports[scheme]
        done = subprocess.run(["curl", "--silent", "--show-error", f"{scheme}://{self.host}:{port}{path}",
                               "--resolve", f"{self.host}:{port}:127.0.0.1", "--cacert", self.pabal.certificate,
                               "--noproxy", "*", "--max-time", "60", *more], capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def fields(self, path, *more, **options):
        """Status and header fields."""
        head = self.curl(path, "--dump-header", "-", "--output", "/dev/null", *more, **options).decode()
        lines = head.rstrip().split("\r\n")
        return int(lines[0].split()[1]), dict((name.lower(), value) for name, value in
                                              (line.split(": ", 1) for line in lines[1:]))

    def test_every_version_over_every_line(self):
        for scheme, option, want in [("http", "--http1.0", "1.0"), ("http", "--http1.1", "1.1"),
                                     ("http", "--http2-prior-knowledge", "2"), ("https", "--http1.1", "1.1"),
                                     ("https", "--http2", "2")]:
            with self.subTest(scheme, option=option):
                # HTTP/1.0 is answered in 1.1, which is what the version of an answer means (RFC 9110 §6.2).
                version = self.curl("/healthz", option, "--write-out", "%{http_version}", scheme=scheme)
                self.assertEqual(version, b"ok\n" + (b"1.1" if want == "1.0" else want.encode()))

    def test_pages_are_compressed_and_not_sent_again(self):
        plain = self.curl("/")
        self.assertIn(b"Pabal", plain)
        for coding in "gzip", "br":
            status, fields = self.fields("/", "--header", f"Accept-Encoding: {coding}")
            self.assertEqual((status, fields["content-encoding"]), (200, coding))
            self.assertEqual(self.curl("/", "--compressed", "--header", f"Accept-Encoding: {coding}"), plain)
            status, _ = self.fields("/", "--header", f"Accept-Encoding: {coding}",
                                    "--header", f"If-None-Match: {fields['etag']}")
            self.assertEqual(status, 304)
        self.assertEqual(self.curl("/mail/anywhere", "--header", "Accept: text/html"), plain)
        self.assertEqual(self.fields("/assets/gone.js", "--header", "Accept: text/html")[0], 404)

    def test_browsers_are_told_what_not_to_do(self):
        _, page = self.fields("/")
        self.assertIn("require-trusted-types-for 'script'", page["content-security-policy"])
        self.assertEqual(page["cross-origin-opener-policy"], "same-origin")
        self.assertEqual(page["strict-transport-security"], "max-age=31536000")
        _, answer = self.fields("/healthz", scheme="http")
        self.assertEqual(answer["x-content-type-options"], "nosniff")
        self.assertEqual(answer["cache-control"], "no-store")
        self.assertNotIn("strict-transport-security", answer)

    def test_metrics(self):
        self.curl("/healthz")
        metrics = self.curl("/metrics", scheme="http").decode()
        self.assertRegex(metrics, r"(?m)^pabal_http_answers_total [1-9]")
        # Who comes through a proxy on this machine is not from this machine.
        self.assertEqual(self.fields("/metrics", "--header", "X-Forwarded-For: 192.0.2.1")[0], 403)

    def test_signing_in_as_a_browser_does(self):
        alice = self.new_account()
        jar = self.pabal.directory / "cookies"
        json_type = ["--header", "Content-Type: application/json", "--cookie", jar, "--cookie-jar", jar]
        asked = json.dumps({"name": alice, "password": PASSWORD})
        session = json.loads(self.curl("/auth/sign-in", *json_type, "--data", asked))
        self.assertEqual(session["address"], alice)
        self.assertEqual(json.loads(self.curl("/auth/session", "--cookie", jar)), session)
        self.assertEqual(self.fields("/auth/sign-out", *json_type, "--data", "{}")[0], 403)
        csrf = ["--header", f"X-CSRF-Token: {session['csrf']}"]
        self.assertEqual(self.fields("/auth/session", "--cookie", jar, "--user", f"{alice}:{PASSWORD}")[0], 400)
        self.assertEqual(self.fields("/auth/session", "--cookie", jar,
                                     "--header", "Sec-Fetch-Site: cross-site")[0], 403)
        self.assertEqual(self.curl("/auth/sign-out", *json_type, *csrf, "--data", "{}"), b"{}")
        self.assertEqual(self.fields("/auth/session", "--cookie", jar)[0], 401)

    def test_mail_programs_set_themselves_up(self):
        # These listeners take any port, so no port is told; the unit tests look at those.
        asked = self.curl("/mail/config-v1.1.xml?emailaddress=bob@hamburger.edu").decode()
        self.assertIn("<domain>hamburger.edu</domain>", asked)
        question = "<Autodiscover><Request><EMailAddress>bob@hamburger.edu</EMailAddress></Request></Autodiscover>"
        asked = self.curl("/autodiscover/autodiscover.xml", "--data", question).decode()
        self.assertIn("<Action>settings</Action>", asked)
        self.assertIn("EmailTypeIMAP", self.curl("/apple.mobileconfig?address=bob@hamburger.edu").decode())
        self.assertIn(b"_submissions._tcp.hamburger.edu. SRV ", self.pabal.run("domain", "records", "hamburger.edu"))

    @needs("nghttp")
    def test_nghttp_asks_for_many_at_a_time(self):
        port = self.pabal.ports["http"]
        done = subprocess.run(["nghttp", "--stat", "--null-out", "--multiply=50", f"http://127.0.0.1:{port}/healthz"],
                              capture_output=True, timeout=60)
        self.assertEqual(len(re.findall(rb" 200 +3 /healthz", done.stdout)), 50, done.stdout + done.stderr)

    def test_python_keeps_its_connection(self):
        trust = ssl.create_default_context(cafile=self.pabal.certificate)
        connection = http.client.HTTPSConnection("127.0.0.1", self.pabal.ports["https"], timeout=60, context=trust)
        for _ in range(20):
            connection.request("GET", "/healthz")
            self.assertEqual(connection.getresponse().read(), b"ok\n")
        connection.close()

    def test_smuggled_requests_end_the_connection(self):
        for request in [b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                        b"GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n",
                        b"GET /healthz HTTP/1.1\nHost: a\n\n"]:
            with socket.create_connection(("127.0.0.1", self.pabal.ports["http"]), timeout=60) as stream:
                stream.sendall(request + b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
                answer = b""
                while more := stream.recv(4096):
                    answer += more
            self.assertTrue(answer.startswith(b"HTTP/1.1 400 "), answer)
            self.assertEqual(answer.count(b"HTTP/1.1 "), 1)


if __name__ == "__main__":
    main()
