package seal

import (
	"bytes"
	"strings"
	"testing"
)

func TestAnyThresholdOfSharesRestores(t *testing.T) {
	t.Parallel()
	one, two := newTestKey(t, "backup", AES), newTestKey(t, "backup", RSA)
	two.Version = 2
	if err := one.Protect("correct horse"); err != nil {
		t.Fatal(err)
	}
	const of, threshold = 5, 3
	made, err := Split(t.Context(), []*Key{two, one}, of, threshold)
	if err != nil {
		t.Fatal(err)
	}
	var shares []*Share
	for _, s := range made {
		var text bytes.Buffer
		if err := s.Write(&text); err != nil {
			t.Fatal(err)
		}
		read, err := ReadShare(&text)
		if err != nil {
			t.Fatal(err)
		}
		shares = append(shares, read)
	}
	for chosen := range 1 << of {
		var some []*Share
		for i, s := range shares {
			if chosen>>i&1 == 1 {
				some = append(some, s)
			}
		}
		keys, err := Join(t.Context(), some)
		if len(some) < threshold {
			if err == nil {
				t.Errorf("%d shares are enough", len(some))
			}
			continue
		}
		if err != nil || len(keys) != 2 || keys[0].Fingerprint() != two.Fingerprint() || keys[1].Fingerprint() != one.Fingerprint() {
			t.Fatalf("shares %b: %d keys, %v", chosen, len(keys), err)
		}
		if !keys[1].CanOpen() || keys[1].Protected() {
			t.Error("the passphrase went into the shares")
		}
	}
	if _, err := Join(t.Context(), []*Share{shares[0], shares[0], shares[0]}); err == nil || !strings.Contains(err.Error(), "3 different shares") {
		t.Errorf("one share three times: %v", err)
	}
	altered := *shares[1]
	altered.Value = made[2].Value
	if _, err := Join(t.Context(), []*Share{shares[0], &altered, shares[3]}); err == nil || !strings.Contains(err.Error(), "altered") {
		t.Errorf("an altered share: %v", err)
	}
	other, err := Split(t.Context(), []*Key{one}, of, threshold)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Join(t.Context(), []*Share{shares[0], shares[1], other[2]}); err == nil || !strings.Contains(err.Error(), "different splits") {
		t.Errorf("shares of two splits: %v", err)
	}
	var text bytes.Buffer
	if err := shares[0].Write(&text); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadShare(strings.NewReader(strings.Replace(text.String(), `"number": 1`, `"number": 2`, 1))); err == nil {
		t.Error("an altered file is read")
	}
}

func TestSplitsThatAreNone(t *testing.T) {
	t.Parallel()
	k := newTestKey(t, "backup", AES)
	for _, n := range [][2]int{{5, 1}, {2, 3}, {101, 3}, {0, 0}} {
		if _, err := Split(t.Context(), []*Key{k}, n[0], n[1]); err == nil {
			t.Errorf("%d of %d is taken", n[1], n[0])
		}
	}
}
