"""Postfix as the server that sends to us: over SMTP, over submission with a login, and over LMTP."""

import smtplib
import unittest

import letters
from peers import Postfix, installed
from support import PASSWORD, MailTest, main, needs_root

ALICE = "alice@crepes.fr"


@needs_root
@unittest.skipUnless(installed(Postfix.program), "Postfix is not unpacked (tools/set-up.sh)")
class PostfixTest(MailTest):
    def hand_in(self, sender, recipients, letter, mail_options=(), rcpt_options=()):
        """To Postfix, as a client of its own does."""
        with smtplib.SMTP("127.0.0.1", self.postfix.port, timeout=60) as client:
            client.sendmail(sender, recipients, letter, mail_options, rcpt_options)


class ToMx(PostfixTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.postfix = cls.start(Postfix(("127.0.0.1", cls.pabal.ports["mx"]), smtp_tls_security_level="encrypt"))

    def test_letters_arrive_byte_for_byte(self):
        for name, letter in letters.ALL.items():
            with self.subTest(name):
                bob = self.new_account()
                self.hand_in(ALICE, bob, letter, ["BODY=8BITMIME"])
                [arrived] = self.assert_arrived(bob, letter)
                self.assertIn(b"with ESMTPS", arrived)

    def test_twenty_megabytes(self):
        bob, letter = self.new_account(), letters.large()
        self.hand_in(ALICE, bob, letter)
        self.assert_arrived(bob, letter)

    def test_addresses_in_any_script(self):
        hong = self.pabal.add_account(PASSWORD, "홍길동")
        self.hand_in("앨리스@crepes.fr", hong, letters.UTF8, ["SMTPUTF8", "BODY=8BITMIME"])
        self.assert_arrived(hong, letters.UTF8)

    def test_many_letters_and_recipients(self):
        people = [self.new_account() for _ in range(5)]
        for _ in range(20):
            self.hand_in(ALICE, people, letters.DOTS)
        for address in people:
            self.assert_arrived(address, *[letters.DOTS] * 20)

    def test_our_refusal_is_told_to_the_sender_word_for_word(self):
        bob = self.new_account()
        self.hand_in(ALICE, [bob, "nobody@hamburger.edu"], letters.PLAIN)
        self.assert_arrived(bob, letters.PLAIN)
        report = self.postfix.wait_for_letters(1)[-1]
        self.assertIn(b"Status: 5.1.1", report)
        self.assertIn(b"nobody@hamburger.edu", report)

    def test_delivery_reports_are_passed_on(self):
        bob = self.new_account()
        self.hand_in(ALICE, bob, letters.PLAIN, ["RET=HDRS", "ENVID=QQ314159"], ["NOTIFY=FAILURE", f"ORCPT=rfc822;{bob}"])
        self.assert_arrived(bob, letters.PLAIN)


class ToSubmission(PostfixTest):
    """As an office's server that hands everything to its provider, with a login."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bob = cls.pabal.add_account(PASSWORD)
        port = cls.pabal.ports["submission"]
        secrets = cls.pabal.directory / "sasl"
        secrets.write_text(f"[127.0.0.1]:{port} {cls.bob}:{PASSWORD}\n")
        cls.postfix = cls.start(Postfix(
            ("127.0.0.1", port), smtp_tls_security_level="encrypt", smtp_sasl_auth_enable="yes",
            smtp_sasl_password_maps=f"texthash:{secrets}", smtp_sasl_tls_security_options="noanonymous"))

    def test_a_login(self):
        carol = self.new_account()
        letter = letters.DOTS.replace(b"alice@crepes.fr", self.bob.encode())
        self.hand_in(self.bob, carol, letter)
        [arrived] = self.assert_arrived(carol, letter)
        self.assertIn(b"with ESMTPSA", arrived)


class ToLmtp(PostfixTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.postfix = cls.start(Postfix(("127.0.0.1", cls.pabal.ports["lmtp"]), "lmtp"))

    def test_letters_arrive_byte_for_byte(self):
        for name, letter in letters.ALL.items():
            with self.subTest(name):
                bob, carol = self.new_account(), self.new_account()
                self.hand_in(ALICE, [bob, carol], letter, ["BODY=8BITMIME"])
                for address in bob, carol:
                    [arrived] = self.assert_arrived(address, letter)
                    self.assertIn(b"with LMTP", arrived)


if __name__ == "__main__":
    main()
