#!/usr/bin/env python3
"""
Another reader and writer of graphs of objects, made from the description of
MFC's tags alone, and the test of Cask against it.

    peer_graph.py graphs PROGRAM [--seed S] [--objects N] [--stream I]

Random graphs go both ways.  PROGRAM (see graph_differential.c) stores its own,
which this loads, describes and stores again; and it loads what this stores,
describes it and stores it again.  Descriptions and bytes have to be equal, and
a stream cut short is refused by both.  So many objects each way.  On a mismatch
it prints the command that does that stream again.

Half of the streams that this stores are as an older program would have written
them, with older schemas, and have tags in the longer form, which readers take;
what comes back is as the newest one writes it.  The numbers of stream 0 go
past 7FFE.

SPDX-License-Identifier: MIT
"""

import argparse
import os
import random
import struct
import subprocess
import sys
import tempfile

IN_BLOCK = 40
STREAMS = 8  # at least


class Bad(Exception):
    """Bytes that are not what the format says, or not all there."""


class Mismatch(Exception):
    pass


# The classes: name, base, schema, is it versionable.

class Class:
    def __init__(self, name, base, schema=None, versionable=False):
        self.name, self.base = name, base
        self.schema, self.versionable = schema, versionable

    def is_kind_of(self, kind):
        c = self
        while c is not None and c is not kind:
            c = c.base
        return c is not None


THING = Class("CThing", None)
DOCUMENT = Class("CDocument", THING)
NUMBERS = Class("CNumbers", THING, 0)
TEXTS = Class("CTexts", THING, 1)
NODE = Class("CNode", THING, 1)
SUBNODE = Class("CSubNode", NODE, 65534)
VERSIONED = Class("CVersioned", THING, 3, True)
LATE = Class("CLate", THING, 5, True)
BASE = Class("CBase", THING, 3, True)
DERIVED = Class("CDerived", BASE, 2)
RARE = Class("CRare", THING, 9, True)  # behind all others
CLASSES = [NUMBERS, TEXTS, NODE, SUBNODE, VERSIONED, LATE, BASE, DERIVED]
BY_NAME = {c.name: c for c in CLASSES + [RARE]}
OLD = {VERSIONED: (1, 2, 3, 4), LATE: (3, 4, 5, 0), RARE: (8, 9), BASE: (1, 2, 3, 65535)}


class Thing:
    __slots__ = ("kind", "number", "came", "base_came", "u8", "i16", "u16",
                 "u32", "i64", "f64", "wide", "narrow", "some", "other",
                 "next")

    def __init__(self, kind):
        self.kind = kind
        self.number = 0  # in the text
        self.came = self.base_came = 0
        self.u8 = self.i16 = self.u16 = self.u32 = self.i64 = self.f64 = 0
        self.wide = self.narrow = ""
        self.some = self.other = self.next = None


def fields(kind, schema, base_schema):
    """What an object of that class is, in order: members, or "base"."""
    if kind is NUMBERS:
        return ["u8", "i16", "u32", "i64", "f64"]
    if kind is TEXTS:
        return ["wide", ("some", THING), "narrow"]
    if kind is NODE:
        return ["u16", ("some", THING), ("next", NODE)]
    if kind is SUBNODE:
        return ["u32"] + fields(NODE, 0, 0)
    if kind is VERSIONED:
        return ["u16", "wide", ("some", THING)][:max(1, min(schema, 3))]
    if kind is LATE:
        return [("some", THING)] + ["u32"] * (schema >= 4)
    if kind is RARE:
        return ["u8"]
    if kind is BASE:
        return ["u8"] + ["i16"] * (base_schema >= 2)
    return (["u16", "base"] + fields(BASE, 0, base_schema) +
            [("some", BASE), "u32", ("other", THING)])


LETTER = {"u8": "B", "i16": "h", "u16": "H", "u32": "I", "i64": "q",
          "f64": "Q"}


def own_schema(kind, schema):
    """The schemas that an object is told, as it keeps them."""
    return schema if kind in (VERSIONED, LATE) else 0


