#!/usr/bin/env python3
"""Verifies a pack: a ZIP of registers, evidence and, in audit packs, the journal that proves them. Standard library only.

    verify_pack.py PACK.zip [--key 'NAME+HASH+KEY'] [--against CHECKPOINT]

Exit code 0 only when everything is as it was taken and, where the journal is in it, as it was signed. The key must come
from somewhere else than the pack. verify_journal.py must lie beside this program; take both from elsewhere, too.
"""
import argparse
import csv
import hashlib
import io
import itertools
import json
import re
import stat
import struct
import sys
import zipfile
import zlib
from datetime import datetime, timedelta, timezone

import verify_journal

MANIFEST = "manifest.json"
JOURNAL = "journal.ndjson"
LARGEST_AT_ONCE = 1 << 28
LONGEST_LINE = 1 << 26
LONGEST_TITLE = 200
CHUNK = 1 << 16
UNREADABLE = (
    zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, struct.error, OSError, MemoryError)
MALFORMED = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError, csv.Error)
csv.field_size_limit(LONGEST_LINE)

# What each kind of pack has, besides registers, evidence and what every pack has.
OWN = {
    "audit": r"journal\.ndjson",
    "management-review": r"review\.json|decisions\.csv|inputs/[1-9][0-9]*\.json",
    "audit-report": r"audit\.json|checklist\.csv",
}
EVERY = (
    r"README\.txt|verify_pack\.py|verify_journal\.py|manifest\.json"
    r"|evidence/[0-9a-f]{64}|registers/[a-z-]+\.(ndjson|csv)")
# Which registers the others hold; of an audit pack the journal says it.
REGISTERS = {
    "corrective-actions": ("nonconformity", "action", "evidence"),
    "improvements": ("improvement", "vote", "action", "evidence"),
    "acknowledgements": ("policy", "policy_version", "acknowledgement", "evidence"),
    "training": ("course", "training_assignment", "competence", "evidence"),
    "management-review": ("action", "evidence"),
    "audit-report": ("finding", "nonconformity", "improvement", "evidence"),
}
# Journaled, and in no pack.
NEVER_IN = ("api_key", "webhook_endpoint", "ticket_connection", "identity_provider")
# What holds until it is said otherwise: in a pack of any time that does not end before it was made.
HOLDING = frozenset((
    "settings", "member", "context_entry", "process", "applicability", "policy", "policy_version", "acknowledgement",
    "indicator", "ingest_rule", "change_template", "course", "competence", "communication_plan"))
WIDE = b"\x01\x00\x10\x00" + bytes(16)


