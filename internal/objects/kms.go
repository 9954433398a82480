package objects

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/smithy-go"

	"github.com/onus-cloud/onus/esdk"
)

// KMS is AWS KMS as a wrapping key for package esdk, in the Region of the key's ARN.
func (c *Client) KMS(keyARN string) (esdk.WrappingKey, error) {
	// arn:aws:kms:us-east-1:123456789012:key/... ; an alias would name another key tomorrow.
	parts := strings.SplitN(keyARN, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "kms" || !strings.HasPrefix(parts[5], "key/") {
		return nil, fmt.Errorf("%q is no ARN of a KMS key: write arn:aws:kms:REGION:ACCOUNT:key/ID", keyARN)
	}
	client := kms.NewFromConfig(c.config, func(o *kms.Options) { o.Region = parts[3] })
	return esdk.NewKMS(kmsClient{client}, keyARN), nil
}

type kmsClient struct{ *kms.Client }

// Encrypt implements esdk.KMSClient.
func (k kmsClient) Encrypt(ctx context.Context, keyID string, plaintext []byte, encryptionContext map[string]string) ([]byte, string, error) {
	out, err := k.Client.Encrypt(ctx, &kms.EncryptInput{KeyId: &keyID, Plaintext: plaintext, EncryptionContext: encryptionContext})
	if err != nil {
		return nil, "", explainKMS("kms:Encrypt", keyID, err)
	}
	return out.CiphertextBlob, aws.ToString(out.KeyId), nil
}

// Decrypt implements esdk.KMSClient.
func (k kmsClient) Decrypt(ctx context.Context, keyID string, ciphertext []byte, encryptionContext map[string]string) ([]byte, error) {
	out, err := k.Client.Decrypt(ctx, &kms.DecryptInput{KeyId: &keyID, CiphertextBlob: ciphertext, EncryptionContext: encryptionContext})
	var api smithy.APIError
	if errors.As(err, &api) && (api.ErrorCode() == "InvalidCiphertextException" || api.ErrorCode() == "IncorrectKeyException") {
		return nil, esdk.ErrOpen
	}
	if err != nil {
		return nil, explainKMS("kms:Decrypt", keyID, err)
	}
	return out.Plaintext, nil
}

func explainKMS(action, key string, err error) error {
	var api smithy.APIError
	if errors.As(err, &api) {
		if api.ErrorCode() == "AccessDeniedException" {
			return fmt.Errorf("%s: denied: these credentials need %s there", key, action)
		}
		return fmt.Errorf("%s: %s: %s: %s", key, action, api.ErrorCode(), api.ErrorMessage())
	}
	return fmt.Errorf("%s: %w", key, err)
}
