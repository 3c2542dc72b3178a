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
import json
import stat
import struct
import sys
import zipfile
import zlib

import verify_journal

MANIFEST = "manifest.json"
JOURNAL = "journal.ndjson"
LARGEST_MANIFEST = 1 << 28
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, struct.error, OSError)
MALFORMED = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


class Pack:
    """A pack and what is wrong with it, each fault named by the member or the entry at which it shows."""

    def __init__(self, path):
        self.path, self.faults = path, []
        self.archive = zipfile.ZipFile(path)
        self.names = [info.filename for info in self.archive.infolist()]
        self.manifest, self.records = {}, {}

    def fault(self, where, what):
        self.faults.append(f"{where}: {what}")

    def lines(self, name):
        """The lines of a member. A line that is not closed is a line as well."""
        with self.archive.open(name) as member:
            yield from io.TextIOWrapper(member, encoding="utf-8", newline="\n")

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
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in (0, stat.S_IFREG) or info.flag_bits & 1:
                self.fault(name, "is no plain file")
            seen.add(name)

    def check_layout(self):
        """Every byte up to the directory belongs to a member, and each header says what the directory says."""
        at = 0
        with open(self.path, "rb") as file:
            for info in sorted(self.archive.infolist(), key=lambda info: info.header_offset):
                name = info.filename
                if info.header_offset != at:
                    return self.fault(name, f"stands at byte {info.header_offset}, where {at} is the next")
                file.seek(at)
                fixed = struct.unpack("<4s5H3L2H", file.read(30))
                raw, extra = file.read(fixed[9]), fixed[10]
                year, month, day, hour, minute, second = info.date_time
                told = (
                    b"PK\x03\x04", info.extract_version, info.flag_bits, info.compress_type,
                    hour << 11 | minute << 5 | second // 2, (year - 1980) << 9 | month << 5 | day,
                )
                if fixed[:6] != told or raw.decode("utf-8", "replace") != info.orig_filename:
                    return self.fault(name, "its header is another than the directory's")
                at += 30 + fixed[9] + extra + info.compress_size
                if info.flag_bits & 8:
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
                self.fault("directory", f"stands at byte {self.archive.start_dir}, where the members end at {at}")
            file.seek(-22, 2)
            if file.read(4) != b"PK\x05\x06":
                self.fault("directory", "something stands behind it")

    def check_members(self):
        try:
            if self.archive.getinfo(MANIFEST).file_size > LARGEST_MANIFEST:
                raise ValueError("too large")
            content = b"".join(self.content(self.archive.getinfo(MANIFEST)))
            self.manifest = json.loads(content.decode("utf-8"))
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
        crc, left = 0, info.compress_size
        with open(self.path, "rb") as file:
            file.seek(info.header_offset + 26)
            name, extra = struct.unpack("<2H", file.read(4))
            file.seek(name + extra, 1)
            while left:
                raw = file.read(min(left, 1 << 16))
                if not raw:
                    raise EOFError("ends early")
                left -= len(raw)
                chunk = packed.decompress(raw) if packed else raw
                crc = zlib.crc32(chunk, crc)
                yield chunk
        if packed and (not packed.eof or packed.unused_data):
            raise zipfile.BadZipFile("what is packed does not end where it should")
        if crc != info.CRC:
            raise zipfile.BadZipFile("bad CRC-32")

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

    # What the members say.

    def check_registers(self):
        for register in self.manifest.get("registers", []):
            path = register["path"]
            try:
                self.check_register(register, path)
            except UNREADABLE + MALFORMED as error:
                self.fault(path, f"cannot be read: {error!r}")

    def check_register(self, register, path):
        references = []
        for number, line in enumerate(self.lines(path), 1):
            record = json.loads(line)
            if record["id"] in self.records:
                self.fault(f"{path} line {number}", f"{record['reference']} is there twice")
            self.records[record["id"]] = (register["kind"], path, record)
            references.append(record["reference"])
        if len(references) != register["records"]:
            self.fault(path, f"{len(references)} records are there, the manifest says {register['records']}")
        table = path[: -len("ndjson")] + "csv"
        with self.archive.open(table) as member:
            rows = list(csv.reader(io.TextIOWrapper(member, encoding="utf-8", newline="")))
        if rows[0][0] != "reference" or [row[0] for row in rows[1:]] != references:
            self.fault(table, f"has other records than {path}")

    def check_evidence(self):
        absent = {piece["id"]: piece["because"] for piece in self.manifest.get("absent", [])}
        named = set()
        for _, path, record in self.of_kind("evidence"):
            name = "evidence/" + record["sha256"]
            named.add(name)
            if name not in self.names and record["erased_by"] is None:
                because = absent.get(record["id"], "it was taken out")
                self.fault(name, f"the file of {record['reference']} is not there: {because}")
        for name in self.names:
            if name.startswith("evidence/") and name not in named:
                self.fault(name, "no piece of evidence shows it")

    def check_inputs(self):
        """What a management review looked at is bound by the digest that the review holds."""
        if "review.json" not in self.names:
            return
        review = json.loads(self.archive.read("review.json").decode("utf-8"))
        for seal in review["snapshots"]:
            name = f"inputs/{seal['number']}.json"
            if name in self.manifest.get("concealed", []):
                continue
            if name not in self.names:
                self.fault(name, "is missing")
            elif hashlib.sha256(self.archive.read(name)).hexdigest() != seal["digest"]:
                self.fault(name, "is not what the review has sealed")

    def of_kind(self, kind):
        return [record for record in self.records.values() if record[0] == kind]

    # The journal.

    def check_journal(self, key, against):
        """Verifies the journal, and holds the records against it; what is told of it."""
        if JOURNAL not in self.names:
            if self.manifest.get("kind") == "audit":
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
                for member in differing(record, state):
                    self.fault(where, f"`{member}` is not what the journal says at position {position}")
        if self.manifest["period"] is None:
            kinds = {register["kind"] for register in self.manifest["registers"]}
            for name, (kind, _, position, state) in newest.items():
                if kind in kinds and name not in self.records and state is not None:
                    reference = state["head"]["reference"]
                    self.fault(reference, f"is in no register; the journal has it at position {position}")


