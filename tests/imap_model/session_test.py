"""That the client of imap_model finds what a server may not say."""

import socket
import unittest

from resync import must_be
from session import Fault, Literal, Refused, Session, numbers, parse, sequence_set


class Scripted(Session):
    """Hears these lines, whatever it says."""

    def __init__(self, lines, qresync=False):
        self.theirs, self.ours = socket.socketpair()
        self.say("* OK hello", "t1 OK in")
        super().__init__(0, "bob", "secret")
        self.qresync = qresync
        self.say("* 3 EXISTS", "t2 OK selected", "* 1 FETCH (UID 1 FLAGS ())",
                 "* 2 FETCH (UID 4 FLAGS (\\Seen) MODSEQ (7))", "* 3 FETCH (UID 9 FLAGS (\\Recent a))", "t3 OK done")
        self.select("INBOX")
        self.say(*lines)

    def connect(self, _):
        return self.ours

    def say(self, *lines):
        self.theirs.sendall("".join(line + "\r\n" for line in lines).encode())

    def close(self):
        self.theirs.close()
        super().close()


class Views(unittest.TestCase):
    def hear(self, command, *lines, qresync=False):
        session = Scripted([*lines, "t4 OK done"], qresync)
        self.addCleanup(session.close)
        session.command(command)
        return session

    def test_a_view_follows(self):
        session = self.hear("NOOP", "* 2 EXPUNGE", "* 2 FETCH (FLAGS (b c))", "* 4 EXISTS")
        self.assertEqual(session.view.uids(), [1, 9, None, None])
        self.assertEqual(session.view.rows[1].flags, {"b", "c"})
        self.assertEqual(session.view.unknown(), [3, 4])

    def test_uids_vanish(self):
        self.assertEqual(self.hear("NOOP", "* VANISHED 1,9", qresync=True).view.uids(), [4])
        self.assertEqual(self.hear("UID FETCH 1:* FLAGS (CHANGEDSINCE 1 VANISHED)", "* VANISHED (EARLIER) 2:4",
                                   qresync=True).view.uids(), [1, 9])

    def test_a_uid_vanishes_of_which_only_the_number_was_told(self):
        session = self.hear("NOOP", "* 6 EXISTS", "* 5 FETCH (UID 20)", "* VANISHED 30", "* VANISHED 15", qresync=True)
        self.assertEqual(session.view.uids(), [1, 4, 9, 20])
        with self.assertRaises(Fault):
            self.hear("NOOP", "* 6 EXISTS", "* 6 FETCH (UID 20)", "* VANISHED 30", qresync=True)

    def test_what_may_not_be_said(self):
        for name, command, *lines in [
                ("EXPUNGE during FETCH", "FETCH 1 FLAGS", "* 1 EXPUNGE"),
                ("EXPUNGE during STORE", "STORE 1 +FLAGS (a)", "* 1 EXPUNGE"),
                ("EXPUNGE during SEARCH", "SEARCH ALL", "* 1 EXPUNGE"),
                ("EXPUNGE of nothing", "NOOP", "* 4 EXPUNGE"),
                ("EXPUNGE 0", "NOOP", "* 0 EXPUNGE"),
                ("fewer letters", "NOOP", "* 2 EXISTS"),
                ("a number that is not there", "NOOP", "* 4 FETCH (FLAGS ())"),
                ("a UID that changes", "NOOP", "* 1 FETCH (UID 2)"),
                ("UIDs that do not rise", "NOOP", "* 4 EXISTS", "* 4 FETCH (UID 3)"),
                ("a modification sequence that falls", "NOOP", "* 2 FETCH (MODSEQ (6))"),
                ("VANISHED without QRESYNC", "NOOP", "* VANISHED 1"),
                ("BAD", "NOOP", "t4 BAD what?"),
                ("BYE", "NOOP", "* BYE")]:
            with self.subTest(name), self.assertRaises(Fault):
                self.hear(command, *lines)

    def test_what_may_not_be_said_with_qresync(self):
        for name, command, line in [("EXPUNGE", "NOOP", "* 1 EXPUNGE"),
                                    ("VANISHED during FETCH", "FETCH 1 FLAGS", "* VANISHED 1"),
                                    ("VANISHED of nothing", "NOOP", "* VANISHED 5")]:
            with self.subTest(name), self.assertRaises(Fault):
                self.hear(command, line, qresync=True)

    def test_uid_commands_may_tell_of_expunges(self):
        for command in "UID FETCH 1 FLAGS", "UID STORE 1 +FLAGS (a)", "UID SEARCH ALL", "EXPUNGE", "COPY 1 a":
            self.assertEqual(self.hear(command, "* 1 EXPUNGE").view.uids(), [4, 9])

    def test_no_is_no_fault(self):
        with self.assertRaises(Refused):
            self.hear("NOOP", "t4 NO [EXPUNGEISSUED] gone")


class Words(unittest.TestCase):
    def test_responses(self):
        for pieces, want in [
                ([b"* 1 FETCH (UID 7 FLAGS (\\Seen a) BODY[HEADER.FIELDS (TO)] ", Literal(b")("), b")"],
                 ["*", "1", "FETCH", ["UID", "7", "FLAGS", ["\\Seen", "a"], "BODY[HEADER.FIELDS (TO)]", b")("]]),
                ([b"* OK [COPYUID 1 2:3 4:5] it (is) done"], ["*", "OK", "[COPYUID 1 2:3 4:5]", "it", ["is"], "done"]),
                ([b'* LIST () "/" "a b"'], ["*", "LIST", [], b"/", b"a b"])]:
            self.assertEqual(parse(pieces), want)

    def test_sets(self):
        self.assertEqual(list(numbers("1,4:6,9:8")), [1, 4, 5, 6, 8, 9])
        self.assertEqual(sequence_set([9, 1, 2, 3, 5]), "1:3,5,9")

    def test_sets_that_differ(self):
        must_be("x", {1}, {1})
        with self.assertRaises(Fault):
            must_be("x", {1}, {1, 2})


if __name__ == "__main__":
    unittest.main()