class Pack:
    """A pack and what is wrong with it, each fault named by the member or the entry at which it shows."""

    def __init__(self, path):
        self.path, self.faults = path, []
        self.archive = zipfile.ZipFile(path)
        self.names = [info.filename for info in self.archive.infolist()]
        self.manifest, self.records, self.titles, self.sound = {}, {}, {}, set()

    def fault(self, where, what):
        self.faults.append(f"{where}: {what}")

    # The archive itself.

    def check_names(self):
        seen = set()
        for info in self.archive.infolist():
            # As it stands there: Python itself has cut names at a zero byte and turned backslashes round.
            name = info.orig_filename
            parts = name.split("/")
            if name in seen:
                self.fault(name, "is there twice")
            if name != info.filename or "\\" in name or ":" in name or not name.isprintable():
                self.fault(name, "is no safe path")
            elif any(part in ("", ".", "..") for part in parts):
                self.fault(name, "is no safe path")
            if info.external_attr >> 16 and stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
                self.fault(name, "is no plain file")
            if info.external_attr & 0xFFFF or info.flag_bits & 1:
                self.fault(name, "is no plain file")
            seen.add(name)

    def check_layout(self):
        """Every byte up to the directory belongs to a member, and each header says what packs' headers say."""
        at = 0
        with open(self.path, "rb") as file:
            for info in sorted(self.archive.infolist(), key=lambda info: info.header_offset):
                name = info.filename
                if info.header_offset != at:
                    return self.fault(name, f"stands at byte {info.header_offset}, where {at} is the next")
                file.seek(at)
                fixed = struct.unpack("<4s5H3L2H", file.read(30))
                raw, extra = file.read(fixed[9]), file.read(fixed[10])
                if fixed[:6] != (b"PK\x03\x04", info.extract_version, 8, info.compress_type) + moment(info):
                    return self.fault(name, "its header is another than the directory's, or than packs have")
                # Written before anybody knew: what it is and how long stands behind it.
                if fixed[6:9] != (0, 0, 0) or extra not in (b"", WIDE) or raw != info.orig_filename.encode("utf-8"):
                    return self.fault(name, "its header is another than packs have")
                at += 30 + len(raw) + len(extra) + info.compress_size
                file.seek(at)
                wide = struct.pack("<4sLQQ", b"PK\x07\x08", info.CRC, info.compress_size, info.file_size)
                narrow = b""
                if max(info.compress_size, info.file_size) < 1 << 32:
                    narrow = struct.pack("<4sLLL", b"PK\x07\x08", info.CRC, info.compress_size, info.file_size)
                behind = file.read(len(wide))
                length = len(wide) if behind == wide else len(narrow) if narrow and behind.startswith(narrow) else 0
                if not length:
                    return self.fault(name, "what stands behind it does not belong to it")
                at += length
            if at != self.archive.start_dir:
                return self.fault("directory", f"stands at byte {self.archive.start_dir}, where the members end at {at}")
            self.check_directory(file, at)

    def check_directory(self, file, start):
        """The directory says of each member what was found of it, and nothing else; its end says where it stands."""
        file.seek(start)
        for info in self.archive.infolist():
            fixed = struct.unpack("<4s6H3L5H2L", file.read(46))
            raw, extra = file.read(fixed[10]), file.read(fixed[11])
            told = (8, info.compress_type) + moment(info) + (info.CRC,)
            if fixed[0] != b"PK\x01\x02" or fixed[3:8] != told or raw != info.orig_filename.encode("utf-8"):
                return self.fault(info.filename, "the directory says something else of it than packs do")
            if fixed[12:14] != (0, 0) or not is_wide(extra, fixed, info):
                return self.fault(info.filename, "the directory says more of it than packs do")
        size, count = file.tell() - start, len(self.names)
        tail = file.read(1 << 10)
        wide = (count, count, size, start)
        ends = [struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, size, start, 0)] if fits(*wide) else []
        if tail[:4] == b"PK\6\6":
            versions, at = tail[12:16], struct.pack("<4sLQL", b"PK\6\7", 0, start + size, 1)
            record = struct.pack("<4sQ4s2L4Q", b"PK\6\6", 44, versions, 0, 0, *wide)
            most = (0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)
            # Each of the narrow fields says it as far as it can, or that it stands in the wide one.
            for told in itertools.product(*({min(pair), pair[1]} for pair in zip(wide, most))):
                ends.append(record + at + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, *told, 0))
        if tail not in ends:
            self.fault("directory", "its end is another than packs have, or something stands behind it")

    def check_members(self):
        try:
            self.manifest = json.loads(self.whole(MANIFEST))
            listed = {member["path"]: member for member in self.manifest["members"]}
            if self.manifest["format"] != "ratchet-pack/1" or len(listed) != len(self.manifest["members"]):
                raise ValueError("not in the form of a pack's")
        except KeyError:
            return self.fault(MANIFEST, "is not there, or says nothing of what there is")
        except UNREADABLE + MALFORMED as error:
            return self.fault(MANIFEST, f"cannot be read: {error}")
        for name in listed:
            if name not in self.names:
                self.fault(name, "is missing")
        for info in self.archive.infolist():
            if info.filename == MANIFEST:
                continue
            if info.filename not in listed:
                self.fault(info.filename, "is in no manifest")
                continue
            self.check_member(info, listed[info.filename])

    def content(self, info):
        """A member's content out of the bytes that are there: all of them, and no end that is none."""
        packed = zlib.decompressobj(-15) if info.compress_type == zipfile.ZIP_DEFLATED else None
        if packed is None and info.compress_type != zipfile.ZIP_STORED:
            raise zipfile.BadZipFile("packed in another way than packs are")
        crc, size, left = 0, 0, info.compress_size
        with open(self.path, "rb") as file:
            file.seek(info.header_offset + 26)
            name, extra = struct.unpack("<2H", file.read(4))
            file.seek(name + extra, 1)
            while left:
                raw = file.read(min(left, CHUNK))
                if not raw:
                    raise EOFError("ends early")
                left -= len(raw)
                while raw:
                    chunk = packed.decompress(raw, CHUNK) if packed else raw
                    raw = packed.unconsumed_tail if packed else b""
                    crc, size = zlib.crc32(chunk, crc), size + len(chunk)
                    if size > info.file_size:
                        raise zipfile.BadZipFile("holds more than the directory says")
                    yield chunk
            while packed and not packed.eof:
                chunk = packed.decompress(b"", CHUNK)
                crc, size = zlib.crc32(chunk, crc), size + len(chunk)
                if not chunk or size > info.file_size:
                    break
                yield chunk
        if packed and (not packed.eof or packed.unused_data):
            raise zipfile.BadZipFile("what is packed does not end where it should")
        if crc != info.CRC or size != info.file_size:
            raise zipfile.BadZipFile("bad CRC-32, or another length than the directory says")

    def whole(self, name):
        """A member that is read at once."""
        info = self.archive.getinfo(name)
        if info.file_size > LARGEST_AT_ONCE:
            raise ValueError("too large")
        return b"".join(self.content(info)).decode("utf-8")

    def lines(self, name):
        """The lines of a member. A line that is not closed is a line as well."""
        parts, size = [], 0
        for chunk in self.content(self.archive.getinfo(name)):
            for number, part in enumerate(chunk.split(b"\n")):
                if number:
                    yield b"".join(parts).decode("utf-8") + "\n"
                    parts, size = [], 0
                parts.append(part)
                size += len(part)
                if size > LONGEST_LINE:
                    raise ValueError("a line is too long")
        if size:
            yield b"".join(parts).decode("utf-8")

    def check_member(self, info, listed):
        digest, size = hashlib.sha256(), 0
        try:
            for chunk in self.content(info):
                digest.update(chunk)
                size += len(chunk)
                if size > listed["bytes"]:
                    break
        except UNREADABLE as error:
            return self.fault(info.filename, f"cannot be read: {error}")
        if size != listed["bytes"] or digest.hexdigest() != listed["sha256"]:
            self.fault(info.filename, "is not what the manifest says: its content was changed")
        elif info.filename.startswith("evidence/") and info.filename != "evidence/" + digest.hexdigest():
            self.fault(info.filename, "is not called by its own hash")
        else:
            self.sound.add(info.filename)

    # What the members say.

    def check_shapes(self):
        """Nothing is in it that packs do not have, and every register is one that the manifest tells of."""
        kind = self.manifest["kind"]
        if kind not in OWN and kind not in REGISTERS:
            return self.fault(MANIFEST, "is of no known kind")
        known = re.compile("|".join(filter(None, (EVERY, OWN.get(kind)))), re.ASCII)
        registers = self.manifest["registers"]
        listed = {path for register in registers for path in (register["path"], table_of(register["path"]))}
        for name in self.names:
            if not known.fullmatch(name):
                self.fault(name, "is no member that packs of this kind have")
            elif name.startswith("registers/") and name not in listed:
                self.fault(name, "belongs to no register that the manifest tells of")
        for path in sorted(listed):
            if path not in self.names:
                self.fault(path, "is missing")
        kinds = [register["kind"] for register in registers]
        if len(set(kinds)) != len(kinds) or len(listed) != 2 * len(kinds):
            self.fault(MANIFEST, "tells of a register twice")
        if kind in REGISTERS and set(kinds) != set(REGISTERS[kind]):
            self.fault(MANIFEST, "tells of other registers than packs of this kind have")
        if self.manifest["period"] is not None and kind != "audit":
            self.fault(MANIFEST, "is narrowed to a time, which packs of this kind are not")
        for name in self.manifest["concealed"]:
            if not re.fullmatch(r"inputs/[1-9][0-9]*\.json", name) or name not in self.names:
                self.fault(MANIFEST, f"tells that something was taken out of {name}, which is no frozen input in here")

    def check_registers(self):
        tables = []
        for register in self.manifest["registers"]:
            path = register["path"]
            # What is not as it was is not read.
            if not {path, table_of(path)} <= self.sound:
                continue
            try:
                tables.append((path, self.check_register(register, path)))
            except UNREADABLE + MALFORMED as error:
                self.fault(path, f"cannot be read: {error!r}")
        # Tables name records of other registers.
        for path, records in tables:
            try:
                self.check_table(path, records)
            except UNREADABLE + MALFORMED as error:
                self.fault(table_of(path), f"cannot be read: {error!r}")

    def check_register(self, register, path):
        records = []
        for number, line in enumerate(self.lines(path), 1):
            record = json.loads(line)
            if record["id"] in self.records:
                self.fault(f"{path} line {number}", f"{record['reference']} is there twice")
            self.records[record["id"]] = (register["kind"], path, record)
            records.append(record)
        if len(records) != register["records"]:
            self.fault(path, f"{len(records)} records are there, the manifest says {register['records']}")
        return records

    def check_table(self, path, records):
        table = table_of(path)
        heading, *rows = csv.reader(io.StringIO(self.whole(table), newline=""))
        if heading[:3] != ["reference", "title", "state"] or heading[-3:] != ["version", "created_at", "updated_at"]:
            self.fault(table, "is headed in another way than tables of packs are")
        elif any(len(row) != len(heading) for row in rows):
            self.fault(table, "has a row of another length than its heading")
        elif [row[0] for row in rows] != [record["reference"] for record in records]:
            self.fault(table, f"has other records than {path}")
        else:
            for row, record in zip(rows, records):
                for name, cell in zip(heading, row):
                    if not self.is_cell(cell, name, record):
                        self.fault(f"{table}, {record['reference']}", f"`{name}` is not what {path} says")

    def is_cell(self, cell, name, record):
        """Whether a cell holds what the record says: a value, or the name of what the record names by its id."""
        kind = self.records[record["id"]][0]
        if name == "title" and record.get("title") is None:
            self.titles[record["id"]] = cell
            # A signal is called as its indicator was: the journal says how.
            return kind == "signal" or is_title(cell, texts_of(record))
        if name == "state" and kind in STATELESS:
            return cell == STATELESS[kind]
        value = record[name] if name in record else record.get(name + "_id")
        named = value.get("id") if isinstance(value, dict) else value
        if name in record and name not in PEOPLE and not (isinstance(value, dict) and {"kind", "id"} == set(value)):
            return is_written(cell, value)
        if named is None or named not in self.records:
            return named is not None or cell == ""
        of_kind, _, of = self.records[named]
        return cell == harmless(of["name" if of_kind == "member" else "reference"])

    def check_evidence(self):
        # A file is told of once, however many pieces show it.
        absent = {piece["sha256"]: piece["because"] for piece in self.manifest["absent"]}
        named = set()
        for _, path, record in self.of_kind("evidence"):
            if record["sha256"] is None:
                if record.get("kind") != "link":
                    self.fault(f"{path}, {record['reference']}", "is a file and has no hash")
                continue
            name = "evidence/" + record["sha256"]
            named.add(name)
            if name not in self.names and record["erased_by"] is None:
                because = absent.get(record["sha256"], "it was taken out")
                self.fault(name, f"the file of {record['reference']} is not there: {because}")
        for name in self.names:
            if name.startswith("evidence/") and name not in named:
                self.fault(name, "no piece of evidence shows it")

    def check_inputs(self):
        """What a management review looked at is bound by the digest that the review holds."""
        if "review.json" not in self.names:
            return
        review = json.loads(self.whole("review.json"))
        for seal in review["snapshots"]:
            name = f"inputs/{seal['number']}.json"
            if name in self.manifest["concealed"]:
                continue
            if name not in self.names:
                self.fault(name, "is missing")
            elif hashlib.sha256(self.whole(name).encode("utf-8")).hexdigest() != seal["digest"]:
                self.fault(name, "is not what the review has sealed")

    def of_kind(self, kind):
        return [record for record in self.records.values() if record[0] == kind]

    # The journal.

    def check_journal(self, key, against):
        """Verifies the journal, and holds the records against it; what is told of it."""
        if JOURNAL not in self.names:
            if self.manifest["kind"] == "audit":
                self.fault(JOURNAL, "is missing")
            return None
        if key is None:
            self.fault(JOURNAL, "cannot be verified without --key")
            return None
        try:
            size, details, redacted, withheld = verify_journal.verify(self.lines(JOURNAL), key, against)
        except verify_journal.Bad as error:
            self.fault(JOURNAL, str(error))
            return None
        except UNREADABLE + MALFORMED + (StopIteration,) as error:
            self.fault(JOURNAL, f"cannot be read: {error!r}")
            return None
        self.check_moment(size)
        self.hold_against_journal()
        told = f", {redacted} redacted" if redacted else ""
        return f"{size} entries, {details} details{told}" + (f", {withheld} withheld" if withheld else "")

    def check_moment(self, size):
        head = json.loads(next(self.lines(JOURNAL)))
        log = self.manifest["journal"] or {}
        if head["organisation"] != self.manifest["organisation"]["id"]:
            self.fault(MANIFEST, "speaks of another organisation than the journal")
        if (log.get("size"), log.get("note")) != (size, head["checkpoint"]):
            self.fault(MANIFEST, "speaks of another checkpoint than the journal")

    def hold_against_journal(self):
        """The newest version of each record: none is missing, none is another's, each says what was journaled."""
        lines, newest = self.lines(JOURNAL), {}
        next(lines)
        for line in lines:
            entry = json.loads(line)
            leaf = json.loads(entry["leaf"])
            thing = leaf["object"]
            known = newest.get(thing["id"])
            if known is None or known[1] < thing["version"]:
                detail = entry["detail"]
                newest[thing["id"]] = (thing["type"], thing["version"], entry["position"], detail and detail["state"])
        for name, (kind, path, record) in self.records.items():
            where = f"{path}, {record['reference']}"
            if name not in newest:
                self.fault(where, "the journal in here knows nothing of it")
                continue
            of_kind, version, position, state = newest[name]
            if (of_kind, version) != (kind, record["version"]):
                self.fault(
                    where, f"says it is version {record['version']} of a {kind}; "
                    f"the journal in here ends at version {version} of a {of_kind}, at position {position}")
            elif state is not None:
                for member in differing(kind, record, state):
                    self.fault(where, f"`{member}` is not what the journal says at position {position}")
                title = self.titles.get(name, "")
                if not is_title(title, texts_of(record) | texts_of(state)):
                    self.fault(f"{table_of(path)}, {record['reference']}", "`title` is not what the journal says")
        self.check_nothing_is_missing(newest)

    def check_nothing_is_missing(self, newest):
        """Of what the journal tells the taker of. The journal says which registers there are, not the manifest."""
        told = {name: entry for name, entry in newest.items() if entry[3] is not None and entry[0] not in NEVER_IN}
        kinds = {register["kind"] for register in self.manifest["registers"]}
        for kind in sorted({entry[0] for entry in told.values()} - kinds):
            self.fault(MANIFEST, f"tells of no register of the kind {kind}, of which the journal has records")
        is_due = self.due_in_period(told.values())
        for name, (kind, _, position, state) in told.items():
            if name not in self.records and is_due(kind, state["head"]):
                self.fault(state["head"]["reference"], f"is in no register; the journal has it at position {position}")

    def due_in_period(self, entries):
        """What is certainly in it: made by its end, and written since it began or of a kind that holds."""
        period = self.manifest["period"]
        if period is None:
            return lambda kind, head: True
        east = [state["utc_offset_minutes"] for kind, _, _, state in entries if kind == "settings"]
        start = (lambda day: datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=timezone.utc)
                 - timedelta(minutes=east[-1] if east else 0))
        since = period["from"] and start(period["from"])
        until = period["to"] and start(period["to"]) + timedelta(days=1)
        if since is None and until is None:
            raise ValueError("a period without days")

        def is_due(kind, head):
            if until is not None and at(head["created_at"]) >= until:
                return False
            return since is None or kind in HOLDING or at(head["updated_at"]) >= since
        return is_due


