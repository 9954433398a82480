package main

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"fmt"
	"io"

	"filippo.io/age"
	"github.com/onus-cloud/onus/esdk"
)

const (
	streamBytes   = 64 << 20
	passes        = 8        // in one run, so that it is long enough to time
	officialBytes = 16 << 20 // for the official SDK, which works on whole buffers
	frame         = esdk.DefaultFrameLength
	longFrame     = 1 << 20
	shortFrame    = 4096 // what AWS's tools write unless told otherwise
)

const (
	limitSeal = "limit: GCM seal, one core"
	limitOpen = "limit: GCM open, one core"
	limitRead = "limit: GCM open io.Reader, one core" // what is only read has to be copied first, by whoever opens it
)

// streams returns the works on 64 MiB in memory.
func streams() ([]work, error) {
	plaintext := make([]byte, streamBytes)
	rand.Read(plaintext)
	works, err := limits(plaintext)
	if err != nil {
		return nil, err
	}
	secret := make([]byte, 32)
	rand.Read(secret)
	key, err := esdk.NewRawAES("benchmark", "one", secret)
	if err != nil {
		return nil, err
	}
	for _, length := range []int{frame, longFrame, shortFrame} {
		ours, err := formats(plaintext, key, length)
		if err != nil {
			return nil, err
		}
		works = append(works, ours...)
	}
	peer, err := ages(plaintext)
	if err != nil {
		return nil, err
	}
	works = append(works, peer...)
	for _, length := range []int{frame, shortFrame} {
		official, err := officials(plaintext[:officialBytes], secret, length)
		if err != nil {
			return nil, err
		}
		works = append(works, official...)
	}
	return works, nil
}

// limits is what AES-256-GCM of the standard library does a frame at a time, on one core: from memory, and from a source that is only read.
func limits(plaintext []byte) ([]work, error) {
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	iv, out := make([]byte, gcm.NonceSize()), make([]byte, 0, frame+gcm.Overhead())
	var sealed []byte
	for at := 0; at < len(plaintext); at += frame {
		sealed = gcm.Seal(sealed, iv, plaintext[at:at+frame], nil)
	}
	size := frame + gcm.Overhead()
	in := make([]byte, size)
	return []work{
		{name: limitSeal, bytes: passes * streamBytes, run: func() error {
			for range passes {
				for at := 0; at < len(plaintext); at += frame {
					gcm.Seal(out, iv, plaintext[at:at+frame], nil)
				}
			}
			return nil
		}},
		{name: limitOpen, bytes: passes * streamBytes, run: func() error {
			for range passes {
				for at := 0; at < len(sealed); at += size {
					if _, err := gcm.Open(out, iv, sealed[at:at+size], nil); err != nil {
						return err
					}
				}
			}
			return nil
		}},
		{name: limitRead, to: limitOpen, bytes: passes * streamBytes, run: again(func() error {
			src := struct{ io.Reader }{bytes.NewReader(sealed)}
			for {
				_, err := io.ReadFull(src, in)
				if err == io.EOF {
					return nil
				}
				if err == nil {
					_, err = gcm.Open(out, iv, in, nil)
				}
				if err != nil {
					return err
				}
			}
		})},
	}, nil
}

// formats is package esdk, in the caller's goroutine and on two cores. The source that is only an io.Reader has to be copied
// from, as a file or a connection has.
func formats(plaintext []byte, key esdk.WrappingKey, length int) ([]work, error) {
	ctx := context.Background()
	keys := []esdk.WrappingKey{key}
	message, err := esdk.Seal(ctx, nil, plaintext, esdk.WriteOptions{Keys: keys, FrameLength: length})
	if err != nil {
		return nil, err
	}
	seal := func(parallel int) func() error {
		return again(func() error {
			w, err := esdk.NewWriter(ctx, io.Discard, esdk.WriteOptions{Keys: keys, FrameLength: length, Parallel: parallel})
			if err != nil {
				return err
			}
			if _, err := w.Write(plaintext); err != nil {
				return err
			}
			return w.Close()
		})
	}
	open := func(parallel int, only bool) func() error {
		return again(func() error {
			var src io.Reader = bytes.NewReader(message)
			if only {
				src = struct{ io.Reader }{src}
			}
			r, err := esdk.NewReader(ctx, src, esdk.ReadOptions{Keys: keys, Parallel: parallel})
			if err != nil {
				return err
			}
			return drain(r)
		})
	}
	name := func(what string) string { return fmt.Sprintf("esdk %s, frames of %d KiB", what, length>>10) }
	one, oneOpen := name("seal, one"), name("open, one")
	if length == shortFrame {
		return []work{
			{name: one, to: limitSeal, bytes: passes * streamBytes, run: seal(1)},
			{name: oneOpen, to: limitOpen, bytes: passes * streamBytes, run: open(1, false)},
		}, nil
	}
	return []work{
		{name: one, to: limitSeal, bytes: passes * streamBytes, run: seal(1)},
		{name: oneOpen, to: limitOpen, bytes: passes * streamBytes, run: open(1, false)},
		{name: name("open io.Reader, one"), to: limitRead, bytes: passes * streamBytes, run: open(1, true)},
		{name: name("seal, two"), to: one, bytes: passes * streamBytes, run: seal(4)},
		{name: name("open, two"), to: oneOpen, bytes: passes * streamBytes, run: open(4, false)},
		{name: name("open io.Reader, two"), to: name("open io.Reader, one"), bytes: passes * streamBytes, run: open(4, true)},
	}, nil
}

// ages is age with one X25519 recipient.
func ages(plaintext []byte) ([]work, error) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, err
	}
	seal := func(dst io.Writer) error {
		w, err := age.Encrypt(dst, identity.Recipient())
		if err != nil {
			return err
		}
		if _, err := w.Write(plaintext); err != nil {
			return err
		}
		return w.Close()
	}
	var message bytes.Buffer
	if err := seal(&message); err != nil {
		return nil, err
	}
	return []work{
		{name: "age encrypt", to: limitSeal, bytes: passes * streamBytes, run: again(func() error { return seal(io.Discard) })},
		{name: "age decrypt", to: limitOpen, bytes: passes * streamBytes, run: again(func() error {
			r, err := age.Decrypt(bytes.NewReader(message.Bytes()), identity)
			if err != nil {
				return err
			}
			return drain(r)
		})},
	}, nil
}

func drain(r io.Reader) error {
	n, err := io.Copy(io.Discard, r)
	if err == nil && n != streamBytes {
		err = fmt.Errorf("%d bytes came out of %d", n, streamBytes)
	}
	return err
}

func again(run func() error) func() error {
	return func() error {
		for range passes {
			if err := run(); err != nil {
				return err
			}
		}
		return nil
	}
}
