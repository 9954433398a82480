package main

import (
	"context"
	"fmt"

	mpl "github.com/aws/aws-cryptographic-material-providers-library/releases/go/mpl/awscryptographymaterialproviderssmithygenerated"
	mpltypes "github.com/aws/aws-cryptographic-material-providers-library/releases/go/mpl/awscryptographymaterialproviderssmithygeneratedtypes"
	client "github.com/aws/aws-encryption-sdk/releases/go/encryption-sdk/awscryptographyencryptionsdksmithygenerated"
	types "github.com/aws/aws-encryption-sdk/releases/go/encryption-sdk/awscryptographyencryptionsdksmithygeneratedtypes"
)

// officials is AWS's own SDK for Go, with the suite that esdk writes unless told otherwise.
func officials(plaintext, secret []byte, frame int) ([]work, error) {
	ctx := context.Background()
	providers, err := mpl.NewClient(mpltypes.MaterialProvidersConfig{})
	if err != nil {
		return nil, err
	}
	keyring, err := providers.CreateRawAesKeyring(ctx, mpltypes.CreateRawAesKeyringInput{
		KeyNamespace: "benchmark", KeyName: "one", WrappingKey: secret, WrappingAlg: mpltypes.AesWrappingAlgAlgAes256GcmIv12Tag16,
	})
	if err != nil {
		return nil, err
	}
	sdk, err := client.NewClient(types.AwsEncryptionSdkConfig{})
	if err != nil {
		return nil, err
	}
	suite, length := mpltypes.ESDKAlgorithmSuiteIdAlgAes256GcmHkdfSha512CommitKey, int64(frame)
	encrypt := func() ([]byte, error) {
		out, err := sdk.Encrypt(ctx, types.EncryptInput{Plaintext: plaintext, Keyring: keyring, AlgorithmSuiteId: &suite, FrameLength: &length})
		if err != nil {
			return nil, err
		}
		return out.Ciphertext, nil
	}
	message, err := encrypt()
	if err != nil {
		return nil, err
	}
	name := func(what string) string { return fmt.Sprintf("official Go SDK %s, frames of %d KiB", what, frame>>10) }
	return []work{
		{name: name("encrypt"), to: limitSeal, bytes: len(plaintext), run: func() error { _, err := encrypt(); return err }},
		{name: name("decrypt"), to: limitOpen, bytes: len(plaintext), run: func() error {
			out, err := sdk.Decrypt(ctx, types.DecryptInput{Ciphertext: message, Keyring: keyring})
			if err == nil && len(out.Plaintext) != len(plaintext) {
				err = fmt.Errorf("%d bytes came out of %d", len(out.Plaintext), len(plaintext))
			}
			return err
		}},
	}, nil
}
