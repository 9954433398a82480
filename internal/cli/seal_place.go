package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/onus-cloud/onus/internal/objects"
	"github.com/onus-cloud/onus/internal/report"
	"github.com/onus-cloud/onus/internal/seal"
)

// An end is where something is read or written: "-", a file or folder, or an object or prefix of S3.
type end struct {
	text   string
	stdio  bool
	remote bool
	at     objects.Location
}

func parseEnd(text string) (end, error) {
	switch {
	case text == "-":
		return end{text: text, stdio: true}, nil
	case text == "":
		return end{}, usage("an empty name is no place: write a path, s3://bucket/key or -")
	case strings.HasPrefix(text, "s3://"):
		at, err := objects.ParseLocation(text)
		if err != nil {
			return end{}, usage("%v", err)
		}
		return end{text: text, remote: true, at: at}, nil
	case strings.HasPrefix(strings.ToLower(text), "s3:"):
		return end{}, usage("%q is no place in S3: write s3://bucket/key", text)
	}
	return end{text: text}, nil
}

// folderLike says whether the end is written as a folder or prefix.
func (e end) folderLike() bool {
	if e.remote {
		return e.at.Key == "" || strings.HasSuffix(e.at.Key, "/")
	}
	return !e.stdio && strings.HasSuffix(filepath.ToSlash(e.text), "/")
}

// An item is one thing to read.
type item struct {
	name   string // with slashes, below the end that was named
	path   string // of a file
	object objects.Object
	remote bool
	stdio  bool
	size   int64 // -1: not known
}

func (i item) String() string {
	switch {
	case i.stdio:
		return "stdin"
	case i.remote:
		return i.object.String()
	}
	return i.path
}

// again is a name under which a later run finds the very same item, "" if nothing is: a stream is read once. What is there then is proved by
// digests, so that a name that lies costs time and nothing else.
func (i item) again() (string, error) {
	switch {
	case i.stdio:
		return "", nil
	case i.remote:
		return i.state(), nil
	}
	return filepath.Abs(i.path)
}

// state names an object with what changes when it does.
func (i item) state() string {
	return fmt.Sprintf("%s?etag=%s&version=%s", i.object, i.object.ETag, i.object.Version)
}

// items lists what an end means. many says whether it is a folder or prefix.
func (v *vault) items(ctx context.Context, from end) (all iter.Seq2[item, error], many bool, err error) {
	one := func(i item) iter.Seq2[item, error] { return func(yield func(item, error) bool) { yield(i, nil) } }
	if from.stdio {
		return one(item{name: "stdin", stdio: true, size: -1}), false, nil
	}
	if !from.remote {
		info, err := os.Stat(from.text)
		if err != nil {
			return nil, false, err
		}
		if info.IsDir() {
			dir := from.text
			if named, err := os.Lstat(dir); err == nil && named.Mode()&fs.ModeSymlink != 0 {
				dir += string(filepath.Separator) // a link that is named is followed; those below it are not
			}
			return walk(dir), true, nil
		}
		size := info.Size()
		if !info.Mode().IsRegular() {
			size = -1
		}
		return one(item{name: filepath.Base(from.text), path: from.text, size: size}), false, nil
	}
	client, err := v.objects(ctx)
	if err != nil {
		return nil, false, err
	}
	if !from.folderLike() {
		o, err := client.Stat(ctx, from.at)
		if errors.Is(err, fs.ErrNotExist) {
			below := from.at
			below.Key += "/"
			for _, err := range client.List(ctx, below) {
				if err == nil {
					return nil, false, usage("there is no object %s, but there are some below it: write %s/ for all of them", from.text, from.text)
				}
				if errors.Is(err, objects.ErrNoBucket) {
					return nil, false, err
				}
				break
			}
			return nil, false, fmt.Errorf("there is no object %s", from.text)
		}
		if err != nil {
			return nil, false, err
		}
		return one(item{name: path.Base(from.at.Key), object: o, remote: true, size: o.Size}), false, nil
	}
	return func(yield func(item, error) bool) {
		for o, err := range client.List(ctx, from.at) {
			if err == nil && strings.HasSuffix(o.Key, "/") && o.Size == 0 {
				continue // what consoles make to show an empty folder
			}
			if !yield(item{name: strings.TrimPrefix(o.Key, from.at.Key), object: o, remote: true, size: o.Size}, err) {
				return
			}
		}
	}, true, nil
}

// walk lists the regular files below a folder. What is neither that nor a folder, and a folder that cannot be read, is an error beside the others: it
// would be missed.
func walk(dir string) iter.Seq2[item, error] {
	return func(yield func(item, error) bool) {
		stop := errors.New("stop")
		err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			if err != nil && entry != nil { // the others go on
				if !yield(item{}, err) {
					return stop
				}
				return nil
			}
			if err != nil {
				return err
			}
			if entry.IsDir() {
				return nil
			}
			name, err := filepath.Rel(dir, path)
			if err != nil {
				return err
			}
			i := item{name: filepath.ToSlash(name), path: path}
			if seal.IsTemp(entry.Name()) {
				return nil
			}
			if !entry.Type().IsRegular() {
				if !yield(i, fmt.Errorf("%s is no regular file: it is left out", report.Plain(path, false))) {
					return stop
				}
				return nil
			}
			info, err := entry.Info()
			if errors.Is(err, fs.ErrNotExist) {
				return nil // it was removed meanwhile
			}
			if err != nil {
				return err
			}
			i.size = info.Size()
			if !yield(i, nil) {
				return stop
			}
			return nil
		})
		if err != nil && err != stop {
			yield(item{}, err)
		}
	}
}

// below is the end for an item: the end itself for the only item, unless it is written as a folder.
func (e end) below(name string, many bool) end {
	if e.stdio {
		return e
	}
	if e.remote {
		if many || e.folderLike() {
			if e.at.Key != "" && !strings.HasSuffix(e.at.Key, "/") {
				e.at.Key += "/"
			}
			e.at.Key += name
		}
		e.text = e.at.String()
		return e
	}
	if info, err := os.Stat(e.text); many || e.folderLike() || err == nil && info.IsDir() {
		e.text = filepath.Join(e.text, filepath.FromSlash(name))
	}
	return e
}

// contains says whether a file or folder is, or lies in, a folder.
func contains(dir, inner string) bool {
	a, errA := filepath.Abs(dir)
	b, errB := filepath.Abs(inner)
	if errA != nil || errB != nil {
		return false
	}
	if resolved, err := filepath.EvalSymlinks(a); err == nil {
		a = resolved
	}
	for rest, tail := b, ""; ; rest, tail = filepath.Dir(rest), filepath.Join(filepath.Base(rest), tail) {
		if resolved, err := filepath.EvalSymlinks(rest); err == nil {
			b = filepath.Join(resolved, tail)
			break
		}
		if rest == filepath.Dir(rest) {
			break
		}
	}
	rel, err := filepath.Rel(a, b)
	return err == nil && (rel == "." || filepath.IsLocal(rel))
}

// same says whether two ends are one place.
func same(a, b end) bool {
	switch {
	case a.stdio || b.stdio || a.remote != b.remote:
		return false
	case a.remote:
		return a.at == b.at
	}
	infoA, errA := os.Stat(a.text)
	infoB, errB := os.Stat(b.text)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}
