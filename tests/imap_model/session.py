"""An IMAP client that believes nothing: it keeps the view of a folder that the server's untagged responses give it,
and tells what the server was not allowed to say."""

import re
import socket

PATIENCE = 60.0
READ_BYTES = 65536

# RFC 9051 §7.5.1, RFC 7162 §3.2.10: numbers must not shift while commands with numbers are on their way.
NO_EXPUNGE_DURING = {"FETCH", "STORE", "SEARCH"}


class Fault(Exception):
    """The server broke the protocol, or lost the thread."""


class Refused(Exception):
    """NO, which may be right: another client was quicker."""


class Row:
    """A letter as a client knows it; None is what it was not told yet."""

    __slots__ = ("flags", "modseq", "uid")

    def __init__(self):
        self.uid = self.flags = self.modseq = None

    def __repr__(self):
        return f"{self.uid}: {sorted(self.flags or ())} at {self.modseq}"


class View:
    """One folder, by sequence numbers."""

    def __init__(self):
        self.rows = []

    def exists(self, count):
        if count < len(self.rows):
            raise Fault(f"EXISTS {count}, though {len(self.rows)} letters are there and none was expunged")
        self.rows += [Row() for _ in range(count - len(self.rows))]

    def expunge(self, number):
        if not 1 <= number <= len(self.rows):
            raise Fault(f"EXPUNGE {number} of {len(self.rows)} letters")
        del self.rows[number - 1]

    def vanish(self, uids, earlier):
        for uid in uids:
            at = next((i for i, row in enumerate(self.rows) if row.uid == uid), None)
            if at is None and not earlier:
                at = self._unknown_where(uid)
            if at is not None:
                del self.rows[at]
            elif not earlier:
                raise Fault(f"VANISHED {uid}, which is not there")

    def _unknown_where(self, uid):
        """A letter of which only the number is known, among those where this UID would be: they all look the same."""
        found = None
        for i, row in enumerate(self.rows):
            if row.uid is None:
                found = i if found is None else found
            elif row.uid > uid:
                break
            else:
                found = None
        return found

    def fetch(self, number, items):
        if not 1 <= number <= len(self.rows):
            raise Fault(f"FETCH of {number}, but there are {len(self.rows)} letters")
        row = self.rows[number - 1]
        if "UID" in items:
            uid = int(items["UID"])
            if row.uid not in (None, uid):
                raise Fault(f"letter {number} has UID {row.uid}, and now {uid}")
            row.uid = uid
        if "FLAGS" in items:
            row.flags = frozenset(items["FLAGS"]) - {"\\Recent"}
        if "MODSEQ" in items:
            modseq = int(items["MODSEQ"][0])
            if row.modseq is not None and modseq < row.modseq:
                raise Fault(f"the modification sequence of {row} falls to {modseq}")
            row.modseq = modseq

    def unknown(self):
        """Numbers of letters that the client must ask for."""
        return [i for i, row in enumerate(self.rows, start=1) if row.uid is None or row.flags is None]

    def uids(self):
        return [row.uid for row in self.rows]

    def check_order(self):
        known = [row.uid for row in self.rows if row.uid is not None]
        if known != sorted(set(known)):
            raise Fault(f"UIDs do not rise: {known}")


