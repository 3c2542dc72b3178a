#!/usr/bin/env python3
"""Verifies an exported journal with the public key alone; standard library only, no code shared with the server.

    verify_journal.py EXPORT.ndjson --key 'NAME+HASH+KEY' [--against CHECKPOINT]
    verify_journal.py --self-test

Exit code 0 only when everything is as it was signed. The key must come from somewhere else than the export.
Trees: RFC 6962. Signatures: RFC 8032 (Ed25519). Checkpoints: C2SP signed-note and tlog-checkpoint.
"""
import argparse
import base64
import hashlib
import json
import sys


def sha256(data):
    return hashlib.sha256(data).digest()


# Ed25519 verification, RFC 8032 section 5.1.7, in extended coordinates.
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


def recover_x(y, sign):
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if square == 0:
        return None if sign else 0
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P:
        return None
    return P - x if x & 1 != sign else x


def decode_point(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    x = recover_x(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = (recover_x(BASE_Y, 0), BASE_Y, 1, recover_x(BASE_Y, 0) * BASE_Y % P)


def signature_is_good(key, message, signature):
    if len(key) != 32 or len(signature) != 64:
        return False
    a, r = decode_point(key), decode_point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    left, right = multiply(s, BASE), add(r, multiply(h, a))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


class Tree:
    """The right edge of a Merkle tree (RFC 6962 section 2.1)."""

    def __init__(self):
        self.size, self.nodes = 0, []

    def append(self, leaf):
        node, size = sha256(b"\0" + leaf), self.size
        while size & 1:
            node, size = sha256(b"\1" + self.nodes.pop() + node), size >> 1
        self.nodes.append(node)
        self.size += 1

    def root(self):
        if not self.nodes:
            return sha256(b"")
        node = self.nodes[-1]
        for left in reversed(self.nodes[:-1]):
            node = sha256(b"\1" + left + node)
        return node


class Bad(Exception):
    """What is wrong, and where."""


def read_key(text):
    name, _, rest = text.partition("+")
    short, _, encoded = rest.partition("+")
    data = base64.b64decode(encoded, validate=True)
    if len(data) != 33 or data[0] != 1:
        raise Bad("the key is no Ed25519 verifier key")
    if sha256(name.encode() + b"\n" + data)[:4].hex() != short:
        raise Bad("the key's hash does not belong to it")
    return name, bytes.fromhex(short), data[1:]


def read_checkpoint(note, key):
    """Origin, size and root of a note that the key has signed."""
    name, short, public = key
    body, separator, lines = note.rpartition("\n\n")
    if not separator:
        raise Bad("the checkpoint has no signatures")
    body += "\n"
    for line in lines.splitlines():
        start, _, encoded = line.rpartition(" ")
        signature = base64.b64decode(encoded)
        if start == "\u2014 " + name and signature[:4] == short:
            if not signature_is_good(public, body.encode(), signature[4:]):
                raise Bad("the checkpoint's signature is wrong")
            break
    else:
        raise Bad("the checkpoint is not signed by the key")
    origin, size, root = body.split("\n")[:3]
    if origin != name:
        raise Bad("the checkpoint is another log's")
    return int(size), base64.b64decode(root)


def canonical(value):
    """RFC 8785 for what leaves and details hold."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(canonical(name) + ":" + canonical(value[name]) for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, float):
        return canonical_number(value)
    return json.dumps(value, ensure_ascii=False)


def canonical_number(value):
    """As ECMAScript writes numbers; Python's repr has the same digits in another dress."""
    if value == int(value) and abs(value) < 1e21:
        return str(int(value))
    digits, _, exponent = repr(value).partition("e")
    if not exponent:
        if abs(value) >= 1e-6:
            return digits
        exponent = 0
    sign, digits = ("-", digits[1:]) if digits.startswith("-") else ("", digits)
    whole, _, part = digits.partition(".")
    power = int(exponent) + len(whole) - 1
    digits = whole + part
    stripped = digits.lstrip("0")
    power -= len(digits) - len(stripped)
    digits = stripped.rstrip("0")
    if -7 < power < 0:
        return sign + "0." + "0" * (-power - 1) + digits
    mantissa = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
    return f"{sign}{mantissa}e{'+' if power > 0 else ''}{power}"


def verify(lines, key, against):
    head = json.loads(next(lines))
    if head.get("format") != "ratchet-journal/1":
        raise Bad("this is no export of a journal")
    claimed = {}
    size, root = read_checkpoint(head["checkpoint"], key)
    claimed.setdefault(size, []).append((root, "the export's checkpoint"))
    if against is not None:
        outer, outer_root = read_checkpoint(against, key)
        if outer > size:
            raise Bad(f"the checkpoint kept outside has {outer} entries, the export {size}")
        claimed.setdefault(outer, []).append((outer_root, "the checkpoint kept outside"))
    tree, details, missing, erased = Tree(), 0, set(), set()
    for root, whose in claimed.get(0, ()):
        if root != tree.root():
            raise Bad(f"the empty tree is not the one of {whose}")
    for line in lines:
        entry = json.loads(line)
        position, leaf = entry["position"], json.loads(entry["leaf"])
        where = f"position {tree.size}, entry {leaf.get('entry')}"
        if position != tree.size:
            raise Bad(f"{where}: the line says position {position}")
        if leaf.get("org") != head["organisation"]:
            raise Bad(f"{where}: belongs to another organisation")
        if (entry["detail"] is None) != (entry["detail_salt"] is None):
            raise Bad(f"{where}: a detail and its salt come together")
        if entry["detail"] is None:
            if leaf["detail"] is not None:
                missing.add(leaf["entry"])
        else:
            bound = sha256(bytes.fromhex(entry["detail_salt"]) + canonical(entry["detail"]).encode())
            if bound.hex() != leaf["detail"]:
                raise Bad(f"{where}: the detail does not match its leaf")
            details += 1
            if leaf["action"] == "redaction.approved":
                # What it names has gone lawfully.
                erased.update(entry["detail"]["state"]["stage"]["erased"])
        tree.append(entry["leaf"].encode())
        for root, whose in claimed.get(tree.size, ()):
            if root != tree.root():
                raise Bad(f"{where}: the entries up to here do not lead to the root of {whose}")
    if tree.size != size:
        raise Bad(f"{tree.size} entries are there, {size} were signed")
    return tree.size, details, len(missing & erased), len(missing - erased)


def self_test():
    leaves = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ]
    tree = Tree()
    assert tree.root().hex() == roots[0]
    for leaf, root in zip(leaves, roots[1:]):
        tree.append(bytes.fromhex(leaf))
        assert tree.root().hex() == root, tree.size
    # RFC 8032 section 7.1, tests 1 to 3.
    for key, message, signature in [
        ("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
         "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
        ("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
         "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
        ("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
         "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
         "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
    ]:
        key, message, signature = bytes.fromhex(key), bytes.fromhex(message), bytes.fromhex(signature)
        assert signature_is_good(key, message, signature)
        assert not signature_is_good(key, message + b"x", signature)
        for at in range(0, 512, 37):
            flipped = bytearray(signature)
            flipped[at // 8] ^= 1 << at % 8
            assert not signature_is_good(key, message, bytes(flipped)), at
        # The same point with the scalar taken once around the group (RFC 8032 section 5.1.7, step 1).
        again = (int.from_bytes(signature[32:], "little") + L).to_bytes(32, "little")
        assert not signature_is_good(key, message, signature[:32] + again)
    # RFC 8785 appendix B.
    for number, text in [
        (5e-324, "5e-324"), (1.7976931348623157e308, "1.7976931348623157e+308"), (9007199254740992.0, "9007199254740992"),
        (1e21, "1e+21"), (9.999999999999997e22, "9.999999999999997e+22"), (1e-6, "0.000001"), (1e-7, "1e-7"),
        (333333333.33333325, "333333333.33333325"), (-0.0000033333333333333333, "-0.0000033333333333333333"), (0.5, "0.5"),
    ]:
        assert canonical_number(number) == text, (canonical_number(number), text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("export", nargs="?")
    parser.add_argument("--key")
    parser.add_argument("--against")
    parser.add_argument("--self-test", action="store_true")
    asked = parser.parse_args()
    if asked.self_test:
        self_test()
        print("self-test passed")
        return 0
    if not asked.export or not asked.key:
        parser.error("an export and --key are needed")
    try:
        against = open(asked.against, encoding="utf-8").read() if asked.against else None
        with open(asked.export, encoding="utf-8") as lines:
            size, details, redacted, withheld = verify(iter(lines), read_key(asked.key), against)
    except Bad as fault:
        # Names in it are whoever wrote it's, and move no cursor.
        print(f"NOT CLEAN: {ascii(str(fault))[1:-1]}")
        return 1
    except (ArithmeticError, AttributeError, LookupError, RecursionError, StopIteration, TypeError, ValueError) as fault:
        print(f"NOT CLEAN: the export cannot be read: {fault!r}")
        return 1
    # A redaction names what it has erased. The rest was left out by whoever handed the export on.
    told = f", {redacted} redacted" if redacted else ""
    print(f"clean: {size} entries, {details} details{told}" + (f", {withheld} withheld" if withheld else ""))
    return 0


if __name__ == "__main__":
    sys.exit(main())
