package main

import (
	"context"
	"crypto/rand"
	"runtime"
	"sync"

	"github.com/onus-cloud/onus/esdk"
)

// smallObjects returns the works on objects of 4 KiB, each with a data key of its own under one wrapping key, on all processors.
func smallObjects() ([]work, error) {
	const each = 5000
	plaintext, secret := make([]byte, 4096), make([]byte, 32)
	rand.Read(plaintext)
	rand.Read(secret)
	key, err := esdk.NewRawAES("benchmark", "one", secret)
	if err != nil {
		return nil, err
	}
	keys := []esdk.WrappingKey{key}
	where := map[string]string{"bucket": "b", "key": "k"}
	ctx := context.Background()
	message, err := esdk.Seal(ctx, nil, plaintext, esdk.WriteOptions{Keys: keys, Context: where})
	if err != nil {
		return nil, err
	}
	onAll := func(do func(buffer []byte) ([]byte, error)) (int, func() error) {
		workers := runtime.GOMAXPROCS(0)
		return workers * each, func() error {
			var wait sync.WaitGroup
			failed := make([]error, workers)
			for n := range workers {
				wait.Go(func() {
					var buffer []byte
					for range each {
						if buffer, failed[n] = do(buffer[:0]); failed[n] != nil {
							return
						}
					}
				})
			}
			wait.Wait()
			for _, err := range failed {
				if err != nil {
					return err
				}
			}
			return nil
		}
	}
	seal := work{name: "esdk seal objects of 4 KiB, two"}
	seal.items, seal.run = onAll(func(buffer []byte) ([]byte, error) {
		return esdk.Seal(ctx, buffer, plaintext, esdk.WriteOptions{Keys: keys, Context: where})
	})
	open := work{name: "esdk open objects of 4 KiB, two"}
	open.items, open.run = onAll(func(buffer []byte) ([]byte, error) {
		return esdk.Open(ctx, buffer, message, esdk.ReadOptions{Keys: keys, Context: where})
	})
	return []work{seal, open}, nil
}
