package esdk_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log"
	"strings"

	"github.com/onus-cloud/onus/esdk"
)

func newKey() *esdk.RawAES {
	secret := make([]byte, 32)
	rand.Read(secret)
	key, err := esdk.NewRawAES("example", "backup-2026", secret)
	if err != nil {
		log.Fatal(err)
	}
	return key
}

func Example() {
	ctx := context.Background()
	keys := []esdk.WrappingKey{newKey()}
	where := map[string]string{"bucket": "backups", "key": "monday"}

	var message bytes.Buffer
	w, err := esdk.NewWriter(ctx, &message, esdk.WriteOptions{Keys: keys, Context: where})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := io.Copy(w, strings.NewReader("the books of Acme")); err != nil {
		log.Fatal(err)
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}

	r, err := esdk.NewReader(ctx, &message, esdk.ReadOptions{Keys: keys, Context: where})
	if err != nil {
		log.Fatal(err)
	}
	plaintext, err := io.ReadAll(r)
	if err != nil {
		log.Fatal(err) // what was read before is not the whole message
	}
	fmt.Printf("%s\n", plaintext)
	// Output: the books of Acme
}

func ExampleNewReaderAt() {
	ctx := context.Background()
	keys := []esdk.WrappingKey{newKey()}
	message, err := esdk.Seal(ctx, nil, []byte("the books of Acme"), esdk.WriteOptions{Keys: keys})
	if err != nil {
		log.Fatal(err)
	}
	r, err := esdk.NewReaderAt(ctx, bytes.NewReader(message), int64(len(message)), esdk.ReadOptions{Keys: keys})
	if err != nil {
		log.Fatal(err)
	}
	books, err := io.ReadAll(r.Range(4, 5))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s of %d bytes\n", books, r.Size())
	// Output: books of 17 bytes
}

func ExampleOpen() {
	ctx := context.Background()
	keys := []esdk.WrappingKey{newKey()}
	message, err := esdk.Seal(ctx, nil, []byte("the books of Acme"), esdk.WriteOptions{
		Keys:         keys,
		BoundContext: map[string]string{"key": "monday"}, // authenticated, and not in the message
	})
	if err != nil {
		log.Fatal(err)
	}
	_, err = esdk.Open(ctx, nil, message, esdk.ReadOptions{Keys: keys, Context: map[string]string{"key": "tuesday"}})
	fmt.Println(errors.Is(err, esdk.ErrOpen))
	// Output: true
}
