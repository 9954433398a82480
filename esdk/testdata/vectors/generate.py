"""Makes vectors.json.gz: messages of the format, sound and not, with what the format says of each.

    .tools/venv/bin/python esdk/testdata/vectors/generate.py

Messages are laid out by hand from https://docs.aws.amazon.com/encryption-sdk/latest/developer-guide/message-format.html and with the
primitives of pyca/cryptography, so that what is wrong in one is wrong in that alone and authenticated like the rest; some are made
by AWS's Encryption SDK for Python. "peer" is what that SDK says of each, for comparison: where it differs from what is expected, a note says why.
All keys are made from their names and for tests only.
"""
import base64
import gzip
import hashlib
import json
import logging
import os
import struct

import aws_encryption_sdk
from aws_encryption_sdk import CommitmentPolicy
from aws_encryption_sdk.identifiers import Algorithm, EncryptionKeyType, WrappingAlgorithm
from aws_encryption_sdk.internal.crypto.wrapping_keys import WrappingKey
from aws_encryption_sdk.key_providers.raw import RawMasterKeyProvider
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

logging.disable(logging.CRITICAL)
HERE = os.path.dirname(os.path.abspath(__file__))
P256, P384 = ec.SECP256R1(), ec.SECP384R1()
SUITES = {  # version, length of the data key, hash of the derivation, curve, hash of the signature
    0x0478: (2, 32, hashes.SHA512(), None, None),
    0x0578: (2, 32, hashes.SHA512(), P384, hashes.SHA384()),
    0x0014: (1, 16, None, None, None),
    0x0046: (1, 24, None, None, None),
    0x0078: (1, 32, None, None, None),
    0x0114: (1, 16, hashes.SHA256(), None, None),
    0x0146: (1, 24, hashes.SHA256(), None, None),
    0x0178: (1, 32, hashes.SHA256(), None, None),
    0x0214: (1, 16, hashes.SHA256(), P256, hashes.SHA256()),
    0x0346: (1, 24, hashes.SHA384(), P384, hashes.SHA384()),
    0x0378: (1, 32, hashes.SHA384(), P384, hashes.SHA384()),
}
OAEP = {"sha1": hashes.SHA1(), "sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}


OUT = os.path.join(HERE, "vectors.json.gz")
PEM = rsa.generate_private_key(65537, 2048).private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
RSA = serialization.load_pem_private_key(PEM, None)


def secret(name):
    """The bytes of an AES key: its name says how long it is."""
    bits = int(name.split("-")[1]) if name.startswith("aes-") else 256
    return hashlib.sha256(name.encode()).digest()[: bits // 8]


def pattern(n):
    return bytes(i * 7 % 251 for i in range(n))


def u16(n):
    return struct.pack(">H", n)


def u32(n):
    return struct.pack(">I", n)


def text(raw):
    return u16(len(raw)) + raw


def as_bytes(s):
    return s if isinstance(s, bytes) else s.encode()


def pairs_of(context):
    return sorted((as_bytes(k), as_bytes(v)) for k, v in context.items())


def serial(pairs):
    return b"" if not pairs else u16(len(pairs)) + b"".join(text(k) + text(v) for k, v in pairs)


class Message:
    """One message. Every part can be replaced before it is laid out; what follows from it, and what authenticates it, is of the replacement."""

    def __init__(self, suite=0x0478, context=None, keys=("a",), plaintext=b"hello", frame=16, framed=True, **other):
        self.suite, self.plaintext, self.frame, self.framed = suite, plaintext, frame, framed
        self.version, self.key_length, self.kdf, self.curve, self.hash = SUITES[suite]
        self.context = dict(context or {})
        self.id = hashlib.sha256(b"message id").digest()[: 32 if self.version == 2 else 16]
        self.data_key = hashlib.sha256(b"data key").digest()[: self.key_length]
        self.header_iv = b"\0" * 12
        self.type, self.reserved, self.iv_length, self.content = 0x80, 0, 12, 2 if framed else 1
        self.header_frame = frame if framed else 0
        self.raw_context = None  # instead of what follows from the context
        self.commitment = None
        self.public = None
        self.keys = keys
        self.edks = None  # instead of what wraps the data key
        self.count = None  # of them
        self.body = None
        self.tail = b""
        self.sign = lambda private, digest: private.sign(digest, ec.ECDSA(utils.Prehashed(self.hash)))
        self.footer = None
        self.first, self.final_number, self.final_full, self.frame_iv = 1, None, False, lambda n: n.to_bytes(12, "big")
        self.final_claims = None
        for name, value in other.items():
            assert hasattr(self, name), name
            setattr(self, name, value)
        if self.curve:
            size = {"secp256r1": 256, "secp384r1": 384}[self.curve.name]
            self.private = ec.derive_private_key(int.from_bytes(hashlib.sha256(b"signer").digest(), "big") % (1 << (size - 8)), self.curve)
            if self.public is None:
                self.public = base64.b64encode(self.private.public_key().public_bytes(
                    serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)).decode()
            if self.public:
                self.context["aws-crypto-public-key"] = self.public

    def edk(self, name, provider=b"onus", aad=None, data_key=None, info=None, iv=None):
        """The data key wrapped by the key of that name."""
        data_key = self.data_key if data_key is None else data_key
        if name.startswith("rsa-"):
            pad = padding.PKCS1v15()
            if name != "rsa-pkcs1":
                pad = padding.OAEP(mgf=padding.MGF1(OAEP[name[4:]]), algorithm=OAEP[name[4:]], label=None)
            return text(provider) + text(as_bytes(name) if info is None else info) + text(RSA.public_key().encrypt(data_key, pad))
        iv = hashlib.sha256(as_bytes(name)).digest()[:12] if iv is None else iv
        aad = serial(pairs_of(self.context)) if aad is None else aad
        sealed = AESGCM(secret(name)).encrypt(iv, data_key, aad)
        if info is None:
            info = as_bytes(name) + u32(128) + u32(12) + iv
        return text(provider) + text(info) + text(sealed)

    def derive(self):
        if self.kdf is None:
            return self.data_key, b""
        if self.version == 1:
            return HKDF(self.kdf, self.key_length, None, u16(self.suite) + self.id).derive(self.data_key), b""
        key = HKDF(self.kdf, self.key_length, self.id, u16(self.suite) + b"DERIVEKEY").derive(self.data_key)
        return key, HKDF(self.kdf, 32, self.id, b"COMMITKEY").derive(self.data_key)

    def aad(self, label, number, length):
        return self.id + b"AWSKMSEncryptionClient " + label + u32(number) + struct.pack(">Q", length)

    def regular(self, number, plaintext, says=None):
        iv = self.frame_iv(number)
        return u32(number if says is None else says) + iv + self.gcm.encrypt(iv, plaintext, self.aad(b"Frame", number, len(plaintext)))

    def final(self, number, plaintext):
        iv = self.frame_iv(number)
        length = len(plaintext) if self.final_claims is None else self.final_claims
        return b"\xff" * 4 + u32(number) + iv + u32(length) + self.gcm.encrypt(iv, plaintext, self.aad(b"Final Frame", number, len(plaintext)))

    def single(self, plaintext, iv=(1).to_bytes(12, "big"), length=None, number=1):
        length = len(plaintext) if length is None else length
        return iv + struct.pack(">Q", length) + self.gcm.encrypt(iv, plaintext, self.aad(b"Single Block", number, len(plaintext)))

    def frames(self):
        rest, number, out = self.plaintext, self.first, b""
        while len(rest) > self.frame or len(rest) == self.frame and not self.final_full:
            out += self.regular(number, rest[: self.frame])
            rest, number = rest[self.frame:], number + 1
        return out + self.final(number if self.final_number is None else self.final_number, rest)

    def __bytes__(self):
        key, commitment = self.derive()
        self.gcm = AESGCM(key)
        context = serial(pairs_of(self.context)) if self.raw_context is None else self.raw_context
        edks = [self.edk(name) for name in self.keys] if self.edks is None else self.edks(self)
        head = bytes([self.version]) + (bytes([self.type]) if self.version == 1 else b"") + u16(self.suite) + self.id
        head += text(context) + u16(len(edks) if self.count is None else self.count) + b"".join(edks) + bytes([self.content])
        if self.version == 1:
            head += u32(self.reserved) + bytes([self.iv_length])
        head += u32(self.header_frame)
        head += commitment if self.commitment is None else self.commitment
        self.header = head
        out = head + (self.header_iv if self.version == 1 else b"") + self.gcm.encrypt(self.header_iv, b"", head)
        self.header_end = len(out)
        if self.body is not None:
            out += self.body(self)
        elif self.framed:
            out += self.frames()
        else:
            out += self.single(self.plaintext)
        if self.curve and self.footer is None:
            digest = hashes.Hash(self.hash)
            digest.update(out)
            out += text(self.sign(self.private, digest.finalize()))
        elif self.footer:
            out += self.footer
        return out + self.tail


class Keys(RawMasterKeyProvider):
    provider_id = "onus"

    def _get_raw_key(self, key_id):
        name = key_id.decode() if isinstance(key_id, bytes) else key_id
        if name.startswith("rsa-"):
            pad = "RSA_PKCS1" if name == "rsa-pkcs1" else "RSA_OAEP_%s_MGF1" % name[4:].upper()
            return WrappingKey(getattr(WrappingAlgorithm, pad), PEM, EncryptionKeyType.PRIVATE)
        bits = len(secret(name)) * 8
        return WrappingKey(getattr(WrappingAlgorithm, "AES_%d_GCM_IV12_TAG16_NO_PADDING" % bits), secret(name), EncryptionKeyType.SYMMETRIC)


def provider(names):
    keys = Keys()
    for name in names:
        keys.add_master_key(name)
    return keys


def client(suite):
    policy = CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT if SUITES.get(suite, (1,))[0] == 2 else CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT
    return aws_encryption_sdk.EncryptionSDKClient(commitment_policy=policy)


def sdk(suite, plaintext, frame, keys=("a",), context=None):
    out, _ = client(suite).encrypt(source=plaintext, key_provider=provider(keys), algorithm=Algorithm.get_by_id(suite),
                                   frame_length=frame, encryption_context=context or {})
    return out


VECTORS = []


BEHIND = "what follows the end must fail (decrypt: bytes which have not been processed); the SDK for Python leaves it unread"


def add(name, message, keys=("a",), suite=0x0478, plaintext=b"hello", fails=None, note=None, **opts):
    """One vector. fails: "open" or "refused", by the error that is expected; plaintext otherwise."""
    if isinstance(message, Message):
        suite, message = message.suite, bytes(message)
    assert name not in [v["name"] for v in VECTORS], name
    try:
        got, _ = client(suite).decrypt(source=message, key_provider=provider(keys))
        peer = "opens" if fails or got == plaintext else "opens to something else"
    except Exception as error:  # whatever it is
        peer = "%s: %s" % (type(error).__name__, error)
    v = {"name": name, "suite": suite, "keys": list(keys), "message": base64.b64encode(message).decode(), "peer": peer[:100]}
    if fails:
        v["fails"] = fails
    else:
        v["plaintext"] = base64.b64encode(plaintext).decode()
    if fails and peer == "opens" and not note and ("behind" in name or "two last" in name):
        note = BEHIND
    if note:
        v["note"] = note
    v.update(opts)
    VECTORS.append(v)
    if (peer == "opens") != (not fails) and not note:
        print("differs: %s: expected %s, peer %s" % (name, fails or "opens", peer))


def sound():
    for suite in SUITES:
        for frame, size in [(0, 0), (0, 37), (128, 0), (128, 128), (128, 300)]:
            add("sdk %04x, %d bytes in frames of %d" % (suite, size, frame), sdk(suite, pattern(size), frame), suite=suite, plaintext=pattern(size))
        for size in [0, 15, 16, 17, 32]:
            add("by hand %04x, %d bytes in frames of 16" % (suite, size), Message(suite, plaintext=pattern(size)), plaintext=pattern(size))
        add("by hand %04x, without frames" % suite, Message(suite, plaintext=pattern(33), framed=False), plaintext=pattern(33))
    full = "the last frame may be full (message-body: final frame), as AWS's tools for Java and JavaScript write it; the one for Python wants it shorter"
    for size in [16, 32]:
        add("a full last frame, %d bytes" % size, Message(plaintext=pattern(size), final_full=True), plaintext=pattern(size), note=full)
    for frame in [1, 2, 3, 127, 1000, 4096, 65536, 1 << 24]:
        add("frames of %d" % frame, Message(plaintext=pattern(9), frame=frame), plaintext=pattern(9))
    for frame in [1 << 24 | 1, (1 << 31) - 1, 1 << 31, (1 << 32) - 1]:  # longer than is admitted, as is none that is there
        note = "the format's field goes to 2^32-1, the tool for Python to 2^31-1" if frame >= 1 << 31 else ""
        for suite in [0x0478, 0x0578]:
            add("frames of %d, %04x" % (frame, suite), Message(suite, plaintext=pattern(9), frame=frame), plaintext=pattern(9), note=note)
    for name in ["aes-128", "aes-192", "aes-256", "rsa-pkcs1", "rsa-sha1", "rsa-sha256", "rsa-sha384", "rsa-sha512"]:
        for suite in [0x0478, 0x0578, 0x0014, 0x0346]:
            add("wrapped by %s, %04x" % (name, suite), Message(suite, keys=(name,), context={"a": "b"}), keys=[name])
    add("the third key of four", Message(keys=("x", "y", "a", "z")))
    add("its name begins like that of another", Message(keys=("aa", "a")))
    add("damaged for the same key, then sound", Message(edks=lambda m: [m.edk("a")[:-1] + b"\0", m.edk("a")]))
    add("nobody's key first", Message(edks=lambda m: [text(b"aws-kms") + text(b"arn:aws:kms:eu-west-1:1:key/x") + text(b"?"), text(b"") + text(b"") + text(b""), m.edk("a")]))
    for name, context in {
        "one pair": {"a": "b"}, "an empty value": {"a": ""}, "an empty name": {"": "x"},
        "order by bytes": {"\uff61": "1", "\U00010000": "2", "a": "\u00e4", "B": "\0", "a\0": " ", "\u00fc/\u00f6": "3"},
        "300 pairs": {"name %d" % i: str(i) for i in range(300)}, "as long as can be": {"x": "y" * (65535 - 2 - 4 - 1)},
        "one name as long as can be": {"n" * 65529: ""}, "a name that is reserved": {"aws-crypto-other": "x"},
        "both forms of one letter": {"\u00e9": "1", "e\u0301": "2"},
    }.items():
        for suite in [0x0478, 0x0114]:
            add("context: %s, %04x" % (name, suite), Message(suite, context=context), context=context)
    old = "AWS's own reader for .NET, Go and Rust takes it, since there once were writers of it (aws-encryption-sdk-dafny, EncryptionContext.dfy)"
    add("context: none, as a count of none", Message(raw_context=u16(0)), note=old)
    swapped = [(b"b", b"1"), (b"a", b"2")]
    add("context: not in order, its wrapping in order", Message(context=dict(swapped), raw_context=serial(swapped)),
        note="a writer sorts; AWS's readers take any order (aws-encryption-sdk-dafny, EncryptionContext.dfy)")
    iv = hashlib.sha256(b"any").digest()
    add("any vectors in frames", Message(plaintext=pattern(40), frame_iv=lambda n: iv[n:n + 12]), plaintext=pattern(40))
    add("any vector in the header of version 1", Message(0x0178, header_iv=iv[:12]))
    add("any vector without frames", Message(0x0178, framed=False, body=lambda m: m.single(b"hello", iv[:12])))
    for suite in [0x0578, 0x0214, 0x0378]:
        for low in [True, False]:
            def sign(private, digest, low=low, suite=suite):
                r, s = utils.decode_dss_signature(private.sign(digest, ec.ECDSA(utils.Prehashed(SUITES[suite][4]))))
                n = {"secp256r1": 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551,
                     "secp384r1": 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973}[private.curve.name]
                return utils.encode_dss_signature(r, s if (s < n - s) == low else n - s)
            add("signature with %s s, %04x" % ("low" if low else "high", suite), Message(suite, sign=sign))


def broken():
    # Headers. All are authenticated as they stand, so that only what is wrong with them can be why they do not open.
    for name, raw in {
        "a name twice": serial([(b"a", b"1"), (b"a", b"2")]), "a pair twice": serial([(b"a", b"1"), (b"a", b"1")]),
        "a count too small": u16(1) + text(b"a") + text(b"1") + text(b"b") + text(b"2"), "a count too large": u16(2) + text(b"a") + text(b"1"),
        "a count of 65535": u16(65535) + text(b"a") + text(b"1"), "a count of none and a pair": u16(0) + text(b"a") + text(b"1"),
        "one byte": b"\0", "three bytes": b"\0\0\0", "bytes behind": serial([(b"a", b"1")]) + b"\0",
        "a name that is not UTF-8": serial([(b"\xff", b"1")]), "a value that is not UTF-8": serial([(b"a", b"\xc0\x80")]),
        "half a surrogate": serial([(b"a", b"\xed\xa0\x80")]), "a name beyond the end": u16(1) + u16(9) + b"a",
    }.items():
        for suite in [0x0478, 0x0178]:
            add("context: %s, %04x" % (name, suite), Message(suite, raw_context=raw, edks=lambda m, raw=raw: [m.edk("a", aad=raw)]), fails="open")
    add("no wrapped key", Message(edks=lambda m: []), fails="open")
    add("a count of wrapped keys too small", Message(keys=("a", "b"), count=1), fails="open")
    add("a count of wrapped keys too large", Message(count=2), fails="open")
    add("65535 wrapped keys are said to follow", Message(count=65535), fails="refused")
    add("17 wrapped keys", Message(keys=["x"] * 16 + ["a"]), fails="refused", note="sixteen are admitted unless ReadOptions say otherwise")
    add("a provider that is not UTF-8", Message(edks=lambda m: [text(b"\xff") + text(b"x") + text(b"y"), m.edk("a")]), fails="open")
    for name, change in {
        "a tag of 96 bits": lambda m: m.edk("a", info=b"a" + u32(96) + u32(12) + hashlib.sha256(b"a").digest()[:12]),
        "a vector of 16 bytes": lambda m: m.edk("a", info=b"a" + u32(128) + u32(16) + hashlib.sha256(b"a").digest()[:16]),
        "no vector": lambda m: m.edk("a", info=b"a"), "info cut off": lambda m: m.edk("a", info=b"a" + u32(128) + u32(12) + b"123"),
        "info with more": lambda m: m.edk("a", info=b"a" + u32(128) + u32(12) + hashlib.sha256(b"a").digest()[:12] + b"\0"),
        "another namespace": lambda m: m.edk("a", provider=b"Onus"), "no ciphertext": lambda m: text(b"onus") + text(b"a" + u32(128) + u32(12) + b"\0" * 12) + text(b""),
        "in another context": lambda m: m.edk("a", aad=serial([(b"a", b"1")])), "another data key": lambda m: m.edk("a", data_key=b"\1" * 32),
        "a data key too short": lambda m: m.edk("a", data_key=b"\1" * 16), "a data key too long": lambda m: m.edk("a", data_key=b"\1" * 33),
        "an empty data key": lambda m: m.edk("a", data_key=b""),
    }.items():
        add("wrapped: %s" % name, Message(edks=lambda m, change=change: [change(m)]), fails="open")
    for name in ["rsa-sha256", "rsa-pkcs1"]:
        add("wrapped by %s: another data key" % name, Message(edks=lambda m, name=name: [m.edk(name, data_key=b"\1" * 32)]), keys=[name], fails="open")
        add("wrapped by %s: cut off" % name, Message(edks=lambda m, name=name: [text(b"onus") + text(name.encode()) + text(b"\1" * 255)]), keys=[name], fails="open")
        add("wrapped by %s: nothing" % name, Message(edks=lambda m, name=name: [text(b"onus") + text(name.encode()) + text(b"")]), keys=[name], fails="open")
    add("another hash of OAEP", Message(edks=lambda m: [m.edk("rsa-sha1", info=b"rsa-sha256")]), keys=["rsa-sha256"], fails="open")
    add("content type 0", Message(content=0), fails="open")
    add("content type 3", Message(content=3), fails="open")
    add("frames of no length", Message(header_frame=0), fails="open")
    add("no frames, and a frame length", Message(framed=False, header_frame=16), fails="open")
    for name, change in {"a type": {"type": 0x81}, "no type": {"type": 0}, "reserved bytes": {"reserved": 1}, "vectors of 11 bytes": {"iv_length": 11},
                         "vectors of none": {"iv_length": 0}, "vectors of 16 bytes": {"iv_length": 16}}.items():
        add("version 1: %s" % name, Message(0x0178, **change), fails="open")
    add("another commitment", Message(commitment=b"\1" * 32), fails="open")
    add("a commitment of nothing", Message(commitment=b"\0" * 32), fails="open")
    add("a public key and no signature, 0478", Message(context={"aws-crypto-public-key": "AAAA"}), fails="open", note="default CMM, decrypt materials: it must fail")
    add("a public key and no signature, 0178", Message(0x0178, context={"aws-crypto-public-key": "AAAA"}), fails="open", note="default CMM, decrypt materials: it must fail")
    for suite in [0x0578, 0x0214, 0x0378]:
        add("no public key, %04x" % suite, Message(suite, public=""), fails="open")
        add("a public key that is none, %04x" % suite, Message(suite, public="AAAA"), fails="open")
        add("a public key that is no base64, %04x" % suite, Message(suite, public="?"), fails="open")
        other = ec.derive_private_key(12345, SUITES[suite][3])
        add("signed by another, %04x" % suite, Message(suite, sign=lambda p, d, s=suite, o=other: o.sign(d, ec.ECDSA(utils.Prehashed(SUITES[s][4])))), fails="open")
        add("no signature, %04x" % suite, Message(suite, footer=b""), fails="open")
        add("an empty signature, %04x" % suite, Message(suite, footer=u16(0)), fails="open")
        add("a signature of zeros, %04x" % suite, Message(suite, footer=text(bytes.fromhex("3006020100020100"))), fails="open")
        add("bytes behind the signature, %04x" % suite, Message(suite, tail=b"\0"), fails="open")
        add("a signature and a message behind it, %04x" % suite, Message(suite, tail=bytes(Message(suite))), fails="open")

    # Suites and versions that do not go together.
    whole = bytes(Message())
    for suite in [0x0000, 0x0178, 0x0378, 0x0578, 0x0479, 0x0073, 0xffff]:
        add("suite %04x in a message of 0478" % suite, whole[:1] + u16(suite) + whole[3:], fails="refused" if suite == 0x0578 else "open")
    for version in [0, 1, 3, 0x80]:
        add("version %d in one of version 2" % version, bytes([version]) + whole[1:], fails="open")
    v1 = bytes(Message(0x0178))
    for suite in [0x0478, 0x0078, 0x0378, 0x0114, 0x0001]:
        add("suite %04x in a message of 0178" % suite, v1[:2] + u16(suite) + v1[4:], suite=0x0178, fails="open" if suite in (0x0478, 0x0001) else "refused",
            note="only the suite that was named is read")
    for suite in SUITES:
        if SUITES[suite][0] == 1:
            add("suite %04x, not named" % suite, bytes(Message(suite)), suite=0x0478, fails="refused")
    add("base64", base64.b64encode(whole), fails="refused")
    add("base64 of version 1", base64.b64encode(v1), suite=0x0178, fails="refused")
    add("hexadecimal", whole.hex().encode(), fails="open")
    add("nothing", b"", fails="open")
    add("a byte in front", b"\n" + whole, fails="open")

    # Frames.
    three = pattern(40)

    def frames(build, **other):
        return Message(plaintext=three, body=build, **other)
    one, two, end = three[:16], three[16:32], three[32:]
    for suite in [0x0478, 0x0178]:
        for name, build in {
            "the second first": lambda m: m.regular(2, two) + m.regular(1, one) + m.final(3, end),
            "one twice": lambda m: m.regular(1, one) + m.regular(1, one) + m.final(2, end),
            "one left out": lambda m: m.regular(1, one) + m.final(3, end), "starting at 0": lambda m: m.regular(0, one) + m.regular(1, two) + m.final(2, end),
            "starting at 2": lambda m: m.regular(2, one) + m.regular(3, two) + m.final(4, end),
            "renumbered": lambda m: m.regular(1, one) + m.regular(3, two, says=2) + m.final(3, end),
            "no last one": lambda m: m.regular(1, one) + m.regular(2, two), "two last ones": lambda m: m.regular(1, one) + m.final(2, end) + m.final(3, end),
            "a frame behind the last": lambda m: m.final(1, end) + m.regular(2, one), "none": lambda m: b"",
            "a last one as a frame": lambda m: m.regular(1, one) + u32(2) + m.final(2, two)[8:20] + m.final(2, two)[24:],
            "a frame as the last": lambda m: m.regular(1, one) + b"\xff" * 4 + u32(2) + m.regular(2, two)[4:16] + u32(16) + m.regular(2, two)[16:],
            "a last one that is longer": lambda m: m.final(1, three), "a last one that is longer by one": lambda m: m.final(1, three[:17]),
            "the last one has another number": lambda m: m.regular(1, one) + m.final(7, end), "the last one has number 0": lambda m: m.final(0, end),
            "a frame that is shorter": lambda m: m.regular(1, one[:15]) + m.final(2, end), "without frames": lambda m: m.single(end),
            "of another message": lambda m: bytes(Message(m.suite, id=b"\1" * len(m.id), plaintext=three))[Message.end(m):],
        }.items():
            add("frames: %s, %04x" % (name, suite), frames(build, suite=suite), fails="open")
        for claims in [0, 4, 6, 16, 17, 1 << 31, (1 << 32) - 1]:
            add("frames: 5 bytes said to be %d, %04x" % (claims, suite), Message(suite, final_claims=claims), fails="open")
        for length in [0, 4, 6]:
            add("without frames: 5 bytes said to be %d, %04x" % (length, suite), Message(suite, framed=False, body=lambda m, n=length: m.single(b"hello", length=n)), fails="open")
        for length in [1 << 32, (1 << 36) - 31, 1 << 63, (1 << 64) - 1]:
            add("without frames: 5 bytes said to be %d, %04x" % (length, suite), Message(suite, framed=False, body=lambda m, n=length: m.single(b"hello", length=n)), fails="refused")
        add("without frames: number 2, %04x" % suite, Message(suite, framed=False, body=lambda m: m.single(b"hello", number=2)), fails="open")
        add("without frames: a frame, %04x" % suite, Message(suite, framed=False, body=lambda m: m.final(1, b"hello")), fails="open")
        for framed in [True, False]:
            add("a byte behind, %s, %04x" % (framed, suite), Message(suite, framed=framed, tail=b"\0"), fails="open")
            add("itself behind, %s, %04x" % (framed, suite), Message(suite, framed=framed, tail=bytes(Message(suite, framed=framed))), fails="open")


def message_end(m):
    other = Message(m.suite, id=b"\1" * len(m.id), plaintext=b"")
    bytes(other)
    return other.header_end


Message.end = staticmethod(message_end)

if __name__ == "__main__":
    sound()
    broken()
    out = {"pem": PEM.decode(), "secrets": "SHA-256 of the name, cut to its length in bits", "vectors": VECTORS}
    with open(OUT, "wb") as file:
        with gzip.GzipFile(fileobj=file, mode="wb", mtime=0, compresslevel=9) as packed:
            packed.write(json.dumps(out, indent=0).encode())
    print(len(VECTORS), "vectors")
