package seal

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

const (
	tempPrefix = ".onus-"
	tempSuffix = ".part"
	tempAge    = time.Minute // a file that was just made is not locked yet
)

// A Folder takes files that appear under their names whole or not at all. No name leads out of it, by whatever links there are in it.
type Folder struct {
	root  *os.Root
	swept map[string]bool
}

// OpenFolder opens a folder, and makes it if it is not there.
func OpenFolder(dir string) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &Folder{root, map[string]bool{}}, nil
}

// Close closes the folder.
func (f *Folder) Close() error { return f.root.Close() }

// A File is being written, under a name that nobody looks for.
type File struct {
	*os.File
	folder     *Folder
	temp, name string // relative to the folder
	lock       *flock.Flock
	done       bool
}

// Create starts the file of a name with slashes, "a/b.txt". It is locked, so that what a run that was killed left is told from what
// another run works on; the former is removed.
func (f *Folder) Create(name string, mode fs.FileMode) (*File, error) {
	if !fs.ValidPath(name) || !filepath.IsLocal(filepath.FromSlash(name)) || name == "." {
		return nil, fmt.Errorf("%q is no name of a file in a folder: it is not written", name)
	}
	dir := path.Dir(name)
	if err := f.root.MkdirAll(filepath.FromSlash(dir), 0o777); err != nil {
		return nil, err
	}
	if info, err := f.root.Lstat(filepath.FromSlash(name)); err == nil && !info.Mode().IsRegular() && info.Mode()&fs.ModeSymlink == 0 {
		return nil, fmt.Errorf("%s is there and is no regular file: choose another place", filepath.Join(f.root.Name(), name))
	}
	f.sweep(dir)
	id := make([]byte, 8)
	rand.Read(id)
	temp := filepath.FromSlash(path.Join(dir, tempPrefix+hex.EncodeToString(id)+tempSuffix))
	file, err := f.root.OpenFile(temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return nil, err
	}
	out := &File{File: file, folder: f, temp: temp, name: filepath.FromSlash(name)}
	if canLock {
		out.lock = flock.New(filepath.Join(f.root.Name(), temp), flock.SetFlag(os.O_RDONLY))
		if _, err := out.lock.TryLock(); err != nil {
			out.lock = nil // a file system without locks: then others sweep what looks old
		}
	}
	return out, nil
}

// sweep removes what runs that were killed left in a folder, once.
func (f *Folder) sweep(dir string) {
	if f.swept[dir] || !canLock {
		return
	}
	f.swept[dir] = true
	entries, err := fs.ReadDir(f.root.FS(), dir)
	if err != nil {
		return
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || !IsTemp(entry.Name()) || !info.Mode().IsRegular() || time.Since(info.ModTime()) < tempAge {
			continue
		}
		name := filepath.FromSlash(path.Join(dir, entry.Name()))
		lock := flock.New(filepath.Join(f.root.Name(), name), flock.SetFlag(os.O_RDONLY))
		if locked, err := lock.TryLock(); err == nil && locked {
			f.root.Remove(name)
			lock.Unlock()
		}
	}
}

// Commit gives the file its name, once all of it is on the disk.
func (o *File) Commit() error {
	if o.done {
		return errors.New("the file is closed already")
	}
	err := o.Sync()
	if err != nil {
		o.Abort()
		return err
	}
	if !canLock { // an open file has no new name there
		o.Close()
	}
	if err := o.folder.root.Rename(o.temp, o.name); err != nil {
		o.Abort()
		return err
	}
	o.done = true
	o.free()
	return syncDir(filepath.Join(o.folder.root.Name(), filepath.Dir(o.name)))
}

// Abort leaves nothing behind. After Commit it does nothing.
func (o *File) Abort() {
	if o.done {
		return
	}
	o.done = true
	o.folder.root.Remove(o.temp)
	o.free()
	o.folder.root.Remove(o.temp) // where it could not be removed while it was open
}

func (o *File) free() {
	o.Close()
	if o.lock != nil {
		o.lock.Unlock()
	}
}
