package main

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"filippo.io/age"
	"github.com/onus-cloud/onus/esdk"
)

const fileBytes = 512 << 20

// A process is a row of the second table: a command that turns file in into file out.
type process struct {
	name string
	to   string // the process that does the same with no format around it
	run  *exec.Cmd
	took []round
	peak int64 // bytes
}

// processes prints what whole processes take to seal and to open a file. openssl enc knows no authenticated mode, so it does less: its
// AES-256-CTR is the encryption alone.
func processes(dir string, rounds int) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp(dir, "sealing-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	in := filepath.Join(folder, "plain")
	if err := fill(in); err != nil {
		return err
	}
	var all []*process
	to := ""
	add := func(name, binary string, args ...string) {
		all = append(all, &process{name: name, to: to, run: exec.Command(binary, args...)})
	}
	at := func(name string) string { return filepath.Join(folder, name) }
	add("copy", self, "-child", "copy", in, at("copy"))
	add("GCM seal, one core", self, "-child", "gcm", in, at("gcm"))
	to = "GCM seal, one core"
	add("esdk seal, one", self, "-child", "seal1", in, at("esdk"))
	add("esdk seal, two", self, "-child", "seal4", in, at("esdk"))
	to = ""
	add("GCM open, one core", self, "-child", "gcmopen", at("gcm"), at("gcmopened"))
	to = "GCM open, one core"
	add("esdk open, one", self, "-child", "open1", at("esdk"), at("opened"))
	add("esdk open, two", self, "-child", "open4", at("esdk"), at("opened"))
	to = ""
	add("age encrypt", self, "-child", "age", in, at("age"))
	if binary, err := exec.LookPath("openssl"); err == nil {
		zero := strings.Repeat("00", 32)
		add("openssl enc -aes-256-ctr", binary, "enc", "-aes-256-ctr", "-K", zero, "-iv", zero[:32], "-in", in, "-out", at("openssl"))
	} else {
		fmt.Println("\nopenssl is not there, and is left out")
	}
	for n := range rounds + 1 {
		for _, p := range all {
			if err := p.once(n > 0); err != nil {
				return err
			}
		}
	}
	if same, err := sameFiles(in, at("opened")); err != nil || !same {
		return errors.Join(errors.New("what was opened is not what was sealed"), err)
	}
	fmt.Printf("\nprocesses, a file of %d MiB to a file in %s\n\n%-28s %9s %9s %9s  %s\n", fileBytes>>20, dir, "", "clock s", "CPU s", "peak MB", "ratio of speeds (of CPU) to")
	for _, p := range all {
		wall := median(p.took, func(i int) float64 { return p.took[i].wall.Seconds() })
		cpu := median(p.took, func(i int) float64 { return p.took[i].cpu.Seconds() })
		fmt.Printf("%-28s %9.2f %9.2f %9.0f", p.name, wall, cpu, float64(p.peak)/1e6)
		if at := slices.IndexFunc(all, func(o *process) bool { return o.name == p.to }); at >= 0 {
			other := all[at].took
			clock := median(p.took, func(i int) float64 { return float64(other[i].wall) / float64(p.took[i].wall) })
			spent := median(p.took, func(i int) float64 { return float64(other[i].cpu) / float64(p.took[i].cpu) })
			fmt.Printf("  %.2f (%.2f) %s", clock, spent, p.to)
		}
		fmt.Println()
	}
	return nil
}

// fill writes random bytes.
func fill(name string) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	_, err = io.CopyN(f, rand.Reader, fileBytes)
	return errors.Join(err, f.Close())
}

func sameFiles(a, b string) (bool, error) {
	var sums [2][sha256.Size]byte
	for i, name := range []string{a, b} {
		f, err := os.Open(name)
		if err != nil {
			return false, err
		}
		h := sha256.New()
		_, err = io.Copy(h, f)
		f.Close()
		if err != nil {
			return false, err
		}
		h.Sum(sums[i][:0])
	}
	return sums[0] == sums[1], nil
}

func (p *process) once(counts bool) error {
	command := exec.Command(p.run.Path, p.run.Args[1:]...)
	start := time.Now()
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", p.name, err, out)
	}
	wall := time.Since(start)
	if !counts {
		return nil
	}
	state := command.ProcessState
	p.took = append(p.took, round{wall, state.UserTime() + state.SystemTime()})
	p.peak = max(p.peak, state.SysUsage().(*syscall.Rusage).Maxrss<<10) // Linux counts it in KiB
	return nil
}

// runChild is what a started process does: the table of processes, or one of its rows, from one file to another.
func runChild(what string, files []string) error {
	if len(files) != 2 {
		return errors.New("name two files")
	}
	if what == "table" {
		rounds, err := strconv.Atoi(files[1])
		if err != nil {
			return err
		}
		return processes(files[0], rounds)
	}
	src, err := os.Open(files[0])
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.Create(files[1])
	if err != nil {
		return err
	}
	return errors.Join(turn(what, dst, src), dst.Close())
}

func turn(what string, dst io.Writer, src io.Reader) error {
	ctx := context.Background()
	key, err := esdk.NewRawAES("benchmark", "one", make([]byte, 32))
	if err != nil {
		return err
	}
	keys := []esdk.WrappingKey{key}
	parallel := map[string]int{"seal1": 1, "seal4": 4, "open1": 1, "open4": 4}[what]
	switch what {
	case "copy":
		_, err := io.CopyBuffer(struct{ io.Writer }{dst}, struct{ io.Reader }{src}, make([]byte, frame))
		return err
	case "gcm", "gcmopen":
		return rawGCM(dst, src, what == "gcm")
	case "seal1", "seal4":
		w, err := esdk.NewWriter(ctx, dst, esdk.WriteOptions{Keys: keys, Parallel: parallel})
		if err != nil {
			return err
		}
		if _, err := io.Copy(w, src); err != nil {
			return err
		}
		return w.Close()
	case "open1", "open4":
		r, err := esdk.NewReader(ctx, src, esdk.ReadOptions{Keys: keys, Parallel: parallel})
		if err != nil {
			return err
		}
		_, err = io.Copy(dst, r)
		return err
	case "age":
		identity, err := age.GenerateX25519Identity()
		if err != nil {
			return err
		}
		w, err := age.Encrypt(dst, identity.Recipient())
		if err != nil {
			return err
		}
		if _, err := io.Copy(w, src); err != nil {
			return err
		}
		return w.Close()
	default:
		return fmt.Errorf("%q is none of copy, gcm, gcmopen, seal1, seal4, open1, open4 and age", what)
	}
}

// rawGCM seals or opens a frame at a time with no format around it.
func rawGCM(dst io.Writer, src io.Reader, seals bool) error {
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		return err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return err
	}
	iv, in, out := make([]byte, gcm.NonceSize()), make([]byte, frame), make([]byte, 0, frame+gcm.Overhead())
	if !seals {
		in = make([]byte, frame+gcm.Overhead())
	}
	for {
		n, err := io.ReadFull(src, in)
		if err == io.EOF {
			return nil
		}
		if err != nil && err != io.ErrUnexpectedEOF {
			return err
		}
		done := out
		if seals {
			done = gcm.Seal(out, iv, in[:n], nil)
		} else if done, err = gcm.Open(out, iv, in[:n], nil); err != nil {
			return err
		}
		if _, err := dst.Write(done); err != nil {
			return err
		}
	}
}
