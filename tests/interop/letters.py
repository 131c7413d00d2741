"""Letters that mail programs get wrong, as the bytes that a client sends, and how to compare what arrived."""

import re

HEADER = (
    "From: Alice <alice@crepes.fr>\r\n"
    "To: Bob <bob@hamburger.edu>\r\n"
    "Subject: {subject}\r\n"
    "Date: Sat, 01 Aug 2026 12:00:00 +0200\r\n"
    "Message-ID: <{id}@crepes.fr>\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: text/plain; charset={charset}\r\n"
    "Content-Transfer-Encoding: {encoding}\r\n"
    "\r\n"
)


def make(subject, body, charset="us-ascii", encoding="7bit"):
    """A whole letter, so that nobody on its way needs to add what is missing."""
    id = re.sub(r"\W+", "-", subject)
    return HEADER.format(subject=subject, id=id, charset=charset, encoding=encoding).encode() + body


PLAIN = make("plain", b"Do you like ketchup?\r\nHow about pickles?\r\n")
DOTS = make("dots", b".\r\n..\r\n.leading\r\n...\r\nmiddle\r\n.\r\n. \r\nend.\r\n.\r\n")
BLANKS = make("blanks", b"\r\n \r\ntrailing blanks  \t\r\n\tindented\r\n\r\n\r\n")
LONG_LINES = make("long lines", (b"x" * 998 + b"\r\n") * 3 + b"." + b"y" * 996 + b"\r\n")  # RFC 5322 2.1.1
UTF8 = make("utf-8", "크레페 대 햄버거, œuf à la coque\r\n".encode(), "utf-8", "8bit")
LATIN1 = make("latin-1", "café à la crème\r\n".encode("latin-1"), "iso-8859-1", "8bit")
HEADER_ONLY = make("header only", b"")
FROM_LINE = make("From at a line's start", b"From now on\r\n>From before\r\n")
# A header as long as they come, folded, with what looks like a blank line in it.
FOLDED = b"X-Folded: a\r\n" + b"".join(b" " + b"word " * 12 + b"\r\n" for _ in range(50)) + PLAIN

SEVEN_BIT = {"plain": PLAIN, "dots": DOTS, "blanks": BLANKS, "long lines": LONG_LINES,
             "header only": HEADER_ONLY, "From line": FROM_LINE, "folded": FOLDED}
EIGHT_BIT = {"utf-8": UTF8, "latin-1": LATIN1}
ALL = SEVEN_BIT | EIGHT_BIT


def large(size_bytes=20_000_000):
    """Lines that all differ, some with a dot in front, so that a piece lost or doubled is seen."""
    width = 76
    lines = (b"%s%012d %s\r\n" % (b"." if i % 7 == 0 else b"", i, b"z" * 60)
             for i in range(size_bytes // width))
    return make("large", b"".join(lines))


def sent_by(address, letter):
    """The letter with that author; submission takes no other."""
    return letter.replace(b"alice@crepes.fr", address.encode(), 1)


_TRACE = re.compile(rb"(?:(?:Received|Return-Path|Delivered-To|X-Original-To): [^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*)*")


def difference(got, want):
    """None if `got` is `want` below the trace that hops put in front; else where they part, in words."""
    added, sent = got[: len(got) - len(want)], got[-len(want):]
    if len(got) < len(want) or sent != want:
        pairs = enumerate(zip(reversed(got), reversed(want)))
        at = next((i for i, (one, other) in pairs if one != other), min(len(got), len(want)))
        return (f"{len(got)} bytes arrived of {len(want)}; the last difference is {at} bytes before the end: "
                f"{got[-at - 40:][:80]!r} for {want[-at - 40:][:80]!r}")
    if not _TRACE.fullmatch(added):
        return f"what stands above it is more than a trace: {added!r}"
    return None
