"""What every server that stands between a client and us must bring through."""

import smtplib

import letters
from support import PASSWORD, MailTest

ALICE = "alice@crepes.fr"


class ThroughTest(MailTest):
    """`peer` takes letters from here, and sends them on to us."""

    peer = None

    def hand_in(self, sender, recipients, letter, mail_options=(), rcpt_options=()):
        """To the peer, as a client of its own does."""
        with smtplib.SMTP("127.0.0.1", self.peer.port, timeout=60) as client:
            client.sendmail(sender, recipients, letter, mail_options, rcpt_options)


class ToMxTest:
    """Beside ThroughTest: the peer sends to our MX, encrypted."""

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
