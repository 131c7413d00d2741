"""curl, the mail program of scripts."""

import subprocess

import letters
from support import PASSWORD, MailTest, main, needs


@needs("curl")
class Curl(MailTest):
    def send(self, scheme, port, sender, recipients, letter, *more):
        """Checks our certificate, host name and all."""
        path = self.pabal.directory / "letter.eml"
        path.write_bytes(letter)
        host, number = f"mail.{self.pabal.domain}", self.pabal.ports[port]
        to = [argument for each in recipients for argument in ("--mail-rcpt", each)]
        return subprocess.run(["curl", "--silent", "--show-error", f"{scheme}://{host}:{number}/mail.crepes.fr",
                               "--resolve", f"{host}:{number}:127.0.0.1", "--cacert", self.pabal.certificate,
                               "--noproxy", "*", "--max-time", "60", "--mail-from", sender, *to,
                               "--upload-file", path, *more], capture_output=True)

    def assert_sent(self, done):
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_letters_arrive_byte_for_byte(self):
        for name, letter in letters.ALL.items():
            with self.subTest(name):
                bob, carol = self.new_account(), self.new_account()
                self.assert_sent(self.send("smtp", "mx", "alice@crepes.fr", [bob, carol], letter, "--ssl-reqd"))
                for address in bob, carol:
                    self.assert_arrived(address, letter, wait=False)

    def test_twenty_megabytes_over_tls(self):
        bob, letter = self.new_account(), letters.large()
        self.assert_sent(self.send("smtp", "mx", "alice@crepes.fr", [bob], letter, "--ssl-reqd"))
        self.assert_arrived(bob, letter, wait=False)

    def test_logins(self):
        for scheme, port, more in ("smtp", "submission", ["--ssl-reqd"]), ("smtps", "submissions", []):
            for mechanism in "PLAIN", "LOGIN":
                for initial in [], ["--sasl-ir"]:
                    with self.subTest(scheme, mechanism=mechanism, initial=initial):
                        bob, carol = self.new_account(), self.new_account()
                        letter = letters.sent_by(bob, letters.DOTS)
                        self.assert_sent(self.send(scheme, port, bob, [carol], letter, *more, *initial, "--user",
                                                   f"{bob}:{PASSWORD}", "--login-options", f"AUTH={mechanism}"))
                        self.assert_arrived(carol, letter, wait=False)

    def test_a_wrong_password(self):
        bob = self.new_account()
        done = self.send("smtps", "submissions", bob, [bob], letters.PLAIN, "--user", f"{bob}:hungry for crepes")
        self.assertEqual(done.returncode, 67, done.stderr)  # "login denied"

    def test_addresses_in_any_script(self):
        hong = self.pabal.add_account(PASSWORD, "홍길동")
        self.assert_sent(self.send("smtp", "mx", "앨리스@crepes.fr", [hong], letters.UTF8))
        self.assert_arrived(hong, letters.UTF8, wait=False)


if __name__ == "__main__":
    main()
