"""msmtp as a mail program: GnuTLS and GNU SASL, where the others here have OpenSSL."""

import subprocess

import letters
from support import PASSWORD, MailTest, main, needs


@needs("msmtp")
class Msmtp(MailTest):
    def send(self, sender, recipient, letter, mechanism, implicit, password=PASSWORD):
        """Checks our certificate, host name and all."""
        config = self.pabal.directory / "msmtprc"
        config.touch(0o600)
        port = self.pabal.ports["submissions" if implicit else "submission"]
        config.write_text(f"""
account default
host 127.0.0.1
port {port}
domain client.crepes.fr
from {sender}
tls on
tls_starttls {"off" if implicit else "on"}
tls_trust_file {self.pabal.certificate}
tls_host_override mail.hamburger.edu
auth {mechanism}
user {sender}
password {password}
timeout 30
""")
        return subprocess.run(["msmtp", "-C", config, "--", recipient], input=letter.replace(b"\r\n", b"\n"),
                              capture_output=True, timeout=60)

    def test_logins(self):
        for implicit in False, True:
            for mechanism in "plain", "login", "scram-sha-256":
                with self.subTest(mechanism, implicit=implicit):
                    bob, carol = self.new_account(), self.new_account()
                    letter = letters.sent_by(bob, letters.PLAIN)
                    done = self.send(bob, carol, letter, mechanism, implicit)
                    self.assertEqual(done.returncode, 0, done.stderr)
                    self.assert_arrived(carol, letter, wait=False)

    def test_a_wrong_password(self):
        bob = self.new_account()
        for mechanism in "plain", "scram-sha-256":
            with self.subTest(mechanism):
                done = self.send(bob, bob, letters.PLAIN, mechanism, True, "hungry for crepes")
                self.assertEqual(done.returncode, 77, done.stderr)  # EX_NOPERM

    def test_letters_arrive_byte_for_byte(self):
        bob = self.new_account()
        for name, letter in letters.ALL.items():
            with self.subTest(name):
                carol = self.new_account()
                letter = letters.sent_by(bob, letter)
                done = self.send(bob, carol, letter, "plain", True)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assert_arrived(carol, letter, wait=False)


if __name__ == "__main__":
    main()