def moment(info):
    year, month, day, hour, minute, second = info.date_time
    return hour << 11 | minute << 5 | second // 2, (year - 1980) << 9 | month << 5 | day


def at(text):
    """A moment, to the microsecond."""
    whole, _, part = text[:-1].partition(".")
    return datetime.strptime(f"{whole}.{part[:6] or 0}+0000", "%Y-%m-%dT%H:%M:%S.%f%z")


def fits(count, _, size, start):
    return count < 1 << 16 and max(size, start) < 1 << 32


def is_wide(extra, fixed, info):
    """Whether the only extra is ZIP64's, and says again what was found."""
    told = [info.file_size, info.compress_size, info.header_offset]
    if any(short not in (0xFFFFFFFF, found) for short, found in zip((fixed[9], fixed[8], fixed[16]), told)):
        return False
    if not extra:
        return fixed[8] != 0xFFFFFFFF and fixed[9] != 0xFFFFFFFF and fixed[16] != 0xFFFFFFFF
    length = len(extra) - 4
    if length not in (8, 16, 24) or extra[:4] != struct.pack("<2H", 1, length):
        return False
    values = list(struct.unpack(f"<{length // 8}Q", extra[4:]))
    return values in (told[: len(values)], told[-len(values):], [told[0], told[2]], [told[1]])


