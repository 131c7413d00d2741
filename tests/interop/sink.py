"""An SMTP server that does what a test tells it to, wrong things too."""

import socket
import ssl
import threading

HANG_UP = object()  # as a reply: closes
SILENCE = object()  # as a reply: says nothing any more, until the client leaves
POLITE = {
    "connect": "220 sink.example ESMTP", "EHLO": "250-sink.example\r\n250 8BITMIME", "MAIL": "250 2.1.0 Ok",
    "RCPT": "250 2.1.5 Ok", "DATA": "354 Go on", ".": "250 2.0.0 Taken", "RSET": "250 2.0.0 Ok",
    "STARTTLS": "220 2.0.0 Go on", "QUIT": "221 2.0.0 Bye",
}


class Sink:
    """Each script is for one connection and says what differs from POLITE: a reply, bytes as they are, HANG_UP, SILENCE,
    or a function of the client's line; a list has one for each time. After the last script it is polite. A letter that
    it took is in `letters`, once for each recipient."""

    def __init__(self, address, *scripts, certificate=None):
        self.letters = []
        self.connections = 0
        self._scripts = list(scripts)
        self._certificate = certificate
        self._lines = []
        self._listener = socket.create_server(address)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def log(self):
        return "\n".join(self._lines)

    def stop(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            script = POLITE | (self._scripts.pop(0) if self._scripts else {})
            connection.settimeout(60)
            try:
                self._talk(connection, script)
            except OSError as error:
                self._lines.append(f"-- {error}")
            finally:
                connection.close()

    def _talk(self, connection, script):
        file = connection.makefile("rwb")
        recipients, letter = [], b""
        line, verb = b"", "connect"
        while True:
            reply = self._reply(script, verb, line)
            if reply is SILENCE:
                file.read()
            if reply in (HANG_UP, SILENCE):
                return
            if verb == "." and reply[:1] in ("2", b"2"):
                self.letters += [(each, letter) for each in recipients]
            self._lines.append(f"S: {reply!r}")
            file.write(reply if isinstance(reply, bytes) else reply.encode() + b"\r\n")
            file.flush()
            if isinstance(reply, bytes) or verb == "QUIT":
                return
            good = reply[0] in "23"
            if verb == "STARTTLS" and good:
                connection = self._encrypt(connection)
                file = connection.makefile("rwb")
                script["EHLO"] = POLITE["EHLO"]
            elif verb == "MAIL":
                recipients = []
            elif verb == "RCPT" and good:
                recipients.append(line.split(b"<")[1].split(b">")[0].decode())
            elif verb == "DATA" and good:
                verb, letter = ".", self._read_letter(file)
                continue
            line = file.readline()
            self._lines.append(f"C: {line!r}")
            if not line:
                return
            verb = (line.split() or [b""])[0].decode(errors="replace").split(":")[0].upper()

    @staticmethod
    def _reply(script, verb, line):
        reply = script.get(verb, "500 5.5.1 What?")
        if isinstance(reply, list):
            reply = reply.pop(0) if reply else POLITE[verb]
        return reply(line) if callable(reply) else reply

    def _encrypt(self, connection):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._certificate)
        return context.wrap_socket(connection, server_side=True)

    @staticmethod
    def _read_letter(file):
        lines = []
        while (line := file.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b"."))
        return b"".join(lines)
