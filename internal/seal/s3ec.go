package seal

// inspectS3EC recognizes the metadata of objects of the Amazon S3 Encryption Client.
func inspectS3EC(metadata map[string]string) (algorithm string, commits, ok bool) {
	if algorithm, ok := metadata["x-amz-c"]; ok {
		return algorithm, algorithm == "115", true
	}
	if _, ok := metadata["x-amz-key-v2"]; ok {
		return metadata["x-amz-cek-alg"], false, true
	}
	if _, ok := metadata["x-amz-key"]; ok {
		return "AES/CBC/PKCS5Padding", false, true
	}
	return "", false, false
}
