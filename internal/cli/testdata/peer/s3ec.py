"""Puts an object with AWS's own S3 Encryption Client for Python: s3ec.py BUCKET KEY 2|3 WRAPPING-KEY-IN-HEX <plaintext

That client has a keyring for AWS KMS alone. The keyring here wraps with AES-GCM as AWS's client for Java does, and the metadata is
made to say so afterwards; all else is AWS's code.
"""
import os
import sys

import boto3
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from s3_encryption import S3EncryptionClient, S3EncryptionClientConfig
from s3_encryption.materials.encrypted_data_key import EncryptedDataKey
from s3_encryption.materials.keyring import S3Keyring
from s3_encryption.materials.materials import AlgorithmSuite, CommitmentPolicy

bucket, key, version, wrapping = sys.argv[1:]


class AESKeyring(S3Keyring):
    def on_encrypt(self, enc_materials):
        materials = super().on_encrypt(enc_materials)
        materials.plaintext_data_key = os.urandom(32)
        iv = os.urandom(12)
        name = b"115" if version == "3" else b"AES/GCM/NoPadding"
        wrapped = iv + AESGCM(bytes.fromhex(wrapping)).encrypt(iv, materials.plaintext_data_key, name)
        materials.encrypted_data_key = EncryptedDataKey("AES/GCM", b"S3Keyring", wrapped)
        return materials

    def on_decrypt(self, dec_materials, encrypted_data_keys=None):
        raise NotImplementedError


s3 = boto3.client("s3")
if version == "3":
    config = S3EncryptionClientConfig(AESKeyring())
else:
    config = S3EncryptionClientConfig(
        AESKeyring(),
        encryption_algorithm=AlgorithmSuite.ALG_AES_256_GCM_IV12_TAG16_NO_KDF,
        commitment_policy=CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT,
    )
S3EncryptionClient(s3, config).put_object(Bucket=bucket, Key=key, Body=sys.stdin.buffer.read())

plain = boto3.client("s3")
metadata = plain.head_object(Bucket=bucket, Key=key)["Metadata"]
if version == "3":
    metadata["x-amz-w"] = "02"
else:
    metadata["x-amz-wrap-alg"] = "AES/GCM"
plain.copy_object(
    Bucket=bucket, Key=key, CopySource={"Bucket": bucket, "Key": key}, Metadata=metadata, MetadataDirective="REPLACE"
)
