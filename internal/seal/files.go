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
	"sync"

	"github.com/gofrs/flock"
)

const (
	tempPrefix = ".onus-"
	tempSuffix = ".part"
)

// A Folder takes files that appear under their names whole or not at all. No name leads out of it, by whatever links there are in it. It is safe
// for use by several goroutines.
type Folder struct {
	root *os.Root

	mu    sync.Mutex
	swept map[string]bool
	kept  func(path string) bool // what a run that was killed left and another may go on with
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
	return &Folder{root: root, swept: map[string]bool{}}, nil
}

// Close closes the folder.
func (f *Folder) Close() error { return f.root.Close() }

// A File is being written, under a name that nobody looks for.
type File struct {
	*os.File
	folder     *Folder
	temp, name string      // relative to the folder
	mode       fs.FileMode // that it has once it has its name; 0: as it was made
	lock       *flock.Flock
	done       bool
}

// Create starts the file of a name with slashes, "a/b.txt". It is locked, so that what a run that was killed left is told from what
// another run works on; the former is removed.
func (f *Folder) Create(name string, mode fs.FileMode) (*File, error) {
	dir, err := f.prepare(name)
	if err != nil {
		return nil, err
	}
	f.sweep(dir)
	for {
		id := make([]byte, 8)
		rand.Read(id)
		temp := filepath.FromSlash(path.Join(dir, tempPrefix+hex.EncodeToString(id)+tempSuffix))
		file, err := f.root.OpenFile(temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
		if err != nil {
			return nil, err
		}
		out := &File{File: file, folder: f, temp: temp, name: filepath.FromSlash(name)}
		if !canLock {
			return out, nil
		}
		out.lock = flock.New(filepath.Join(f.root.Name(), temp), flock.SetFlag(os.O_RDONLY))
		switch locked, err := out.lock.TryLock(); {
		case err == nil && locked:
			return out, nil
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			out.lock = nil // a file system without locks, where nobody sweeps
			return out, nil
		}
		out.Abort() // another run swept it before it was locked
	}
}

// CreatePrivate is Create for plaintext: nobody else reads it before it is whole, and only then it has its mode.
func (f *Folder) CreatePrivate(name string, mode fs.FileMode) (*File, error) {
	o, err := f.Create(name, 0o600)
	if err == nil {
		o.mode = mode
	}
	return o, err
}

// resume opens what a run that was killed left of a file, by the path that it noted.
func (f *Folder) resume(name, noted string, mode fs.FileMode) (*File, error) {
	dir, err := f.prepare(name)
	if err != nil {
		return nil, err
	}
	temp := filepath.FromSlash(path.Join(dir, filepath.Base(noted)))
	if !IsTemp(filepath.Base(noted)) {
		return nil, fmt.Errorf("%q is no file in work", noted)
	}
	o := &File{folder: f, temp: temp, name: filepath.FromSlash(name), mode: mode}
	o.lock = flock.New(filepath.Join(f.root.Name(), temp), flock.SetFlag(os.O_RDONLY))
	if info, err := f.root.Lstat(temp); err != nil {
		return nil, err
	} else if err := checkPrivate(noted, info, 0o077); err != nil || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%q is not private: %w", noted, errors.Join(err, fs.ErrPermission))
	}
	if locked, err := o.lock.TryLock(); err != nil || !locked {
		return nil, fmt.Errorf("%s is in use", noted)
	}
	if o.File, err = f.root.OpenFile(temp, os.O_RDWR, 0); err != nil {
		o.lock.Unlock()
		return nil, err
	}
	return o, nil
}

// path is where the file of a name is to be.
func (f *Folder) path(name string) string {
	return filepath.Join(f.root.Name(), filepath.FromSlash(name))
}

// prepare makes the folder that the file of a name lies in.
func (f *Folder) prepare(name string) (dir string, err error) {
	if !fs.ValidPath(name) || !filepath.IsLocal(filepath.FromSlash(name)) || name == "." {
		return "", fmt.Errorf("%q is no name of a file in a folder: it is not written", name)
	}
	dir = path.Dir(name)
	if err := f.root.MkdirAll(filepath.FromSlash(dir), 0o777); err != nil {
		return "", err
	}
	if info, err := f.root.Lstat(filepath.FromSlash(name)); err == nil && !info.Mode().IsRegular() && info.Mode()&fs.ModeSymlink == 0 {
		return "", fmt.Errorf("%s is there and is no regular file: choose another place", f.path(name))
	}
	return dir, nil
}

// sweep removes what runs that were killed left in a folder, once.
func (f *Folder) sweep(dir string) {
	f.mu.Lock()
	defer f.mu.Unlock()
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
		if err != nil || !IsTemp(entry.Name()) || !info.Mode().IsRegular() {
			continue
		}
		name := filepath.FromSlash(path.Join(dir, entry.Name()))
		if f.kept != nil && f.kept(f.path(name)) {
			continue
		}
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
	if o.mode != 0 {
		if err := o.Chmod(o.mode); err != nil {
			o.Abort()
			return err
		}
	}
	if err := o.Sync(); err != nil {
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
