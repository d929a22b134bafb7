#!/usr/bin/env python3
"""
Another reader and writer of archives, made from the description of MFC's wire
format alone, and the test of Cask against it.

    peer.py differential PROGRAM [--seed S] [--values N] [--stream I]
    peer.py quote ASK PORT

differential: random programs of values go both ways.  PROGRAM (see
differential.c) stores what this loads and compares, and loads what this
stores; what it is to do and what it found travel as lines of text.  So many
values each way; stream 0 is all the edges there are.  On a mismatch it prints
the command that does that stream again.

quote: the programs of README.md.  ASK is asked as its server, and the server
on PORT as its client; the bytes are those written here.

Characters of code pages 932, 936, 949 and 950 are those that all converters
agree on (see Page); of the others, all that Python's tables have: those are
the tables of glibc and Windows, but for bytes that mean nothing.

SPDX-License-Identifier: MIT
"""

import argparse
import os
import random
import socket
import struct
import subprocess
import sys
import tempfile
import uuid

# The format.

WIDTH = {
    "u8": 1, "i8": 1, "bool": 1,
    "u16": 2, "i16": 2, "char16": 2,
    "u32": 4, "i32": 4, "f32": 4,
    "u64": 8, "i64": 8, "f64": 8,
    "bytes": 1, "count": 4, "count64": 8,
    "text": 1, "line": 1, "text16": 2, "text32": 4, "wtext": 4,
}
TEXTS = ["text", "text16", "text32", "wtext"]
ARRAYS = ["u16s", "i16s", "u32s", "i32s", "u64s", "i64s", "f32s", "f64s"]
WIDTH.update((a, WIDTH[a[:-1]]) for a in ARRAYS)

# struct's letter; floats go by their bits, so that no NaN is touched.
LETTER = {
    "u8": "B", "i8": "b", "u16": "H", "i16": "h", "char16": "H",
    "u32": "I", "i32": "i", "f32": "I", "u64": "Q", "i64": "q", "f64": "Q",
}

UNICODE, ANSI, UTF8, UTF16, UTF32 = 1, 2, 3, 4, 5
LENGTH, NUL, FIELD, LF, CRLF = range(5)


class Bad(Exception):
    """Bytes that are not what the format says, or not all there."""


class Settings:
    """Of an archive, at one moment."""

    def __init__(self):
        self.big = False
        self.form = UNICODE
        self.page = 1252
        self.count32 = False
        self.replace = False
        self.end = LENGTH
        self.units = 1
        self.pad = 0
        self.mfc = 0

    def copy(self):
        s = Settings()
        s.__dict__.update(self.__dict__)
        return s

    def __str__(self):
        return ("big %d form %d codepage %d count32 %d replace %d end %d "
                "units %d pad %d mfc %d" % (
                    self.big, self.form, self.page, self.count32,
                    self.replace, self.end, self.units, self.pad, self.mfc))


def order(s):
    return ">" if s.big else "<"


def utf16(s):
    return "utf-16-be" if s.big else "utf-16-le"


def encoding(s, form):
    """Python's name of a form, and the bytes of a code unit."""
    if form == ANSI:
        return "cp%d" % s.page, 1
    if form == UTF8:
        return "utf-8", 1
    if form == UTF32:
        return "utf-32-be" if s.big else "utf-32-le", 4
    return utf16(s), 2


