"""What the tests of mail programs over IMAP share: a server, accounts, and an own look at what lies there."""

import contextlib
import imaplib
import os
import pathlib
import re
import ssl
import tempfile
import unittest

import peers
from pabal_server import PATIENCE, Pabal
from support import PASSWORD, MailTest

imaplib._MAXLINE = 10_000_000  # a folder of many letters has long lines


def chosen_server():
    """`IMAP_SERVER=dovecot` proves a test, not Pabal."""
    return os.environ.get("IMAP_SERVER", "pabal")


class ImapTest(MailTest):
    """`self.server` is Pabal, or Dovecot to prove the test. Each test has accounts of its own."""

    @classmethod
    def setUpClass(cls):
        if chosen_server() == "dovecot":
            if not peers.Dovecot.is_usable():
                raise unittest.SkipTest("Dovecot can't be put beside us here")
        super().setUpClass()
        cls.server = cls.pabal

    @classmethod
    def make_server(cls):
        if chosen_server() == "dovecot":
            return peers.Dovecot(PASSWORD)
        return Pabal()

    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="pabal-imap-")
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        self.bob = self.server.add_account(PASSWORD)

    @property
    def host(self):
        """A name that the certificate is for."""
        return f"mail.{self.server.domain}"

    def trusting(self):
        context = ssl.create_default_context(cafile=self.server.certificate)
        context.check_hostname = False  # we connect to an address
        return context

    def client(self, address=None, folder=None, tls=False):
        """A session of Python's own client, logged in."""
        if tls:
            session = imaplib.IMAP4_SSL("127.0.0.1", self.server.ports["imaps"], ssl_context=self.trusting(),
                                        timeout=PATIENCE)
        else:
            session = imaplib.IMAP4("127.0.0.1", self.server.ports["imap"], timeout=PATIENCE)
        self.addCleanup(self._leave, session)
        session.login(address or self.bob, PASSWORD)
        if folder:
            said(session.select(quoted(folder)))
        return session

    @staticmethod
    def _leave(session):
        with contextlib.suppress(imaplib.IMAP4.error, OSError):
            session.logout()

    def put(self, folder, letter, flags="", address=None):
        session = self.client(address)
        session.create(quoted(folder))
        said(session.append(quoted(folder), flags, None, letter))
        session.logout()

    def state(self, folder, address=None):
        """What another client sees there: UID to (flags, letter)."""
        session = self.client(address)
        status, answer = session.select(quoted(folder), readonly=True)
        self.assertEqual(status, "OK", answer)
        rows = fetch(session, "1:*", "(UID FLAGS BODY.PEEK[])") if int(answer[0]) else []
        session.logout()
        return {uid: (flags, letter) for uid, flags, letter in rows}

    def folders(self, address=None):
        session = self.client(address)
        rows = [re.fullmatch(rb'\((.*?)\) (?:"."|NIL) "?(.*?)"?', line) for line in said(session.list())]
        names = [row.group(2).decode() for row in rows
                 if b"\\noselect" not in row.group(1).lower() and b"\\nonexistent" not in row.group(1).lower()]
        session.logout()
        return sorted(names)

    def letters_in(self, folder, address=None):
        return [letter for _, letter in self.state(folder, address).values()]


def said(answer):
    """What came with an OK."""
    status, data = answer
    if status != "OK":
        raise AssertionError(f"the server said {status}: {data}")
    return data


def quoted(folder):
    return f'"{folder}"'


def fetch(session, which, what, uid=False):
    """Rows of (UID, flags, literal) of a FETCH that asks for them."""
    command = session.uid("FETCH", which, what) if uid else session.fetch(which, what)
    rows, row, literal = [], b"", b""
    for piece in said(command):
        if isinstance(piece, tuple):
            row, literal = row + piece[0], piece[1]
            continue
        if piece is None:
            continue
        row += piece
        if found := re.search(rb"UID (\d+)", row):
            flags = re.search(rb"FLAGS \(([^)]*)\)", row)
            rows.append((int(found.group(1)), flag_set(flags.group(1)) if flags else None, literal))
        row, literal = b"", b""
    return rows


def flag_set(text):
    """Without \\Recent, which depends on who looked first."""
    return frozenset(text.decode().split()) - {"\\Recent"}
