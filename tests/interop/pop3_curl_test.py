"""curl as a POP3 client: logins of another TLS library, lists and letters."""

import subprocess

import letters
from pop3_support import Pop3Test
from support import PASSWORD, main, needs


@needs("curl")
class Curl(Pop3Test):
    def curl(self, path, *more, scheme="pop3s", user=None):
        port = self.server.ports[scheme]
        return subprocess.run(["curl", "--silent", "--show-error", f"{scheme}://{self.host}:{port}/{path}",
                               "--resolve", f"{self.host}:{port}:127.0.0.1", "--cacert", self.server.certificate,
                               "--noproxy", "*", "--max-time", "60", "--user", user or f"{self.bob}:{PASSWORD}", *more],
                              capture_output=True)

    def get(self, path, *more, **options):
        done = self.curl(path, *more, **options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_letters_come_byte_for_byte(self):
        for number, (name, letter) in enumerate(letters.ALL.items(), start=1):
            with self.subTest(name):
                self.put("INBOX", letter)
                self.assertEqual(self.get(str(number)), letter)

    def test_lists(self):
        self.put("INBOX", letters.PLAIN)
        self.put("INBOX", letters.DOTS)
        self.assertEqual(self.get(""), b"1 %d\r\n2 %d\r\n" % (len(letters.PLAIN), len(letters.DOTS)))
        self.assertRegex(self.get("", "--request", "UIDL"), rb"\A1 \S+\r\n2 \S+\r\n\Z")
        self.assertEqual(self.get("", "--request", "TOP 1 0"), letters.PLAIN.split(b"\r\n\r\n")[0] + b"\r\n\r\n")

    def test_logins(self):
        self.put("INBOX", letters.PLAIN)
        for scheme, more in ("pop3s", []), ("pop3", ["--ssl-reqd"]):
            for mechanism in "PLAIN", "LOGIN":
                for initial in [], ["--sasl-ir"]:
                    with self.subTest(scheme, mechanism=mechanism, initial=initial):
                        self.assertEqual(self.get("1", *more, *initial, "--login-options", f"AUTH={mechanism}",
                                                  scheme=scheme), letters.PLAIN)

    def test_a_wrong_password(self):
        done = self.curl("1", user=f"{self.bob}:hungry for crepes")
        self.assertEqual(done.returncode, 67, done.stderr)  # "login denied"

    def test_delete(self):
        self.put("INBOX", letters.PLAIN)
        self.put("INBOX", letters.DOTS)
        self.get("1", "--request", "DELE", "--list-only")
        self.assertEqual(self.letters_in("INBOX"), [letters.DOTS])

    def test_a_letter_that_is_not_there(self):
        self.assertNotEqual(self.curl("7").returncode, 0)


if __name__ == "__main__":
    main()