class Session:
    """A connection, logged in. `qresync` asks for VANISHED and modification sequences."""

    def __init__(self, port, user, password, qresync=False):
        self.socket = self.connect(port)
        self.buffer = b""
        self.tags = 0
        self.folder = None
        self.view = None
        self.codes = {}
        self.fetched = []  # (UID, items) of the last command
        self.vanished = []  # (EARLIER) of the last command
        self.found = None  # numbers of the last SEARCH
        self.qresync = qresync
        self.transcript = []  # the last lines, for the report of a fault
        self._read_response()
        self.command(f'LOGIN {user} "{password}"')
        if qresync:
            self.command("ENABLE QRESYNC")

    @staticmethod
    def connect(port):
        connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def close(self):
        self.socket.close()

    # What a client says.

    def command(self, text, literal=None):
        """The tagged answer's text. Raises Refused for NO."""
        self.tags += 1
        tag = f"t{self.tags}"
        self._begin(text)
        data = f"{tag} {text}".encode()
        self._note(f"C: {data[:200]!r}")
        if literal is not None:
            data += b" {%d+}\r\n" % len(literal) + literal
        self.socket.sendall(data + b"\r\n")
        return self._finish(tag)

    def _begin(self, text):
        self.fetched, self.vanished, self.found, self.codes = [], [], None, {}
        words = text.split()
        self.running = words[0].upper()
        self.selecting = self.running in ("SELECT", "EXAMINE")
        if self.selecting:
            self.folder, self.view = None, View()

    def _finish(self, tag):
        while True:
            response = self._read_response()
            if response[0] == tag:
                break
            self._take(response)
        self.running = None
        status, text = response[1], " ".join(map(str, response[2:]))
        self._take_code(response[2:])
        if status == "NO":
            if self.selecting:
                self.view = None
            raise Refused(text)
        if status != "OK":
            raise Fault(f"{status} {text}")
        if self.view:
            self.view.check_order()
        return text

    def select(self, folder, qresync=""):
        self.command(f"SELECT {folder}{qresync}")
        self.folder = folder
        if not qresync:
            self.learn()

    def learn(self):
        """Asks for what EXISTS told only the number of, as every client does."""
        while self.view and (unknown := self.view.unknown()):
            items = "UID FLAGS MODSEQ" if self.qresync else "UID FLAGS"
            before = len(self.view.rows)
            try:
                self.command(f"FETCH {unknown[0]}:{unknown[-1]} ({items})")
            except Refused:
                pass
            still = self.view.unknown()
            if still and len(self.view.rows) == before and still == unknown:
                # Expunged before we asked, which we may be told only now.
                self.command("NOOP")
                if self.view.unknown() == still:
                    raise Fault(f"nothing is said about the letters {still}")

    def idle(self, seconds):
        self.tags += 1
        tag = f"t{self.tags}"
        self._begin("IDLE")
        self._note(f"C: {tag} IDLE")
        self.socket.sendall(f"{tag} IDLE\r\n".encode())
        while (response := self._read_response())[0] != "+":
            self._take(response)
        self.socket.settimeout(seconds)
        try:
            while True:
                self._take(self._read_response())
        except TimeoutError:
            pass
        finally:
            self.socket.settimeout(PATIENCE)
        self.socket.sendall(b"DONE\r\n")
        self._finish(tag)

    # What the server says.

    def _take(self, response):
        if response[0] != "*":
            raise Fault(f"what is this? {response}")
        word = response[1]
        if word in ("OK", "NO", "BAD", "BYE", "PREAUTH"):
            self._take_status(word, response[2:])
        elif word == "VANISHED":
            self._take_vanished(response[2:])
        elif word == "SEARCH":
            self.found = [int(each) for each in response[2:] if isinstance(each, str) and each.isdigit()]
        elif str(word).isdigit():
            self._take_numbered(int(word), response[2], response[3:])

    def _take_status(self, word, text):
        if word == "BYE":
            raise Fault(f"the server says goodbye: {text}")
        if self._take_code(text) == "CLOSED":
            self.view = View()

    def _take_code(self, text):
        if not text or not isinstance(text[0], str) or not text[0].startswith("["):
            return None
        name, *values = text[0].strip("[]").split()
        self.codes[name.upper()] = values
        return name.upper()

    def _take_vanished(self, rest):
        if not self.qresync:
            raise Fault("VANISHED, which was not asked for")
        earlier = isinstance(rest[0], list)
        uids = list(numbers(rest[-1]))
        if earlier:
            self.vanished += uids
        else:
            self._may_expunge("VANISHED")
        self.view.vanish(uids, earlier)

    def _take_numbered(self, number, kind, rest):
        if kind == "EXISTS":
            self.view.exists(number)
        elif kind == "EXPUNGE":
            if self.qresync:
                raise Fault("EXPUNGE, where VANISHED was agreed on")
            self._may_expunge("EXPUNGE")
            self.view.expunge(number)
        elif kind == "FETCH":
            items = dict(zip(map(str.upper, rest[0][::2]), rest[0][1::2]))
            self.view.fetch(number, items)
            self.fetched.append((self.view.rows[number - 1].uid, items))

    def _may_expunge(self, what):
        if self.running in NO_EXPUNGE_DURING:
            raise Fault(f"{what} during {self.running}")
        if self.running is None:
            raise Fault(f"{what} while no command runs")

    def _read_response(self):
        pieces = []
        while True:
            line = self._read_line()
            literal = re.search(rb"~?\{(\d+)\}$", line)
            pieces.append(line[: literal.start()] if literal else line)
            if not literal:
                break
            pieces.append(Literal(self._read_bytes(int(literal.group(1)))))
        self._note(f"S: {pieces[0][:200]!r}")
        return parse(pieces)

    def _read_line(self):
        while (end := self.buffer.find(b"\r\n")) < 0:
            self._receive()
        line, self.buffer = self.buffer[:end], self.buffer[end + 2:]
        return line

    def _read_bytes(self, count):
        while len(self.buffer) < count:
            self._receive()
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def _receive(self):
        data = self.socket.recv(READ_BYTES)
        if not data:
            raise Fault("the server hung up")
        self.buffer += data

    def _note(self, line):
        self.transcript.append(line)
        del self.transcript[:-60]


class Literal(bytes):
    """Bytes that stood in a literal."""


_TOKEN = re.compile(rb'\s*(?:(\()|(\))|"((?:[^"\\]|\\.)*)"|((?:[^\s()"\[]|\[[^\]]*\])+))')


def parse(pieces):
    """A response as words and lists of words; quoted strings and literals are bytes."""
    stack = [[]]
    for piece in pieces:
        if isinstance(piece, Literal):
            stack[-1].append(bytes(piece))
            continue
        at = 0
        while found := _TOKEN.match(piece, at):
            at = found.end()
            if found.group(1):
                stack.append([])
            elif found.group(2):
                if len(stack) > 1:  # else it stands in a human's text
                    inner = stack.pop()
                    stack[-1].append(inner)
            elif found.group(4) is not None:
                stack[-1].append(found.group(4).decode(errors="replace"))
            else:
                stack[-1].append(found.group(3))
    while len(stack) > 1:
        inner = stack.pop()
        stack[-1].append(inner)
    return stack[0]


def numbers(text):
    """Of a sequence set without stars."""
    for each in str(text).split(","):
        first, _, last = each.partition(":")
        one, other = int(first), int(last or first)
        yield from range(min(one, other), max(one, other) + 1)


def sequence_set(values):
    """The shortest way to write them."""
    ranges, values = [], sorted(values)
    for value in values:
        if ranges and value == ranges[-1][1] + 1:
            ranges[-1][1] = value
        else:
            ranges.append([value, value])
    return ",".join(str(a) if a == b else f"{a}:{b}" for a, b in ranges)
