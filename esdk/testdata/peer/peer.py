"""Answers for AWS's Encryption SDK for Python: one JSON object a line in, one out.

AWS's command line finds the same keys through the entry point beside this file.
"""
import base64
import json
import os
import sys

import aws_encryption_sdk
from aws_encryption_sdk import CommitmentPolicy
from aws_encryption_sdk.identifiers import Algorithm, EncryptionKeyType, WrappingAlgorithm
from aws_encryption_sdk.internal.crypto.wrapping_keys import WrappingKey
from aws_encryption_sdk.key_providers.raw import RawMasterKeyProvider


class Keys(RawMasterKeyProvider):
    """Raw keys of the namespace "onus": AES keys made of their names, and RSA keys from a file of the environment."""

    provider_id = "onus"

    def _get_raw_key(self, key_id):
        name = key_id.decode() if isinstance(key_id, bytes) else key_id
        if name.startswith("rsa-"):
            padding = "RSA_PKCS1" if name == "rsa-pkcs1" else "RSA_OAEP_%s_MGF1" % name[4:].upper()
            with open(os.environ["PEER_RSA"], "rb") as file:
                return WrappingKey(
                    wrapping_algorithm=getattr(WrappingAlgorithm, padding),
                    wrapping_key=file.read(),
                    wrapping_key_type=EncryptionKeyType.PRIVATE,
                )
        bits = int(name[4:]) if name.startswith("aes-") else 256
        return WrappingKey(
            wrapping_algorithm=getattr(WrappingAlgorithm, "AES_%d_GCM_IV12_TAG16_NO_PADDING" % bits),
            wrapping_key=name.encode().ljust(bits // 8, b"\0"),
            wrapping_key_type=EncryptionKeyType.SYMMETRIC,
        )


def command_line(key_ids=(), **_):
    """The provider of AWS's command line, which names keys here to decrypt, and adds them itself to encrypt."""
    keys = Keys()
    for name in key_ids:
        keys.add_master_key(name)
    return keys


def answer(ask):
    keys = Keys()
    for name in ask["keys"]:
        keys.add_master_key(name)
    data = base64.b64decode(ask["data"])
    if ask["do"] == "decrypt":
        client = aws_encryption_sdk.EncryptionSDKClient(commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT)
        out, header = client.decrypt(source=data, key_provider=keys)
    else:
        suite = Algorithm.get_by_id(ask["suite"])
        policy = CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT
        if not suite.is_committing():
            policy = CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT
        client = aws_encryption_sdk.EncryptionSDKClient(commitment_policy=policy)
        out, header = client.encrypt(
            source=data, key_provider=keys, algorithm=suite,
            frame_length=ask["frame"], encryption_context=ask["context"] or {},
        )
    return {"data": base64.b64encode(out).decode(), "context": header.encryption_context}


if __name__ == "__main__":
    for line in sys.stdin:
        try:
            said = answer(json.loads(line))
        except Exception as error:  # whatever it is, the test has to see it
            said = {"error": "%s: %s" % (type(error).__name__, error)}
        print(json.dumps(said), flush=True)
