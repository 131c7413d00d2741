"""What the tests of mail programs over POP3 share: Pabal, accounts, letters that IMAP brought, and poplib."""

import contextlib
import poplib
import unittest

from imap_support import ImapTest, chosen_server
from pabal_server import PATIENCE
from support import PASSWORD

poplib._MAXLINE = 10_000_000  # letters have long lines


class Pop3Test(ImapTest):
    @classmethod
    def setUpClass(cls):
        if chosen_server() != "pabal":
            raise unittest.SkipTest("the other server is not set up for POP3")
        super().setUpClass()

    def pop3(self, address=None, tls=None):
        """A session of Python's own client, logged in; over TLS from the first byte, by STLS, or in clear."""
        if tls == "implicit":
            session = poplib.POP3_SSL("127.0.0.1", self.server.ports["pop3s"], context=self.trusting(),
                                      timeout=PATIENCE)
        else:
            session = poplib.POP3("127.0.0.1", self.server.ports["pop3"], timeout=PATIENCE)
        self.addCleanup(self._hang_up, session)
        if tls == "stls":
            session.stls(context=self.trusting())
        session.user(address or self.bob)
        session.pass_(PASSWORD)
        return session

    @staticmethod
    def _hang_up(session):
        with contextlib.suppress(OSError):
            session.close()


def fetched(session, number):
    """The letter with the line ends of the wire."""
    _, lines, _ = session.retr(number)
    return b"".join(line + b"\r\n" for line in lines)


def names(session):
    """UIDL's answer: number to name."""
    return {int(number): name for number, name in (line.split(b" ") for line in session.uidl()[1])}