class Writer:
    """6.6 to 6.8.  old: schemas by class; waste: how often a tag is longer
    than need be."""

    def __init__(self, big, old=None, rng=None, waste=0.0):
        self.order = ">" if big else "<"
        self.utf16 = "utf-16-be" if big else "utf-16-le"
        self.old = old or {}
        self.rng, self.waste = rng, waste
        self.out = bytearray()
        self.pids = {}
        self.next = 1

    def pack(self, letters, *values):
        self.out += struct.pack(self.order + letters, *values)

    def schema(self, kind):
        return self.old.get(kind, kind.schema)

    def number(self, key):
        self.pids[key] = self.next
        self.next += 1

    def tag(self, pid, is_class):
        if pid >= 0x7FFF or self.waste and self.rng.random() < self.waste:
            self.pack("HI", 0x7FFF, pid | is_class << 31)
        else:
            self.pack("H", pid | is_class << 15)

    def put_class(self, kind):
        if kind in self.pids:
            self.tag(self.pids[kind], 1)
        else:
            name = kind.name.encode("ascii")
            self.pack("HHH", 0xFFFF, self.schema(kind), len(name))
            self.out += name
            self.number(kind)

    def length(self, n):
        """6.3."""
        if n <= 254:
            self.pack("B", n)
        elif n <= 65533:
            self.pack("BH", 0xFF, n)
        else:
            self.pack("BHI", 0xFF, 0xFFFF, n)

    def text(self, text, wide):
        if wide:
            self.pack("BH", 0xFF, 0xFFFE)
        b = text.encode(self.utf16 if wide else "cp1252")
        self.length(len(b) // 2 if wide else len(b))
        self.out += b

    def put(self, thing):
        """The last pointer of an object is a turn of the loop."""
        while True:
            if thing is None:
                self.tag(0, 0)
                return
            if thing in self.pids:
                self.tag(self.pids[thing], 0)
                return
            kind = thing.kind
            self.put_class(kind)
            self.number(thing)
            todo = fields(kind, self.schema(kind), self.schema(BASE))
            last = None
            for f in todo:
                if f == "base":
                    self.put_class(BASE)
                elif f in LETTER:
                    self.pack(LETTER[f], getattr(thing, f))
                elif f in ("wide", "narrow"):
                    self.text(getattr(thing, f), f == "wide")
                elif f is todo[-1]:
                    last = f
                else:
                    self.put(getattr(thing, f[0]))
            if last is None:
                return
            thing = getattr(thing, last[0])

    def put_all(self, blocks, documents):
        self.number(documents[0])
        self.pack("I", len(blocks))
        for i, roots in enumerate(blocks):
            if i == len(blocks) // 2:
                self.number(documents[1])
            self.pack("H", len(roots))
            for thing in roots:
                self.put(thing)
        return bytes(self.out)


class Reader:
    """6.6 to 6.8: any stream at all is read, or is Bad."""

    def __init__(self, big, stream):
        self.order = ">" if big else "<"
        self.utf16 = "utf-16-be" if big else "utf-16-le"
        self.stream = stream
        self.at = 0
        self.entries = [None]  # a class, with its schema, or a Thing

    def take(self, n):
        b = self.stream[self.at:self.at + n]
        if len(b) < n:
            raise Bad("the stream ends %d bytes early" % (n - len(b)))
        self.at += n
        return b

    def one(self, letter):
        f = self.order + letter
        return struct.unpack(f, self.take(struct.calcsize(f)))[0]

    def tag(self):
        """None; a Thing that there is; a class of a new one, and schema."""
        tag = self.one("H")
        if tag == 0xFFFF:
            schema, n = self.one("H"), self.one("H")
            if n >= 64:
                raise Bad("a class name of %d" % n)
            name = self.take(n).decode("latin-1")
            kind = BY_NAME.get(name)
            if kind is None:
                raise Bad("class %r" % name)
            if schema != kind.schema and not kind.versionable:
                raise Bad("schema %d of %s" % (schema, name))
            self.entries.append((kind, schema))
            return self.entries[-1]
        is_class, pid = tag >> 15, tag & 0x7FFF
        if tag == 0x7FFF:
            pid = self.one("I")
            is_class, pid = pid >> 31, pid & 0x7FFFFFFF
        if pid == 0 and not is_class:
            return None
        if pid == 0 or pid >= len(self.entries):
            raise Bad("number %d of %d" % (pid, len(self.entries)))
        entry = self.entries[pid]
        if isinstance(entry, tuple) != bool(is_class):
            raise Bad("number %d is no such thing" % pid)
        return entry

    def get_class(self, wanted):
        entry = self.tag()
        if not isinstance(entry, tuple):
            raise Bad("an object where a class is wanted")
        if not entry[0].is_kind_of(wanted):
            raise Bad("class %s" % entry[0].name)
        return entry[1]

    def text(self):
        """6.4."""
        width = 1
        n = self.one("B")
        if n == 0xFF:
            n = self.one("H")
            if n == 0xFFFE:
                width = 2
                n = self.one("B")
                if n == 0xFF:
                    n = self.one("H")
            if n == 0xFFFF:
                n = self.one("I")
        return self.take(n * width).decode(
            self.utf16 if width == 2 else "cp1252")

    def get(self, wanted, owner=None, member=None):
        """A pointer; owner's member is set, the last of them in a loop."""
        first = None
        while True:
            entry = self.tag()
            is_new = isinstance(entry, tuple)
            kind = entry[0] if is_new else entry.kind if entry else None
            if kind is not None and not kind.is_kind_of(wanted):
                raise Bad("class %s" % kind.name)
            thing = Thing(kind) if is_new else entry
            first = first or thing
            if owner is not None:
                setattr(owner, member, thing)
            if not is_new:
                return first
            self.entries.append(thing)
            last = self.contents(thing, entry[1])
            if last is None:
                return first
            owner, (member, wanted) = thing, last

    def contents(self, thing, schema):
        kind = thing.kind
        thing.came = own_schema(kind, schema)
        if kind is BASE:
            thing.base_came = schema
        todo = fields(kind, schema, schema)
        for i, f in enumerate(todo):
            if f == "base":
                # Its fields depend on what comes here.
                thing.base_came = self.get_class(BASE)
                return self.rest(thing, fields(
                    kind, schema, thing.base_came)[i + 1:])
            if isinstance(f, tuple) and i == len(todo) - 1:
                return f
            self.member(thing, f)
        return None

    def rest(self, thing, todo):
        for f in todo[:-1]:
            self.member(thing, f)
        return todo[-1]

    def member(self, thing, f):
        if isinstance(f, tuple):
            self.get(f[1], thing, f[0])
        elif f in LETTER:
            setattr(thing, f, self.one(LETTER[f]))
        else:
            setattr(thing, f, self.text())

    def get_all(self, documents):
        self.entries.append(documents[0])
        blocks = []
        n = self.one("I")
        for i in range(n):
            if i == n // 2:
                self.entries.append(documents[1])
            blocks.append([self.get(THING) for _ in range(self.one("H"))])
        if self.at != len(self.stream):
            raise Bad("%d bytes too many" % (len(self.stream) - self.at))
        return blocks


def describe(blocks, documents):
    """As graph_differential.c does."""
    queue, lines = [], []

    def mention(thing):
        if thing is documents[0]:
            return "D0"
        if thing is documents[1]:
            return "D1"
        if thing is None:
            return "#0"
        if thing.number == 0:
            queue.append(thing)
            thing.number = len(queue)
        return "#%d" % thing.number

    for roots in blocks:
        lines.append(" ".join(["block"] + [mention(t) for t in roots]))
    for t in queue:  # which grows
        lines.append("%s %d %d %d %d %d %d %d %x %s. %s. %s %s %s" % (
            t.kind.name, t.came, t.base_came, t.i16, t.u8, t.u16, t.u32,
            t.i64, t.f64, t.wide.encode().hex(), t.narrow.encode().hex(),
            mention(t.some), mention(t.other), mention(t.next)))
    return lines, len(queue)


class Maker:
    """A random graph.  What an older program did not know stays empty."""

    LETTERS = "aZ7~\u00e9\u20ac\u6f22\U0001f600"

    def __init__(self, rng, blocks, chain, old, documents):
        self.rng, self.documents, self.old = rng, documents, old
        self.count = blocks
        self.things = [Thing(rng.choice(CLASSES))
                       for _ in range(blocks * IN_BLOCK)]
        self.chain = [Thing(rng.choice([NODE, NODE, SUBNODE]))
                      for _ in range(chain)]
        for i, t in enumerate(self.things):
            self.fill(t, i // IN_BLOCK)
        for i, t in enumerate(self.chain):
            self.fill(t, blocks - 1)
            t.next = self.chain[i + 1] if i + 1 < chain else None
        self.blocks = []
        for b in range(blocks):
            roots = self.things[b * IN_BLOCK:(b + 1) * IN_BLOCK]
            rng.shuffle(roots)
            roots += [self.any_of(b, THING), None]
            self.blocks.append(roots[:rng.randrange(30, 43)]
                               if blocks < 20 else roots)
        if chain:
            self.blocks.append([self.chain[0]])
        rare = [Thing(RARE) for _ in range(3)]
        for t in rare:
            t.u8 = rng.getrandbits(8)
        self.blocks.append(rare + rare + self.chain[-5000:])
        self.late_document()

    def late_document(self):
        """Only what comes behind it may refer to document 1."""
        seen = set()
        todo = [t for roots in self.blocks[:len(self.blocks) // 2]
                for t in roots]
        while todo:
            t = todo.pop()
            if t is None or t in seen:
                continue
            seen.add(t)
            for member in ("some", "other", "next"):
                to = getattr(t, member)
                if to is self.documents[1]:
                    setattr(t, member, self.documents[0])
                else:
                    todo.append(to)
        for roots in self.blocks[:len(self.blocks) // 2]:
            for i, t in enumerate(roots):
                if t is self.documents[1]:
                    roots[i] = self.documents[0]

    def any_of(self, b, kind):
        r = self.rng
        if r.random() < 0.12:
            return None
        if kind is THING and r.random() < 0.1:
            return r.choice(self.documents)
        end = (b + 1) * IN_BLOCK
        for _ in range(20):
            t = self.things[r.randrange(end - IN_BLOCK, end)
                            if r.random() < 0.5 else r.randrange(end)]
            if t.kind.is_kind_of(kind):
                return t
        return None

    def text(self, letters):
        r = self.rng
        n = r.randrange(12)
        if r.random() < 0.02:
            n = r.randrange(250, 260)
        if r.random() < 0.0005:
            n = r.randrange(65530, 65538)
        return "".join(r.choices(letters, k=n))

    def fill(self, t, b):
        r = self.rng
        schema = self.old.get(t.kind, t.kind.schema)
        base = self.old.get(BASE, BASE.schema)
        t.came = own_schema(t.kind, schema)
        if t.kind in (BASE, DERIVED):
            t.base_came = base
        for f in fields(t.kind, schema, base):
            if f == "base":
                continue
            if isinstance(f, tuple):
                setattr(t, f[0], self.any_of(b, f[1]))
            elif f == "f64":
                # no NaN: an 8087 makes them quiet
                t.f64 = r.getrandbits(64) & ~(1 << 62)
            elif f in LETTER:
                low, bits = ((-1 << 15, 16) if f == "i16" else
                             (-1 << 63, 64) if f == "i64" else
                             (0, 8 * struct.calcsize("<" + LETTER[f])))
                setattr(t, f, low + r.getrandbits(bits))
            else:
                setattr(t, f, self.text(
                    self.LETTERS if f == "wide" else self.LETTERS[:6]))


# The test.

def new_documents():
    return [Thing(DOCUMENT), Thing(DOCUMENT)]


def run(command):
    done = subprocess.run(command, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60)
    if done.returncode != 0:
        raise Mismatch("exit code %d\n%s" % (
            done.returncode, done.stderr.decode(errors="replace")))
    return done.stdout


def same_lines(what, here, there):
    for i, (a, b) in enumerate(zip(here, there)):
        if a != b:
            raise Mismatch("%s, line %d\n  here  %s\n  there %s" % (
                what, i + 1, a[:400], b[:400]))
    if len(here) != len(there):
        raise Mismatch("%s: %d lines here, %d there: %s" % (
            what, len(here), len(there), there[-1:]))


def same_bytes(what, here, there):
    if here == there:
        return
    at = next((i for i, (a, b) in enumerate(zip(here, there)) if a != b),
              min(len(here), len(there)))
    raise Mismatch("%s: %d bytes here, %d there, from %d on\n"
                   "  here  %s\n  there %s" % (
                       what, len(here), len(there), at,
                       here[max(0, at - 16):at + 32].hex(" "),
                       there[max(0, at - 16):at + 32].hex(" ")))


def cuts_of(rng, n):
    """All of a short stream's; some of a long one's."""
    if n < 1500:
        return list(range(n))
    count = 20 if n < 100000 else 2
    return sorted(rng.randrange(n) for _ in range(count))


def refuse_cuts(big, data, cuts):
    for cut in cuts:
        try:
            Reader(big, data[:cut]).get_all(new_documents())
        except Bad:
            continue
        raise Mismatch("Python took the first %d of %d bytes" % (
            cut, len(data)))


class Run:
    def __init__(self, program, seed, d):
        self.program, self.seed, self.dir = program, seed, d
        self.cuts = self.bytes = 0

    def plan(self, number):
        r = random.Random(self.seed * 1000003 + number)
        self.rng = r
        self.big = r.random() < 0.4
        self.buffer = r.choice([0, 0, 7, 100, 65536])
        self.blocks = r.choice([1, 1, 2, 5, 20, 100])
        self.chain = r.choice([0, 0, 1, 300])
        if number % 8 == 0:
            self.blocks, self.chain = 500, 15000

    def name(self, what):
        return os.path.join(self.dir, what)

    def load_there(self, data, cuts):
        """Its text, and what it stored again."""
        with open(self.name("stream"), "wb") as f:
            f.write(data)
        said = run([self.program, "load", str(int(self.big)),
                    str(self.buffer), self.name("stream"),
                    self.name("again")] + [str(c) for c in cuts])
        said = said.decode().splitlines()
        if said and said[0].startswith("error"):
            raise Mismatch(said[0])
        tail = said[len(said) - len(cuts):]
        same_lines("cuts", ["%d CASK_ECUT" % c for c in cuts], tail)
        self.cuts += len(cuts)
        with open(self.name("again"), "rb") as f:
            return said[:len(said) - len(cuts)], f.read()

    def python_stores(self):
        r = self.rng
        old = {}
        if r.random() < 0.5:
            old = {kind: r.choice(schemas) for kind, schemas in OLD.items()}
        documents = new_documents()
        maker = Maker(r, self.blocks, self.chain, old, documents)
        waste = r.choice([0, 0, 0.1, 1])
        data = Writer(self.big, old, r, waste).put_all(
            maker.blocks, documents)
        lines, count = describe(maker.blocks, documents)
        cuts = cuts_of(r, len(data))
        there, again = self.load_there(data, cuts)
        same_lines("the text", lines, there)
        same_bytes("stored again", Writer(self.big).put_all(
            maker.blocks, documents), again)
        refuse_cuts(self.big, data, cuts)
        self.bytes += len(data)
        return count

    def c_stores(self):
        data = run([self.program, "store", str(int(self.big)),
                    str(self.buffer), str(self.rng.getrandbits(63)),
                    str(self.blocks), str(self.chain), self.name("text")])
        documents = new_documents()
        try:
            blocks = Reader(self.big, data).get_all(documents)
        except Bad as e:
            raise Mismatch("Python refused it: %s" % e)
        lines, count = describe(blocks, documents)
        with open(self.name("text")) as f:
            same_lines("the text", lines, f.read().splitlines())
        same_bytes("stored again", Writer(self.big).put_all(
            blocks, documents), data)
        cuts = cuts_of(self.rng, len(data))
        refuse_cuts(self.big, data, cuts)
        self.load_there(data, cuts)
        self.bytes += len(data)
        return count


def graphs(program, seed, objects, only):
    sys.setrecursionlimit(10000)
    stored = loaded = number = 0
    with tempfile.TemporaryDirectory() as d:
        run_ = Run(program, seed, d)
        while (min(stored, loaded) < objects or number < STREAMS or
               only is not None):
            if only is not None:
                number = only
            run_.plan(number)
            try:
                way = "C stores, Python loads"
                stored += run_.c_stores()
                way = "Python stores, C loads"
                loaded += run_.python_stores()
            except Mismatch as e:
                sys.exit("%s: seed %d, stream %d: %s\n"
                         "again: python3 test/peer_graph.py graphs %s "
                         "--seed %d --stream %d" % (
                             way, seed, number, e, program, seed, number))
            number += 1
            if only is not None:
                break
    print("%d objects stored by C and loaded by Python, %d the other way, "
          "%d streams cut short, %d bytes (seed %d)" % (
              stored, loaded, run_.cuts, run_.bytes, seed))


def main():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    g = commands.add_parser("graphs")
    g.add_argument("program")
    g.add_argument("--seed", type=int, default=1)
    g.add_argument("--objects", type=int, default=50000)
    g.add_argument("--stream", type=int)
    a = parser.parse_args()
    graphs(a.program, a.seed, a.objects, a.stream)


if __name__ == "__main__":
    main()
