"""What every file here begins and ends with: a test class with a server, and a run that tells what was left out."""

import os
import shutil
import smtplib
import sys
import unittest

import letters
from pabal_server import Pabal

PASSWORD = "hungry for hamburgers"
EXIT_SKIPPED = 77  # what CMakeLists.txt calls SKIP_RETURN_CODE


def needs(program):
    """Skips a test, or a class of them, where a program is not installed."""
    return unittest.skipUnless(shutil.which(program), f"{program} is not installed")


needs_root = unittest.skipUnless(os.geteuid() == 0, "Postfix runs as root only")


class MailTest(unittest.TestCase):
    """One server for all tests of a class, and the peers that it starts beside it."""

    @classmethod
    def setUpClass(cls):
        cls.peers = []
        cls.pabal = cls.start(cls.make_server())

    @classmethod
    def make_server(cls):
        """What its configuration speaks of is started here, before it."""
        return Pabal()

    @classmethod
    def start(cls, peer):
        """Runs until the class is done."""
        cls.peers.append(peer)
        cls.addClassCleanup(peer.stop)
        return peer

    def new_account(self):
        return self.pabal.add_account(PASSWORD)

    def assert_arrived(self, address, *want, wait=True):
        """Exactly these letters lie in the mailbox, in this order, below what hops put in front."""
        got = self.pabal.wait_for_letters(address, len(want)) if wait else self.pabal.letters(address)
        self.assert_same(got, want)
        return got

    def assert_same(self, got, want):
        self.assertEqual(len(got), len(want), "letters")
        for each, (one, other) in enumerate(zip(got, want)):
            if difference := letters.difference(one, other):
                self.fail(f"letter {each + 1}: {difference}")

    def logs(self):
        for peer in self.peers:
            yield type(peer).__name__, peer.log()


class OutboundTest(MailTest):
    """Bob hands letters in for people elsewhere, and reads in his mailbox what became of them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bob = cls.pabal.add_account(PASSWORD)

    def hand_in(self, recipients, letter, mail_options=(), rcpt_options=(), sender=None):
        """Returns the letter as it should arrive."""
        sender = sender or self.bob
        letter = letters.sent_by(sender, letter)
        with smtplib.SMTP("127.0.0.1", self.pabal.ports["submission"], timeout=60) as client:
            client.login(sender, PASSWORD)
            client.sendmail(sender, recipients, letter, mail_options, rcpt_options)
        return letter


class _Result(unittest.TextTestResult):
    """Shows what servers wrote when a test of theirs fails."""

    def addFailure(self, test, err):
        self._show_logs(test)
        super().addFailure(test, err)

    def addError(self, test, err):
        self._show_logs(test)
        super().addError(test, err)

    def addSubTest(self, test, subtest, err):
        if err:
            self._show_logs(test)
        super().addSubTest(test, subtest, err)

    def _show_logs(self, test):
        for name, text in test.logs() if isinstance(test, MailTest) else ():
            self.stream.writeln(f"\n--- {name}, its last lines\n" + "\n".join(text.splitlines()[-40:]))


def main():
    """Runs the file's tests. Each reason to leave some out is a line that ./check counts."""
    program = unittest.main(module="__main__", exit=False, verbosity=2,
                            testRunner=unittest.TextTestRunner(stream=sys.stdout, resultclass=_Result, verbosity=2))
    result = program.result
    for reason in sorted({reason for _, reason in result.skipped}):
        print(f"skipped: {reason}", flush=True)
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(EXIT_SKIPPED if result.skipped and result.testsRun <= len(result.skipped) else 0)
