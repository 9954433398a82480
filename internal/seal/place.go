package seal

// The names under which the place of an object stands in the context of its message.
const (
	ContextBucket = "s3-bucket"
	ContextKey    = "s3-key"
)

// PlaceContext is the context that binds a message to a place in S3: it is stored when an object is sealed and demanded when it
// is opened, so that an object that was moved or swapped does not open as another. It tells nothing that the bucket does not.
func PlaceContext(bucket, key string) map[string]string {
	return map[string]string{ContextBucket: bucket, ContextKey: key}
}