# What a record shows and its state does not hold: what other records make of it, labels of the catalogue, an address.
DERIVED = frozenset(("clause", "discredited_by", "label", "report_link"))
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


def differing(record, state):
    """Members of a record that say something else than its state as it was journaled. What people have written stands in
    that somewhere, most often under the same name; so do codes and days, and numbers under that very name."""
    shown, kept = scalars(record, "", {}), scalars(state, "", {})
    texts = {value for values in kept.values() for value in values if isinstance(value[1], str)}
    for name, values in shown.items():
        for value in values:
            if isinstance(value[1], str):
                is_other = (name in kept or " " in value[1]) and value not in texts
            else:
                is_other = name in kept and value not in kept[name]
            if is_other:
                yield name


def verify(path, key, against):
    pack = Pack(path)
    told = None
    pack.check_names()
    pack.check_layout()
    pack.check_members()
    try:
        if pack.manifest:
            pack.check_registers()
            pack.check_evidence()
            pack.check_inputs()
            told = pack.check_journal(key, against)
    except UNREADABLE + MALFORMED as error:
        pack.fault("pack", f"cannot be read: {error!r}")
    return pack, told


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
        print(f"NOT CLEAN: {fault}")
        return 1
    except UNREADABLE + MALFORMED as error:
        print(f"NOT CLEAN: the pack cannot be read: {error}")
        return 1
    for fault in pack.faults:
        print(f"NOT CLEAN: {fault}")
    if pack.faults:
        return 1
    files = sum(name.startswith("evidence/") for name in pack.names)
    print(f"clean: {len(pack.names)} members, {len(pack.records)} records, {files} files of evidence")
    print(f"clean: {told}" if told else "without the journal: nothing says who has written it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
