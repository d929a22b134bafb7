#!/usr/bin/env python3
"""A peer of cask chat and cask chatd, written from a description of MFC's
samples Chatter and ChatSrvr, and of CArchive's format, without the library.

    chat_peer.py client PORT NAME   join; lines of standard input are said, what
                                    comes is printed; the end of the input leaves
    chat_peer.py server             serve, on a port of the system's choice that
                                    is printed first; the end of the input ends it

Options: --unicode, to send Unicode strings (what comes may be either), and
--codepage, a Python codec, for ANSI strings.  Either complains, and exits with
1, when what comes is not what the samples would have sent.

SPDX-License-Identifier: MIT
"""

import argparse
import os
import select
import socket
import struct
import sys


class More(Exception):
    """The message isn't whole yet."""


class Wrong(Exception):
    """It can't become one."""


class Reader:
    """Values of CArchive, from bytes that have come."""

    def __init__(self, data, codec):
        self.data = data
        self.codec = codec
        self.at = 0

    def take(self, n):
        if self.at + n > len(self.data):
            raise More
        self.at += n
        return self.data[self.at - n : self.at]

    def number(self, form):
        return struct.unpack("<" + form, self.take(struct.calcsize(form)))[0]

    def string(self):
        wide = False
        n = self.number("B")
        if n == 0xFF:
            n = self.number("H")
            if n == 0xFFFE:
                wide = True
                n = self.number("B")
                if n == 0xFF:
                    n = self.number("H")
        if n == 0xFFFF:
            n = self.number("I")
            if n == 0xFFFFFFFF:
                n = self.number("Q")
        if wide:
            return self.take(2 * n).decode("utf-16-le")
        return self.take(n).decode(self.codec)

    def count(self):
        n = self.number("H")
        return n if n != 0xFFFF else self.number("I")

    def message(self):
        close = self.number("H")
        if close > 1:
            raise Wrong("close flag %d" % close)
        text = self.string()
        return close, text, [self.string() for _ in range(self.count())]


def put_string(s, args):
    if args.unicode:
        data = s.encode("utf-16-le")
        n = len(data) // 2
        head = b"\xff\xfe\xff"
    else:
        data = s.encode(args.codepage)
        n = len(data)
        head = b""
    if n < 0xFF:
        head += struct.pack("<B", n)
    elif n < 0xFFFE:
        head += struct.pack("<BH", 0xFF, n)
    else:
        head += struct.pack("<BHI", 0xFF, 0xFFFF, n)
    return head + data


def put_message(close, text, lines, args):
    n = len(lines)
    count = struct.pack("<H", n) if n < 0xFFFF else struct.pack("<HI", 0xFFFF, n)
    return (
        struct.pack("<H", close)
        + put_string(text, args)
        + count
        + b"".join(put_string(s, args) for s in lines)
    )


class End:
    """One end of a connection: whole messages of what comes."""

    def __init__(self, sock, args):
        self.sock = sock
        self.args = args
        self.have = b""
        self.ended = False
        self.sent = 0  # of a server's lines

    def receive(self):
        data = self.sock.recv(65536)
        self.ended = data == b""
        self.have += data
        messages = []
        while self.have:
            reader = Reader(self.have, self.args.codepage)
            try:
                messages.append(reader.message())
            except More:
                break
            self.have = self.have[reader.at :]
        if self.ended and self.have:
            raise Wrong("ended inside a message: %r" % self.have)
        return messages

    def send(self, close, text, lines):
        self.sock.sendall(put_message(close, text, lines, self.args))

    def leave(self):
        """ShutDown(sends), then discard until the other end closes."""
        self.sock.shutdown(socket.SHUT_WR)
        self.sock.settimeout(10)
        while self.sock.recv(65536):
            pass
        self.sock.close()


def say(*words):
    print(*words, flush=True)


typed = b""


def typed_lines():
    """The lines that have come on standard input; None is its end."""
    global typed
    data = os.read(0, 65536)
    typed += data
    *lines, typed = typed.split(b"\n")
    return [line.decode() for line in lines] + ([] if data else [None])


def client(args):
    end = End(socket.create_connection(("127.0.0.1", args.port), 10), args)
    end.send(0, args.name + ": joined", [])
    while True:
        ready = select.select([end.sock, 0], [], [])[0]
        if end.sock in ready:
            for close, text, lines in end.receive():
                if text:
                    raise Wrong("a server sent a text: " + text)
                for line in lines:
                    say(line)
                if close:
                    say("(closed)")
                    end.leave()
                    return
            if end.ended:
                raise Wrong("the server is gone")
        if 0 in ready:
            for line in typed_lines():
                if line is None:
                    end.send(1, args.name + " has left", [])
                    end.leave()
                    return
                end.send(0, args.name + ": " + line, [])


def server(args):
    listener = socket.create_server(("127.0.0.1", 0))
    say(listener.getsockname()[1])
    ends, lines = [], []

    def update(close):
        for end in ends:
            if close or end.sent < len(lines):
                end.send(close, "", lines[end.sent :])
                end.sent = len(lines)

    while True:
        sockets = [e.sock for e in ends]
        ready = select.select([listener, 0] + sockets, [], [])[0]
        if listener in ready:
            ends.append(End(listener.accept()[0], args))
            update(0)
        for end in [e for e in ends if e.sock in ready]:
            for close, text, unexpected in end.receive():
                if unexpected:
                    raise Wrong("a client sent a list: %r" % unexpected)
                say(text)
                lines.append(text)
                if close:
                    say("(left)")
                    end.sock.close()
                    ends.remove(end)
                    break
            else:
                if end.ended:
                    raise Wrong("a client is gone")
            update(0)
        if 0 in ready and None in typed_lines():
            listener.close()
            lines.append("server shut down")
            update(1)
            for end in ends:
                end.leave()
            return


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--unicode", action="store_true")
    parser.add_argument("--codepage", default="cp1252")
    roles = parser.add_subparsers(dest="role", required=True)
    role = roles.add_parser("client")
    role.add_argument("port", type=int)
    role.add_argument("name")
    roles.add_parser("server")
    args = parser.parse_args()
    sys.stdout.reconfigure(encoding="utf-8")
    try:
        (client if args.role == "client" else server)(args)
    except Wrong as why:
        sys.exit("chat_peer.py: %s" % why)


if __name__ == "__main__":
    main()
