package ciphertext

// s3Committing is the suite with key commitment, as the S3 client writes its number.
const s3Committing = "0x0073"

// byMetadata recognises objects of the Amazon S3 Encryption Client. Values are taken only where they are among those that the client
// writes: metadata is free text.
// https://docs.aws.amazon.com/amazon-s3-encryption-client/latest/developerguide/concepts.html
func byMetadata(metadata map[string]string) Facts {
	has := func(names ...string) bool {
		for _, name := range names {
			if _, ok := metadata[name]; !ok {
				return false
			}
		}
		return true
	}
	f := Facts{Format: S3Client}
	switch {
	case has("x-amz-c", "x-amz-d", "x-amz-i"): // written since its version 4
		if metadata["x-amz-c"] == "115" {
			f.Suite = s3Committing
		}
		f.Keys = wrappedBy(metadata["x-amz-w"])
		f.KeysUnseen = !has("x-amz-3") // it is in an object of its own, an "instruction file"
	case has("x-amz-key-v2", "x-amz-iv"):
		switch alg := metadata["x-amz-cek-alg"]; alg {
		case "AES/GCM/NoPadding", "AES/CTR/NoPadding", "AES/CBC/PKCS5Padding":
			f.Suite = alg
		}
		f.Keys = wrappedBy(metadata["x-amz-wrap-alg"])
	case has("x-amz-key", "x-amz-iv"): // its first version, without authentication
		f.Suite = "AES/CBC/PKCS5Padding"
		f.Keys = []Key{{Provider: "client"}}
	default:
		return Facts{}
	}
	return f
}

// wrappedBy names who holds the wrapping key, from the wrapping algorithm: the one thing that metadata tells of it.
func wrappedBy(algorithm string) []Key {
	switch algorithm {
	case "kms", "kms+context", "12":
		return []Key{{Provider: "aws-kms"}}
	case "AES/GCM", "AESWrap", "02", "RSA-OAEP-SHA1", "RSA/ECB/OAEPWithSHA-256AndMGF1Padding", "22":
		return []Key{{Provider: "client"}}
	}
	return nil
}
