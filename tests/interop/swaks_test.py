"""swaks, with which postmasters try a server by hand."""

import subprocess

import letters
from support import PASSWORD, MailTest, main, needs


@needs("swaks")
class Swaks(MailTest):
    def send(self, port, recipient, letter, *more, sender="alice@crepes.fr"):
        path = self.pabal.directory / "letter.eml"
        path.write_bytes(letter.removesuffix(b"\r\n"))  # it adds an end of its own
        done = subprocess.run(["swaks", "--server", "127.0.0.1", "--port", str(self.pabal.ports[port]),
                               "--helo", "mail.crepes.fr", "--from", sender, "--to", recipient,
                               "--data", f"@{path}", "--timeout", "30s", *more], capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout.decode(errors="replace"))
        return done.stdout

    def test_plain_and_pipelined(self):
        for how in (), ("--pipeline",):
            # It takes a dot in the last line for the end of the letter.
            for letter in letters.PLAIN, letters.LONG_LINES, letters.UTF8, letters.DOTS + b"end\r\n":
                with self.subTest(letter[:200], how=how):
                    bob = self.new_account()
                    self.send("mx", bob, letter, *how)
                    self.assert_arrived(bob, letter, wait=False)

    def test_starttls(self):
        bob = self.new_account()
        self.send("mx", bob, letters.PLAIN, "--tls")
        [letter] = self.assert_arrived(bob, letters.PLAIN, wait=False)
        self.assertIn(b"with ESMTPS", letter)

    def test_logins(self):
        for port, tls in ("submission", "--tls"), ("submissions", "--tlsc"):
            for mechanism in "PLAIN", "LOGIN":
                with self.subTest(port=port, mechanism=mechanism):
                    bob, carol = self.new_account(), self.new_account()
                    letter = letters.sent_by(bob, letters.PLAIN)
                    self.send(port, carol, letter, tls, "--auth", mechanism, "--auth-user", bob,
                              "--auth-password", PASSWORD, sender=bob)
                    self.assert_arrived(carol, letter, wait=False)

    def test_lmtp(self):
        bob = self.new_account()
        self.send("lmtp", bob, letters.PLAIN, "--protocol", "LMTP")
        self.assert_arrived(bob, letters.PLAIN, wait=False)

    def test_xclient_is_not_for_strangers(self):
        done = subprocess.run(["swaks", "--server", "127.0.0.1", "--port", str(self.pabal.ports["mx"]),
                               "--from", "alice@crepes.fr", "--to", "bob@hamburger.edu",
                               "--xclient", "ADDR=192.0.2.1"], capture_output=True, timeout=60)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(b"Host did not advertise XCLIENT", done.stdout + done.stderr)


if __name__ == "__main__":
    main()