def table_of(path):
    return path[: -len("ndjson")] + "csv"


# Headings of columns of people, who stand there by their names.
PEOPLE = frozenset(("created_by",))


def harmless(text):
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def is_written(cell, value):
    """Whether a cell is how tables write this value."""
    if value is None:
        return cell == ""
    if isinstance(value, str):
        return cell == harmless(value)
    if isinstance(value, list) and all(isinstance(item, (str, int, float)) for item in value):
        if not any(isinstance(item, bool) for item in value):
            return cell == harmless("; ".join(item if isinstance(item, str) else json.dumps(item) for item in value))
    bare = cell[1:] if cell[:2] == "'-" else cell
    try:
        said = json.loads(bare)
    except ValueError:
        return False
    return type(said) is type(value) and said == value


def is_title(cell, texts):
    """Whether it is one of these texts or the first line of one, as far as titles go; or nothing."""
    if cell == "":
        return True
    firsts = (text.lstrip().split("\n")[0].rstrip("\r")[:LONGEST_TITLE] for text in texts)
    return any(cell == harmless(title) for title in itertools.chain(texts, firsts))


def texts_of(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return {text for item in value for text in texts_of(item)}
    return {value} if isinstance(value, str) else set()


# What a record shows and its state does not hold: what other records make of it, labels of the catalogue, an address.
DERIVED = frozenset((
    "clause", "discredited_by", "label", "last_error", "next_sync_at", "proposes", "report_link", "seen", "settled", "synced_at",
))
# What stands where nothing was said yet.
UNSAID = frozenset(("not_checked",))


def scalars(value, name, found):
    """Texts, numbers and truths by the name under which they stand, at whatever depth."""
    if isinstance(value, dict):
        for key, member in value.items():
            if key not in DERIVED:
                scalars(member, key, found)
    elif isinstance(value, list):
        for item in value:
            scalars(item, name, found)
    elif value is not None and value not in UNSAID:
        found.setdefault(name, set()).add((isinstance(value, bool), value))
    return found


# What a state holds and its record does not show: for the program alone, or shown by another word.
UNSHOWN = frozenset((
    ("settings", "report_link"), ("member", "account"), ("policy", "authors"), ("policy", "by"), ("indicator", "analysed_on"),
    ("indicator", "by"), ("audit_programme", "by"),
    ("signal", "indicator_name"), ("signal", "by"), ("nonconformity", "by"), ("incident", "by"), ("weakness", "by"),
    ("improvement", "kind"), ("improvement", "series"), ("improvement", "by"), ("change", "by"), ("change", "series"),
    ("change", "digest"), ("change", "reference"), ("audit", "kind"), ("audit", "since"), ("member", "reason"),
    ("nonconformity", "series"), ("action", "series"), ("course", "series"), ("employee_report", "code_hash"),
))
# States by another word than their stage's name: those of kinds without one.
STATES = {
    "member": lambda state: "active" if state["active"] else "deactivated",
    "timeline_entry": lambda state: "recorded",
    "analysis": lambda state: "concluded",
}
# Records that show no state; their tables do.
STATELESS = {"settings": "in_force", "acknowledgement": "given"}


def differing(kind, record, state):
    """Members of a record that say something else than its state as it was journaled. What people have written stands in
    that somewhere, most often under the same name; so do codes and days, and numbers under that very name. And what that
    holds stands in the record: a member that was emptied says nothing, and is missed."""
    shown, kept = scalars(record, "", {}), scalars(state, "", {})
    if kind == "evidence":
        # A piece says itself whether it is a file; its state holds what only one of the two has.
        shown["kind"].discard((False, "link" if "url" in kept else "file"))
    texts = {value for values in kept.values() for value in values if isinstance(value[1], str)}
    for name, values in shown.items():
        for value in values:
            if isinstance(value[1], str):
                is_other = (name in kept or " " in value[1]) and value not in texts
            else:
                is_other = name in kept and value not in kept[name]
            if is_other:
                yield name
    if kind not in STATELESS:
        named = STATES[kind](state) if kind in STATES else state["stage"]["name"]
        if record["state"] != named:
            yield "state"
    there = texts_of(record)
    for name, values in scalars({key: value for key, value in state.items() if key != "head"}, "", {}).items():
        if (kind, name) not in UNSHOWN:
            if any(isinstance(text, str) and text not in there for _, text in values):
                yield name


def verify(path, key, against):
    pack = Pack(path)
    told = None
    pack.check_names()
    pack.check_layout()
    pack.check_members()
    try:
        if pack.manifest:
            pack.check_shapes()
            pack.check_registers()
            pack.check_evidence()
            pack.check_inputs()
            told = pack.check_journal(key, against)
    except UNREADABLE + MALFORMED as error:
        pack.fault("pack", f"cannot be read: {error!r}")
    return pack, told


def plain(text):
    """What is told, in ASCII: names in a pack are whoever wrote it's, and move no cursor."""
    return ascii(str(text))[1:-1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pack")
    parser.add_argument("--key")
    parser.add_argument("--against")
    asked = parser.parse_args()
    try:
        key = verify_journal.read_key(asked.key) if asked.key else None
        against = open(asked.against, encoding="utf-8").read() if asked.against else None
        pack, told = verify(asked.pack, key, against)
    except verify_journal.Bad as fault:
        print(f"NOT CLEAN: {plain(fault)}")
        return 1
    except UNREADABLE + MALFORMED as error:
        print(f"NOT CLEAN: the pack cannot be read: {plain(error)}")
        return 1
    for fault in pack.faults:
        print(f"NOT CLEAN: {plain(fault)}")
    if pack.faults:
        return 1
    files = sum(name.startswith("evidence/") for name in pack.names)
    print(f"clean: {len(pack.names)} members, {len(pack.records)} records, {files} files of evidence")
    period, concealed, absent = (pack.manifest[name] for name in ("period", "concealed", "absent"))
    days = f"from {period['from'] or 'ever'} to {period['to'] or 'now'}" if period else "all of it"
    print("clean: " + plain(f"{days}, something taken out of {len(concealed)} inputs, {len(absent)} files absent"))
    print(f"clean: {told}" if told else "without the journal: nothing says who has written it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