def units(s, text):
    """The TCHARs of a text: bytes are signed."""
    name, width = encoding(s, s.form)
    b = text.encode(name)
    return list(struct.unpack(
        order(s) + "%d%s" % (len(b) // width, {1: "b", 2: "H", 4: "I"}[width]),
        b))


def hash_of(s, key):
    """6.9."""
    old = 0 < s.mfc < 10
    if isinstance(key, int):
        if old:
            return key >> 4
        q, r = divmod(key, 127773)
        h = 16807 * r - 2836 * q
        return h if h >= 0 else h + 2147483647
    v = units(s, key)
    h = 0 if old else 2166136261
    for c in v if old else v[::1 + len(v) // 10]:
        h = h * 33 + c if old else h * 16777619 % (1 << 32) ^ c % (1 << 32)
        h %= 1 << 32
    return h


def hash_table(s, pairs):
    """What MFC's table holds of these, in its order."""
    buckets = [[] for _ in range(17)]
    for key, value in pairs:
        bucket = buckets[hash_of(s, key) % 17]
        for entry in bucket:
            if entry[0] == key:
                entry[1] = value
                break
        else:
            bucket.insert(0, [key, value])
    return [tuple(entry) for bucket in buckets for entry in bucket]


def overwritten(pairs):
    """What is left of these: the last value, in the first one's place."""
    return list(dict(pairs).items())


MAPS = {"textmap": ("text", "text"), "agemap": ("text", "age"),
        "wordmap": ("u16", "age")}
VALUES = ["time", "span", "date", "currency", "guid", "bstr", "variant"]
MFC = ["texts", "ages"] + list(MAPS) + VALUES
CTIME_MARK = 0x8000000A

# What a variant has of a value, by its type: struct's letter.
VARIANT = {0: "", 1: "", 2: "H", 3: "I", 4: "I", 5: "Q", 6: "cy", 7: "Q",
           8: "bstr", 10: "I", 11: "bool", 16: "B", 17: "B", 18: "H", 19: "I",
           20: "Q", 21: "Q", 0x4003: "", 0x2008: "", 0x6011: ""}


def signed32(v):
    return v - (1 << 32) if v >> 31 else v


def signed64(v):
    return v - (1 << 64) if v >> 63 else v


class Writer:
    """Stores values.

    waste: by how many steps a prefix is longer than need be; -1: a WORD FFFE
    behind the marker, which no writer makes.  Readers take them all.
    """

    def __init__(self):
        self.out = bytearray()
        self.waste = 0
        self.numbers = {}
        self.long_time = False

    def age(self, s, number):
        """6.6, of one class; it has a key of its own among the numbers."""
        if number is None:
            self.pack(s, "H", 0)
        elif number in self.numbers:
            self.tag(s, self.numbers[number], 0)
        else:
            if "CAge" in self.numbers:
                self.tag(s, self.numbers["CAge"], 1)
            else:
                self.pack(s, "HHH", 0xFFFF, 0, 4)
                self.out += b"CAge"
                self.numbers["CAge"] = len(self.numbers) + 1
            self.numbers[number] = len(self.numbers) + 1
            self.pack(s, "i", number)

    def tag(self, s, pid, is_class):
        if pid < 0x7FFF:
            self.pack(s, "H", is_class << 15 | pid)
        else:
            self.pack(s, "HI", 0x7FFF, is_class << 31 | pid)

    def put_mfc(self, s, kind, v, form):
        if kind == "text":
            self.text(s, v, s.form if form is None else form, LENGTH)
        elif kind == "u16":
            self.pack(s, "H", v)
        elif kind == "age":
            self.age(s, v)
        elif kind in MAPS:
            self.count(s, len(v))
            for pair in v:
                for part, what in zip(pair, MAPS[kind]):
                    self.put_mfc(s, what, part, form)
        elif kind in ("texts", "ages"):
            self.count(s, len(v))
            for x in v:
                self.put_mfc(s, kind[:-1], x, form)
        else:
            self.value(s, kind, v)

    def value(self, s, kind, v):
        """6.10."""
        if kind == "time":
            short = -1 << 31 <= v < 1 << 31 and v % (1 << 32) != CTIME_MARK
            if short and not self.long_time:
                self.pack(s, "i", v)
            else:
                self.pack(s, "Iq", CTIME_MARK, v)
        elif kind == "span":
            self.pack(s, "i", v)
        elif kind == "date":
            self.pack(s, "iQ", *v)
        elif kind == "currency":
            self.pack(s, "iII", v[0], v[1] >> 32, v[1] & 0xFFFFFFFF)
        elif kind == "guid":
            self.out += v.bytes if s.big else v.bytes_le
        elif kind == "bstr":
            b = v.encode(utf16(s))
            self.pack(s, "I", len(b) // 2)
            self.out += b
        else:
            self.variant(s, *v)

    def variant(self, s, kind, v):
        self.pack(s, "H", kind)
        letter = VARIANT[kind]
        if letter == "bstr":
            b = v.encode(utf16(s))
            self.pack(s, "I", len(b))
            self.out += b
        elif letter == "cy":
            self.pack(s, "II", v & 0xFFFFFFFF, v >> 32)
        elif letter == "bool":
            self.pack(s, "H", 0xFFFF * v)
        elif letter:
            self.pack(s, letter, v)

    def pack(self, s, letters, *values):
        self.out += struct.pack(order(s) + letters, *values)

    def steps(self, s, n, steps):
        """The first of the steps that can hold n: escapes, then its letter."""
        fit = [x for x in steps if n < x[1]]
        escape, _, letter = fit[min(max(self.waste, 0), len(fit) - 1)]
        for e in escape:
            self.pack(s, e, {"B": 0xFF, "H": 0xFFFF, "I": 0xFFFFFFFF}[e])
        self.pack(s, letter, n)

    def length(self, s, n, wide):
        """6.3.  A WORD FFFE is the marker, so it is no length."""
        if wide:
            self.pack(s, "BH", 0xFF, 0xFFFE)
        self.steps(s, n, [
            ("", 0xFF, "B"),
            ("B", 0xFFFF if self.waste < 0 and wide else 0xFFFE, "H"),
            ("BH", 0xFFFFFFFF, "I"),
            ("BHI", 1 << 64, "Q")])

    def count(self, s, n):
        """6.5."""
        if s.count32:
            self.steps(s, n, [("", 0xFFFF, "H"), ("H", 1 << 32, "I")])
        else:
            self.steps(s, n, [
                ("", 0xFFFF, "H"),
                ("H", 0xFFFFFFFF, "I"),
                ("HI", 1 << 64, "Q")])

    def text(self, s, text, form, end):
        name, width = encoding(s, form)
        b = text.encode(name, "surrogatepass" if width == 2 else "strict")
        n = len(b) // width
        if end == LENGTH and form in (UNICODE, ANSI):
            self.length(s, n, form == UNICODE)
        elif end == LENGTH:
            self.count(s, n)
        self.out += b
        self.out += {LENGTH: "", NUL: "\0", LF: "\n", CRLF: "\r\n",
                     FIELD: chr(s.pad) * (s.units - n)}[end].encode(name)

    def put(self, s, kind, v, form=None):
        if kind in MFC:
            self.put_mfc(s, kind, v, form)
        elif kind in TEXTS:
            self.text(s, v, s.form if form is None else form, s.end)
        elif kind == "line":
            self.text(s, v, s.form, LF)
        elif kind in ("count", "count64"):
            self.count(s, v)
        elif kind == "bytes":
            self.out += v
        elif kind == "bool":
            self.out.append(v)
        elif kind in ARRAYS:
            self.pack(s, "%d%s" % (len(v), LETTER[kind[:-1]]), *v)
        else:
            self.pack(s, LETTER[kind], v)


class Reader:
    """Loads values.  What a writer never makes, if shortest, is Bad."""

    def __init__(self, stream, shortest=True):
        self.stream = stream
        self.at = 0
        self.shortest = shortest
        self.numbers = [None]  # by PID: "CAge", or an object's number

    def age(self, s):
        tag, = self.unpack(s, "H")
        if tag == 0:
            return None
        if tag == 0xFFFF:
            if self.unpack(s, "HH") != (0, 4) or self.take(4) != b"CAge":
                raise Bad("no definition of CAge")
            self.numbers.append("CAge")
        else:
            is_class, pid = tag >> 15, tag & 0x7FFF
            if tag == 0x7FFF:
                pid, = self.unpack(s, "I")
                is_class, pid = pid >> 31, pid & 0x7FFFFFFF
                if pid < 0x7FFF:
                    raise Bad("number %d in a long form" % pid)
            if pid >= len(self.numbers):
                raise Bad("number %d of %d" % (pid, len(self.numbers)))
            if (self.numbers[pid] == "CAge") != bool(is_class):
                raise Bad("number %d is no such thing" % pid)
            if not is_class:
                return self.numbers[pid]
        self.numbers.append(None)
        pid = len(self.numbers) - 1
        number, = self.unpack(s, "i")
        if number in self.numbers:
            raise Bad("object %d came twice" % number)
        self.numbers[pid] = number
        return number

    def get_mfc(self, s, kind):
        if kind == "text":
            return self.text(s, LENGTH)
        if kind == "u16":
            return self.unpack(s, "H")[0]
        if kind == "age":
            return self.age(s)
        if kind in MAPS:
            return [tuple(self.get_mfc(s, what) for what in MAPS[kind])
                    for _ in range(self.count(s))]
        if kind in ("texts", "ages"):
            return [self.get_mfc(s, kind[:-1]) for _ in range(self.count(s))]
        return self.value(s, kind)

    def bstr(self, s, unit):
        n, = self.unpack(s, "I")
        return self.take(n * unit).decode(utf16(s))

    def value(self, s, kind):
        if kind == "time":
            v, = self.unpack(s, "I")
            if (v == CTIME_MARK) == (0 < s.mfc < 8):
                raise Bad("the other form of CTime")
            if v == CTIME_MARK:
                v, = self.unpack(s, "q")
                return v
            return signed32(v)
        if kind == "span":
            return self.unpack(s, "i")[0]
        if kind == "date":
            return self.unpack(s, "iQ")
        if kind == "currency":
            status, high, low = self.unpack(s, "iII")
            return status, high << 32 | low
        if kind == "guid":
            b = self.take(16)
            return uuid.UUID(bytes=b) if s.big else uuid.UUID(bytes_le=b)
        if kind == "bstr":
            return self.bstr(s, 2)
        kind, = self.unpack(s, "H")
        letter = VARIANT[kind]
        if letter == "bstr":
            return kind, self.bstr(s, 1)
        if letter == "cy":
            low, high = self.unpack(s, "II")
            return kind, high << 32 | low
        if letter == "bool":
            v, = self.unpack(s, "H")
            if v not in (0, 0xFFFF):
                raise Bad("a BOOL of %04x" % v)
            return kind, v & 1
        return kind, self.unpack(s, letter)[0] if letter else 0

    def take(self, n):
        b = self.stream[self.at:self.at + n]
        if len(b) < n:
            raise Bad("the stream ends %d bytes early" % (n - len(b)))
        self.at += n
        return b

    def unpack(self, s, letters):
        f = order(s) + letters
        return struct.unpack(f, self.take(struct.calcsize(f)))

    def least(self, n, least):
        if self.shortest and n < least:
            raise Bad("%d has a longer form than it needs" % n)
        return n

    def length(self, s):
        """6.4: the length, and whether the units are wide."""
        wide = False
        n, = self.unpack(s, "B")
        if n < 0xFF:
            return n, wide
        n, = self.unpack(s, "H")
        if n == 0xFFFE:
            wide = True
            n, = self.unpack(s, "B")
            if n < 0xFF:
                return n, wide
            n, = self.unpack(s, "H")
            if self.shortest and n == 0xFFFE:
                raise Bad("no writer makes a WORD length of FFFE")
        if n < 0xFFFF:
            return self.least(n, 0xFF), wide
        n, = self.unpack(s, "I")
        if n < 0xFFFFFFFF:
            return self.least(n, 0xFFFE), wide
        n, = self.unpack(s, "Q")
        return self.least(n, 0xFFFFFFFF), wide

    def count(self, s):
        n, = self.unpack(s, "H")
        if n < 0xFFFF:
            return n
        n, = self.unpack(s, "I")
        if n < 0xFFFFFFFF or s.count32:
            return self.least(n, 0xFFFF)
        n, = self.unpack(s, "Q")
        return self.least(n, 0xFFFFFFFF)

    def text(self, s, end):
        name, width = encoding(s, s.form)
        try:
            if end == FIELD:
                v = self.take(s.units * width).decode(name)
                return v.split("\0")[0] if s.pad == 0 else v.rstrip(
                    chr(s.pad))
            if end != LENGTH:
                return self.ended(s, end, name, width)
            if s.form in (UNICODE, ANSI):
                n, wide = self.length(s)
                if self.shortest and wide != (s.form == UNICODE):
                    raise Bad("the other form of text")
            else:
                n = self.count(s)
            return self.take(n * width).decode(name)
        except UnicodeError as e:
            raise Bad(str(e)) from e

    def ended(self, s, end, name, width):
        """Text up to what ends it, the whole of which is found by units."""
        mark = {NUL: "\0", LF: "\n", CRLF: "\r\n"}[end].encode(name)
        b = b""
        while not b.endswith(mark) or len(b) % width:
            b += self.take(width)
        return b[:-len(mark)].decode(name)

    def get(self, s, kind, n=1):
        if kind in MFC:
            return self.get_mfc(s, kind)
        if kind in TEXTS:
            return self.text(s, s.end)
        if kind == "line":
            return self.text(s, LF)
        if kind in ("count", "count64"):
            return self.count(s)
        if kind == "bytes":
            return self.take(n)
        if kind == "bool":
            b, = self.take(1)
            if self.shortest and b > 1:
                raise Bad("a bool of %02x" % b)
            return int(b != 0)
        if kind in ARRAYS:
            return list(self.unpack(s, "%d%s" % (n, LETTER[kind[:-1]])))
        return self.unpack(s, LETTER[kind])[0]


# Values to try.

NUMBERS = [0, 1, 2, 0x7E, 0x7F, 0x80, 0x81, 0xFE, 0xFF, 0x100, 0x101, 0x7FFF,
           0x8000, 0xFEFF, 0xFFFC, 0xFFFD, 0xFFFE, 0xFFFF, 0x10000, 0x10001,
           0x7FFFFFFF, 0x80000000, 0xFFFFFFFD, 0xFFFFFFFE, 0xFFFFFFFF,
           0x100000000, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000,
           0xFFFFFFFFFFFFFFFE, 0xFFFFFFFFFFFFFFFF, 0x0102030405060708,
           0xF1E2D3C4B5A69788]
F32 = [0, 0x80000000, 1, 0x80000001, 0x007FFFFF, 0x00800000, 0x3F800000,
       0xBF800000, 0x7F7FFFFF, 0xFF7FFFFF, 0x7F800000, 0xFF800000, 0x7FC00000,
       0x7FC12345, 0xFFC00001, 0xFFFFFFFF]
F64 = [0, 1 << 63, 1, (1 << 63) + 1, 0x000FFFFFFFFFFFFF, 0x0010000000000000,
       0x3FF0000000000000, 0xBFF0000000000000, 0x7FEFFFFFFFFFFFFF,
       0xFFEFFFFFFFFFFFFF, 0x7FF0000000000000, 0xFFF0000000000000,
       0x7FF8000000000000, 0x7FF8DEADBEEF1234, 0xFFF8000000000001,
       0xFFFFFFFFFFFFFFFF]
SIGNALLING = {"f32": [0x7F800001, 0xFFA12345, 0x7FBFFFFF],
              "f64": [0x7FF0000000000001, 0xFFF4123456789ABC,
                      0x7FF7FFFFFFFFFFFF]}
COUNTS = [n for n in NUMBERS if n < 1 << 32 or n > (1 << 63)]
FEW = [0, 1, 2, 3, 7, 8, 9, 31, 32, 33, 34]
MANY = [63, 64, 127, 128, 511, 512, 513, 1024, 1025, 2047, 2049, 4095, 4096,
        4097]
TEXT_EDGES = [0, 1, 2, 126, 127, 128, 253, 254, 255, 256, 257]
TEXT_LONG = [65532, 65533, 65534, 65535, 65536, 65537]

# Characters of one unit of UTF-16, then of two: the ends of every range.
NARROW = [chr(c) for c in (
    1, 9, 10, 13, 0x41, 0x7E, 0x7F, 0x80, 0x9F, 0xA0, 0xFF, 0x100, 0x301,
    0x7FF, 0x800, 0xFFF, 0x1000, 0x20AC, 0x3000, 0x4E00, 0xAC00, 0xD7FF,
    0xE000, 0xF8FF, 0xFEFF, 0xFFFD, 0xFFFE, 0xFFFF)]
PAIRS = [chr(c) for c in (
    0x10000, 0x103FF, 0x10400, 0x1D800, 0x1DC00, 0x1F600, 0x1FFFF, 0x20000,
    0xDFFFE, 0xFFFFF, 0x100000, 0x10FC00, 0x10FFFF)]
ASCII = [chr(c) for c in range(1, 128)]
LONE = "\ud800\udbff\udc00\udfff\ud83d\ude00"


class Page:
    """A code page's characters, by how many bytes they have.

    In 932, 936, 949 and 950 only those that the national standard has with the
    same bytes, or that are of a range where the makers of tables never
    disagreed; not the few that some of them have as a character that looks
    like it.  So neither their private use areas, nor 80, A0, FD to FF alone.
    """

    NATIONAL = {932: ("shift_jis", range(0)),
                936: ("gb2312", range(0x4E00, 0x9FA6)),
                949: ("euc_kr", range(0xAC00, 0xD7A4)),
                950: ("big5", range(0))}
    DISPUTED = ("\xa2\xa3\xa5\xa6\xa8\xac\xad\xaf\xb4\xb7\u02c9\u02cd"
                "\u2014\u2015\u2016\u2022\u2025\u2027\u203e\u20ac\u2212\u2215"
                "\u2223\u2225\u223c\u2295\u2299\u22c5\u2571\u2572\u301c\u30fb"
                "\ufe4f\ufe50\ufe51\ufe68\uff0d\uff0f\uff3c\uff3f\uff5e\uffe0"
                "\uffe1\uffe2\uffe3\uffe4\uffe5\u5341\u5345\u5159\u55c0")

    def __init__(self, number):
        self.number = number
        name = "cp%d" % number
        self.one, self.two = [], []
        if number in self.NATIONAL:
            self.multi(name, *self.NATIONAL[number])
        else:
            for b in range(0x80, 0x100):
                try:
                    self.one.append(bytes([b]).decode(name))
                except UnicodeError:
                    pass

    def multi(self, name, national, sure):
        for c in range(0x80, 0x10000):
            c = chr(c)
            if c in self.DISPUTED:
                continue
            try:
                b = c.encode(name)
                if ord(c) not in sure and c.encode(national) != b:
                    continue
            except UnicodeError:
                continue
            if b.decode(name) == c and not (name == "cp950" and
                                            b"\xc6\xa1" <= b <= b"\xc8\xfe"):
                (self.one if len(b) == 1 else self.two).append(c)


PAGES = [1250, 1251, 1252, 1253, 1254, 1257, 874, 932, 936, 949, 950]


class Here:
    """What the C side can do on this machine."""

    def __init__(self, program):
        pages = [str(p) for p in PAGES]
        said = subprocess.run([program, "pages"] + pages, check=True,
                              stdout=subprocess.PIPE).stdout.decode().split()
        self.signalling = said.pop() == "signalling"
        WIDTH["wtext"] = int(said.pop())
        self.pages = [Page(int(p)) for p in said]
        missing = [p for p in pages if p not in said]
        if missing:
            print("skipped: no converter here for code page",
                  ", ".join(missing))


# Programs of values.

def mfc_words(kind, v):
    """A collection, or MFC's value, in the C side's words."""
    if kind in MAPS:
        return ",".join(":".join(mfc_words(w, x) for w, x in
                                 zip(MAPS[kind], pair)) for pair in v)
    if kind in ("texts", "ages"):
        return ",".join(mfc_words(kind[:-1], x) for x in v)
    if kind in ("text", "bstr"):
        return "=" + v.encode().hex()
    if kind == "age":
        return "-" if v is None else str(v)
    if kind in ("date", "currency"):
        return "%d:%x" % v
    if kind == "guid":
        return "{%s}" % str(v).upper()
    if kind == "variant":
        return "%d:%s" % (v[0], mfc_words("bstr", v[1]) if v[0] == 8
                          else "%x" % v[1])
    return str(v)


class Item:
    """A setting, or a value.

    stores: what the C side is given to store (a text: str), or None
    read:   what this side has to read of that
    writes: what this side writes, or None; in the form of text given
    loads:  what the C side has to load of that
    """

    def __init__(self, how, kind, v, settings, line=None):
        self.how, self.kind, self.s, self.line = how, kind, settings, line
        self.stores = self.read = self.writes = self.loads = v
        self.form = settings.form
        self.spare = self.waste = 0
        self.replaced_storing = self.replaced_loading = 0

    @staticmethod
    def digits(kind, v):
        """A value in the C side's words: how many, and its bits."""
        if kind in MFC:
            return (len(v) if isinstance(v, list) else 1), mfc_words(kind, v)
        if kind in TEXTS + ["line"]:
            w = WIDTH[kind]
            b = v.encode({1: "utf-8", 2: "utf-16-be", 4: "utf-32-be"}[w])
            return len(b) // w, b.hex()
        if kind == "bytes":
            return len(v), v.hex()
        w = WIDTH[kind]
        v = v if isinstance(v, list) else [v]
        mask = (1 << 8 * w) - 1
        return len(v), "".join("%0*x" % (2 * w, x & mask) for x in v)

    def store_line(self):
        if self.line is not None:
            return self.line
        return "%s %s %d %s" % ((self.how, self.kind)
                                + self.digits(self.kind, self.stores))

    def load_line(self):
        if self.line is not None:
            return self.line
        n = self.digits(self.kind, self.loads)[0]
        return "%s %s %d" % (self.how, self.kind, n + self.spare)

    def loaded_line(self):
        return "%s %s" % (self.kind, self.digits(self.kind, self.loads)[1])


class Stream:
    """A random program of values, and how it ends."""

    def __init__(self, here, seed, number, values):
        self.rng = random.Random("%d/%d" % (seed, number))
        self.here = here
        self.s = Settings()
        self.items = []
        self.end = None
        r = self.rng
        self.opens = [
            "open %s %d" % (r.choice(["memory", "file"]), r.choice(
                [0, 0, 0, 1, 2, 3, 7, 8, 9, 64, 128, 4095, 4097, 65536]))
            for _ in range(2)]
        if number == 0:
            self.edges()
        else:
            if here.pages:
                self.set("codepage", r.choice(here.pages).number)
            while values > 0:
                if r.random() < 0.05:
                    self.change()
                self.value()
                values -= 1
            self.ending()

    # settings

    def set(self, what, to):
        self.s = self.s.copy()
        setattr(self.s, "page" if what == "codepage" else what, to)
        self.items.append(Item(None, None, None, self.s,
                               "set %s %d" % (what, to)))

    def change(self):
        r = self.rng
        what = r.choice(["big", "form", "form", "codepage", "codepage",
                         "count32", "replace", "end", "end", "pad", "mfc"])
        if what == "form":
            self.set(what, r.choice([UNICODE, UTF8, UTF16, UTF32, ANSI]
                                    [:5 if self.here.pages else 4]))
        elif what == "end":
            self.set(what, r.choice([LENGTH, LENGTH, NUL, FIELD, LF, CRLF]))
        elif what == "pad":
            self.set(what, r.choice([0, 32]))
        elif what == "mfc":
            self.set(what, r.choice([0, 0, 6, 7, 9, 10]))
        elif what == "codepage":
            if self.here.pages:
                self.set(what, r.choice(self.here.pages).number)
        else:
            self.set(what, r.randrange(2))

    # values

    def add(self, how, kind, v):
        item = Item(how, kind, v, self.s)
        self.items.append(item)
        return item

    def number(self, kind):
        r = self.rng
        w = WIDTH[kind]
        if kind in ("f32", "f64"):
            roll = r.random()
            if roll < 0.5:
                return r.choice(F32 if w == 4 else F64)
            if roll < 0.6 and self.here.signalling:
                return r.choice(SIGNALLING[kind])
            f = "<f" if w == 4 else "<d"
            x = struct.pack(f, r.uniform(-1, 1) * 2.0 ** r.randint(-140, 120))
            return int.from_bytes(x, "little")
        v = r.choice(NUMBERS) if r.random() < 0.6 else r.getrandbits(8 * w)
        return self.fit(kind, v)

    @staticmethod
    def fit(kind, v):
        w = 8 * WIDTH[kind]
        v &= (1 << w) - 1
        if kind[0] == "i" and v >> (w - 1):
            v -= 1 << w
        return v & 1 if kind == "bool" else v

    def size(self):
        r = self.rng
        roll = r.random()
        if roll < 0.6:
            return r.choice(FEW)
        if roll < 0.98:
            return r.randrange(50)
        return r.choice(MANY)

    def text_size(self):
        r = self.rng
        roll = r.random()
        if roll < 0.8:
            return r.randrange(24)
        if roll < 0.95:
            return r.choice(TEXT_EDGES)
        if roll < 0.995:
            return r.randrange(600)
        return r.choice(MANY + TEXT_LONG)

    def page(self):
        return next(p for p in self.here.pages if p.number == self.s.page)

    def text(self, n):
        """n units in the form that is set, long ones with a pattern."""
        r = self.rng
        if n > 1000:
            part = self.text(r.randrange(100, 200))
            k = self.units(part)
            return part * (n // k) + self.text(n % k)
        if self.s.form == ANSI:
            p = self.page()
            choices = [ASCII, p.one or ASCII, p.two or p.one]
        else:
            choices = [ASCII, NARROW, PAIRS]
        style = r.randrange(4)
        out = []
        while n > 0:
            c = r.choice(choices[r.randrange(3) if style == 3 else style])
            k = self.units(c)
            if k > n:
                c, k = r.choice(ASCII), 1
            out.append(c)
            n -= k
        return "".join(out)

    def units(self, text):
        name, width = encoding(self.s, self.s.form)
        return len(text.encode(name, "replace")) // width

    def fitting(self, text, how, end):
        """What such a text may hold: as long as it was."""
        r = self.rng
        nuls = how == "s" and end != NUL and (end != FIELD or self.s.pad)
        if nuls and r.random() < 0.3:
            text = "".join("\0" if ord(c) < 128 and r.random() < 0.3 else c
                           for c in text)
        if end in (LF, CRLF):
            text = text.replace("\n", "n")
        if end == LF and text.endswith("\r"):
            text = text[:-1] + "r"
        if end == FIELD and text.endswith(chr(self.s.pad)):
            text = text[:-1] + "."
        return text

    def add_text(self, n):
        r = self.rng
        kind = r.choice(TEXTS + ["text", "line"])
        how = "x" if kind == "line" else r.choice("xds")
        if kind == "text" and self.s.end == LENGTH and r.random() < 0.3:
            how = "p"
        end = LF if kind == "line" else self.s.end
        text = self.fitting(self.text(n), how, end)
        if end == FIELD:
            # room for what lack() adds, too
            self.set("units", self.units(text) + r.choice([3, 4, 30]))
        item = self.add(how, kind, text)
        item.spare = r.choice([0, 0, 1, 20])
        if n > 1000:
            return item
        roll = r.random()
        if roll < 0.1 and self.s.form in (UNICODE, ANSI) and end == LENGTH:
            self.other_form(item)
        elif roll < 0.2 and self.s.replace:
            self.lack(item)
        return item

    def other_form(self, item):
        """The reader takes either of MFC's forms, whatever is set."""
        if self.s.form == ANSI:
            item.form = UNICODE
            return
        try:
            item.writes.encode("cp%d" % self.s.page)
        except UnicodeError:
            return
        p = [q for q in self.here.pages if q.number == self.s.page]
        if p and set(item.writes) <= set(ASCII + p[0].one + p[0].two):
            item.form = ANSI

    def lack(self, item):
        """What has no equivalent is replaced, and counted."""
        r = self.rng
        v = list(item.stores)
        places = sorted(r.randrange(len(v) + 1) for _ in range(3))
        if self.s.form == ANSI:
            # stored: a character that no code page has
            for i in reversed(places):
                v.insert(i, r.choice("\u16a0\U0001f600"))
            item.stores = "".join(v)
            item.read = item.stores.replace("\u16a0", "?").replace(
                "\U0001f600", "?")
            item.replaced_storing = len(places)
            item.writes = None
        elif self.s.form in (UNICODE, UTF16):
            # loaded: surrogates that are no pair
            for i in reversed(places):
                v.insert(i, r.choice(LONE))
            b = "".join(v).encode("utf-16-le", "surrogatepass")
            item.writes = b.decode("utf-16-le", "surrogatepass")
            item.loads = "".join(
                "\ufffd" if "\ud800" <= c <= "\udfff" else c
                for c in item.writes)
            item.replaced_loading = sum(
                "\ud800" <= c <= "\udfff" for c in item.writes)
            item.stores = None

    def few(self):
        r = self.rng
        return r.choice([0, 1, 2, 3, r.randrange(40), r.randrange(40)])

    def key(self, kind):
        """Often one that is there already, or shares its bucket."""
        r = self.rng
        if kind == "u16":
            return r.choice([r.randrange(40), 17 * r.randrange(20),
                             r.randrange(65536), 65535])
        return self.text(r.choice([0, 1, 1, 1, 2, 3, 9, 10, 11, 19, 20, 21,
                                   r.randrange(60)]))

    def add_mfc(self, kind):
        r = self.rng
        age = lambda: None if r.random() < 0.1 else r.randrange(256)
        short_text = lambda: self.text(r.randrange(12))
        if kind in MAPS:
            k, v = MAPS[kind]
            pairs = [(self.key(k), age() if v == "age" else short_text())
                     for _ in range(self.few())]
            item = self.add("x", kind, pairs)
            item.read = hash_table(self.s, pairs)
            if r.random() < 0.5:
                item.writes = item.read
            item.loads = overwritten(item.writes)
        elif kind == "texts":
            self.add("x", kind, [short_text() for _ in range(self.few())])
        elif kind == "ages":
            self.add("x", kind, [age() for _ in range(self.few())])
        else:
            self.add("x", kind, self.mfc_value(kind))

    def mfc_value(self, kind):
        r = self.rng
        bits = lambda n: (r.choice(NUMBERS) if r.random() < 0.5
                          else r.getrandbits(64)) % (1 << n)
        if kind == "time":
            v = bits(32)
            if 0 < self.s.mfc < 8 and v != CTIME_MARK:
                return signed32(v)
            return signed64(bits(64)) if self.s.mfc in (0, 9) else 0
        if kind == "span":
            return signed32(bits(32))
        if kind == "date":
            return r.randrange(3), r.choice(F64) if r.random() < 0.5 else bits(
                52)
        if kind == "currency":
            return r.randrange(3), bits(64)
        if kind == "guid":
            return uuid.UUID(int=r.getrandbits(128))
        if kind == "bstr":
            return self.text(self.text_size() % 1000)
        kind = r.choice(list(VARIANT))
        letter = VARIANT[kind]
        if letter == "bstr":
            return kind, self.text(r.randrange(300))
        if letter == "bool":
            return kind, r.randrange(2)
        if kind == 4:
            return kind, r.choice(F32)
        if kind in (5, 7):
            return kind, r.choice(F64)
        return kind, bits(8 * {"cy": 8, "": 0}.get(
            letter, struct.calcsize("<" + letter if len(letter) == 1 else "")))

    def value(self):
        r = self.rng
        roll = r.random()
        if r.random() < 0.15:
            self.add_mfc(r.choice(MFC))
        elif roll < 0.55:
            kind = r.choice(list(LETTER) + ["bool"])
            v = self.number(kind)
            item = self.add(r.choice("xp"), kind, v)
            if kind == "bool" and v and r.random() < 0.2:
                item.writes = r.randint(1, 255)
        elif roll < 0.65:
            kind = r.choice(ARRAYS)
            self.add("x", kind,
                     [self.number(kind[:-1]) for _ in range(self.size())])
        elif roll < 0.70:
            n = self.size()
            self.add(r.choice("xp"), "bytes",
                     r.getrandbits(8 * n).to_bytes(n, "little"))
        elif roll < 0.80:
            self.add_count(r.choice(COUNTS) if r.random() < 0.7
                           else r.getrandbits(r.randrange(1, 65)))
        else:
            self.add_text(self.text_size())

    def add_count(self, n):
        """With count32 no more than 32 bits: the library says ELIMIT."""
        r = self.rng
        if self.s.count32:
            n &= 0xFFFFFFFF
        if n < 1 << 32 and r.random() < 0.5:
            return self.add("x", "count", n)
        return self.add(r.choice("xp"), "count64", n)

    # streams that end with an error, of what only this side can write

    def ending(self):
        r = self.rng
        roll = r.random()
        if roll < 0.25:
            last = self.items[-1]
            if last.kind == "line" or last.s.end in (LF, CRLF):
                self.add("x", "u32", 1)  # a last line may lack its LF
            self.end = "CASK_ECUT"
            last = self.items[-1]
            if last.kind == "line" or (last.kind in TEXTS
                                       and last.s.end in (LF, CRLF)):
                # the last line of a stream may lack its end
                self.add("x", "u32", self.number("u32"))
        elif roll < 0.35:
            self.set("form", r.choice([UNICODE, UTF16]))
            self.set("end", LENGTH)
            self.set("replace", 0)
            self.lone("EILSEQ")
        elif roll < 0.45:
            self.set("end", LENGTH)
            self.nul("CASK_ETEXT")

    def lone(self, error):
        item = self.add("x", "text", self.text(self.rng.randrange(300)))
        item.writes += self.rng.choice(LONE)
        item.loads = item.writes.encode("utf-8", "replace").decode()
        item.spare = 8
        item.stores = None
        self.end = error

    def nul(self, error):
        item = self.add(self.rng.choice("xpd"), "text", self.text(
            self.rng.randrange(300)))
        at = self.rng.randrange(len(item.writes) + 1)
        item.writes = item.writes[:at] + "\0" + item.writes[at:]
        item.loads = item.writes
        item.stores = None
        self.end = error

    # every edge, in both orders

    def edges(self):
        for big in (0, 1):
            self.set("big", big)
            for kind in list(LETTER) + ["bool"]:
                edges = {"f32": F32, "f64": F64}.get(kind, NUMBERS)
                for v in sorted({self.fit(kind, v) for v in edges}):
                    for how in "xp":
                        self.add(how, kind, v)
            for kind in ARRAYS:
                for n in FEW + MANY:
                    self.add("x", kind,
                             [self.number(kind[:-1]) for _ in range(n)])
            for count32 in (0, 1):
                self.set("count32", count32)
                for n in NUMBERS:
                    for waste in range(3):
                        self.add_count(n).waste = waste
            self.edges_of_text()

    def edges_of_text(self):
        for form in (UNICODE, UTF8, UTF16, UTF32):
            self.set("form", form)
            for n in TEXT_EDGES + (TEXT_LONG if form in (UNICODE, UTF8)
                                   else [0xFFFE, 0xFFFF]):
                self.add_text(n)
            for end in (NUL, FIELD, LF, CRLF, LENGTH):
                self.set("end", end)
                for n in TEXT_EDGES:
                    self.set("pad", 32 * (n % 2))
                    self.add_text(n)
            for n in (0, 1, 0xFE, 0xFF, 0xFFFD, 0xFFFE, 0xFFFF):
                for waste in range(-1, 4):
                    self.add_text(n).waste = waste
        if not self.here.pages:
            return
        self.set("codepage", self.here.pages[0].number)
        self.set("form", ANSI)
        for page in self.here.pages:
            self.set("codepage", page.number)
            every = page.one + page.two
            for i in range(0, len(every), 200):
                self.add("x", "text", "".join(every[i:i + 200]))
            for n in TEXT_EDGES:
                self.add_text(n).waste = n % 4
        for n in TEXT_LONG:
            self.add_text(n)
        self.set("form", UNICODE)


# Both ways.

class Mismatch(Exception):
    pass


def shorten(s, n=400):
    s = str(s)
    return s if len(s) <= n else "%s... (%d in all)" % (s[:n], len(s))


def complain(index, item, wanted, got, stream, start, end):
    around = stream[start:max(end, start + 1)]
    raise Mismatch(
        "value %d: %s%s with %s\n  expected %s\n  got      %s\n"
        "  bytes from %d: %s" % (
            index, {"x": "", "p": "put or get ", "d": "allocated ",
                "s": "counted "}[item.how],
            item.kind, item.s, shorten(wanted), shorten(got), start,
            shorten(around.hex(" "))))


def first_difference(a, b):
    """Texts and arrays are long: the part that differs."""
    if not isinstance(a, (str, list, bytes)) or type(a) != type(b):
        return ascii(a), ascii(b)
    i = 0
    while i < min(len(a), len(b)) and a[i] == b[i]:
        i += 1
    if i < 40 and max(len(a), len(b)) < 200:
        return ascii(a), ascii(b)
    tell = "%d long, at %d %a"
    return (tell % (len(a), i, a[max(i - 2, 0):i + 10]),
            tell % (len(b), i, b[max(i - 2, 0):i + 10]))


def last_line(said, replaced, values):
    """What a program that went well says last."""
    wanted = "replaced %d" % replaced
    if said[-1:] != [wanted] or len(said) != values + 1:
        raise Mismatch("after %d of %d values: expected %s, got %s" % (
            len(said) - 1, values, wanted, shorten(said[-1:])))


def c_stores(program, stream):
    """The C side stores; this loads and compares.  Gives how many values."""
    items = [i for i in stream.items if i.line or i.stores is not None]
    script = "\n".join([stream.opens[0]] + [i.store_line() for i in items])
    done = subprocess.run([program, "store"], input=script.encode(),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=60)
    said = done.stderr.decode(errors="replace").splitlines()
    if done.returncode != 0:
        raise Mismatch("differential store: exit code %d\n%s" % (
            done.returncode, done.stderr.decode(errors="replace")))
    reader = Reader(done.stdout)
    items = [i for i in items if not i.line]
    for index, item in enumerate(items):
        start = reader.at
        n = len(item.read) if item.kind in ARRAYS + ["bytes"] else 1
        try:
            got = reader.get(item.s, item.kind, n)
        except Bad as e:
            complain(index, item, ascii(item.read), "%s; it said %s" % (
                e, said[-1:]), done.stdout, start, reader.at + 64)
        if got != item.read:
            complain(index, item, *first_difference(item.read, got),
                     done.stdout, start, reader.at)
        if index < len(said) and said[index] != "@%d" % reader.at:
            complain(index, item, "@%d" % reader.at, said[index],
                     done.stdout, start, reader.at)
    last_line(said, sum(i.replaced_storing for i in items), len(items))
    if reader.at != len(done.stdout):
        raise Mismatch("%d bytes too many: %s" % (
            len(done.stdout) - reader.at,
            shorten(done.stdout[reader.at:].hex(" "))))
    return len(items)


def store_here(stream, items):
    """What this side writes, and the offset behind each value."""
    r = stream.rng
    writer = Writer()
    ends = []
    for item in items:
        if not item.line:
            writer.waste = item.waste
            writer.long_time = r.random() < 0.5
            if r.random() < 0.05:
                writer.waste = r.randrange(-1, 4)
            writer.put(item.s, item.kind, item.writes, item.form)
            ends.append(len(writer.out))
    return bytes(writer.out), ends


def compare_loaded(items, ends, said, data, error):
    """Every line that the C side said but the last."""
    start = 0
    for index, (item, end) in enumerate(zip(items, ends)):
        if error and index == len(items) - 1:
            break
        wanted = "%s @%d" % (item.loaded_line(), end)
        if index >= len(said) or said[index] != wanted:
            got = said[index] if index < len(said) else "nothing"
            if got.startswith(item.kind + " "):
                wanted, got = first_difference(wanted, got)
            complain(index, item, wanted, got, data, start, end)
        start = end


def c_loads(program, stream, name):
    """This stores; the C side loads, and this compares what it says."""
    items = [i for i in stream.items if i.line or i.writes is not None]
    data, ends = store_here(stream, items)
    script = "\n".join([stream.opens[1]] + [i.load_line() for i in items])
    items = [i for i in items if not i.line]
    start = ends[-2] if len(ends) > 1 else 0
    error = stream.end
    if error == "CASK_ECUT":
        if start == ends[-1]:
            error = None
        else:
            data = data[:stream.rng.randrange(start, ends[-1])]
    with open(name, "wb") as f:
        f.write(data)
    done = subprocess.run([program, "load", name], input=script.encode(),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=60)
    said = done.stdout.decode().splitlines()
    if done.returncode != 0:
        raise Mismatch("differential load: exit code %d\n%s" % (
            done.returncode, done.stderr.decode(errors="replace")))
    compare_loaded(items, ends, said, data, error)
    if error is None:
        last_line(said, sum(i.replaced_loading for i in items), len(items))
    elif len(said) != len(items) or not said[-1].startswith(
            "error %s: " % error):
        complain(len(items) - 1, items[-1], error, said[len(items) - 1:],
                 data, start, len(data))
    return len(items)


def differential(program, seed, values, only):
    here = Here(program)
    stored = loaded = 0
    number = -1
    with tempfile.TemporaryDirectory() as d:
        while min(stored, loaded) < values:
            number += 1
            if only is not None and number != only:
                if number > only:
                    break
                continue
            stream = Stream(here, seed, number, 1000)
            try:
                way = "C stores, Python loads"
                stored += c_stores(program, stream)
                way = "Python stores, C loads"
                loaded += c_loads(program, stream, os.path.join(d, "stream"))
            except Mismatch as e:
                sys.exit("%s: seed %d, stream %d, %s and %s: %s\n"
                         "again: python3 test/peer.py differential %s "
                         "--seed %d --stream %d" % (
                             way, seed, number, *stream.opens, e, program,
                             seed, number))
    print("%d values stored by C and loaded by Python, %d the other way "
          "(seed %d)" % (stored, loaded, seed))


# The programs of README.md.

QUESTION = bytes.fromhex("FF FE FF 04 41 00 43 00 4D 00 45 00 00 00")
ANSWER = bytes.fromhex("FF FE FF 04 41 00 43 00 4D 00 45 00 02 00"
                       "00 00 00 00 00 C0 44 40 00 00 00 00 00 20 45 40")


def read_quote(data):
    reader, s = Reader(data), Settings()
    symbol = reader.get(s, "text")
    n = reader.get(s, "count")
    prices = [struct.unpack("<d", struct.pack("<Q", bits))[0]
              for bits in reader.get(s, "f64s", n)]
    if reader.at != len(data):
        raise Bad("more than a quote")
    return symbol, prices


def write_quote(symbol, prices):
    writer, s = Writer(), Settings()
    writer.put(s, "text", symbol)
    writer.put(s, "count", len(prices))
    writer.put(s, "f64s", [struct.unpack("<Q", struct.pack("<d", p))[0]
                           for p in prices])
    return bytes(writer.out)


def receive(s, n):
    data = b""
    while len(data) < n:
        more = s.recv(n - len(data))
        if not more:
            break
        data += more
    return data


def expect(what, wanted, got):
    if wanted != got:
        if isinstance(wanted, bytes):
            wanted, got = wanted.hex(" "), got.hex(" ")
        sys.exit("%s\n  wanted: %s\n  got:    %s" % (what, wanted, got))


def quote(ask, port):
    expect("the question here", QUESTION, write_quote("ACME", []))
    expect("the answer here", ANSWER, write_quote("ACME", [41.5, 42.25]))
    with socket.socket() as listener:
        listener.settimeout(10)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        with subprocess.Popen(
                [ask, "127.0.0.1", str(listener.getsockname()[1])],
                stdout=subprocess.PIPE) as asker:
            s = listener.accept()[0]
            s.settimeout(10)
            question = receive(s, len(QUESTION))
            expect("what ask sends", QUESTION, question)
            expect("what ask asks", ("ACME", []), read_quote(question))
            s.sendall(ANSWER)
            expect("what ask sends behind that", b"", receive(s, 1))
            s.close()
            expect("what ask prints", b"ACME 41.50\nACME 42.25\n",
                   asker.stdout.read())
    with socket.create_connection(("127.0.0.1", port), 10) as s:
        s.sendall(QUESTION)
        s.shutdown(socket.SHUT_WR)
        answer = receive(s, len(ANSWER) + 1)
        expect("what the server sends", ANSWER, answer)
        expect("what the server answers", ("ACME", [41.5, 42.25]),
               read_quote(answer))


def main():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    d = commands.add_parser("differential")
    d.add_argument("program")
    d.add_argument("--seed", type=int, default=1)
    d.add_argument("--values", type=int, default=100000)
    d.add_argument("--stream", type=int)
    q = commands.add_parser("quote")
    q.add_argument("ask")
    q.add_argument("port", type=int)
    a = parser.parse_args()
    if a.command == "quote":
        quote(a.ask, a.port)
    else:
        differential(a.program, a.seed, a.values, a.stream)


if __name__ == "__main__":
    main()
