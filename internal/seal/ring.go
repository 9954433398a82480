package seal

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
)

// A Ring is a folder of keys: one file for each version, NAME.VERSION.key, which nobody but its owner may read. A file is made
// once and never changed, so that no two runs can lose a key to each other.
type Ring struct{ dir string }

// NewRing is the ring in a folder, which need not exist yet.
func NewRing(dir string) Ring { return Ring{dir} }

// DefaultDir is the folder of keys unless another is named: onus/keys in the user's configuration.
func DefaultDir() (string, error) {
	if dir := os.Getenv("ONUS_KEYS"); dir != "" {
		return dir, nil
	}
	config, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("where to keep keys is not known (%w): name a folder with --keys or ONUS_KEYS", err)
	}
	return filepath.Join(config, "onus", "keys"), nil
}

// Dir is the ring's folder.
func (r Ring) Dir() string { return r.dir }

// ErrNoKey is the error for a key that is not in the ring.
var ErrNoKey = errors.New("there is no such key")

var keyFileName = regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9_-]{0,63})\.([1-9][0-9]{0,5})\.key$`)

// Keys are all keys of the ring by name, and of one name from the newest to the oldest. A file that cannot be taken is an error
// beside the keys that can.
func (r Ring) Keys() ([]*Key, error) {
	if err := r.checkDir(); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return nil, err
	}
	entries, err := os.ReadDir(r.dir)
	if err != nil {
		return nil, err
	}
	var keys []*Key
	var problems []error
	for _, entry := range entries {
		if m := keyFileName.FindStringSubmatch(entry.Name()); m != nil {
			version, _ := strconv.Atoi(m[2])
			k, err := r.read(m[1], version)
			if err != nil {
				problems = append(problems, err)
				continue
			}
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b *Key) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(b.Version, a.Version))
	})
	return keys, errors.Join(problems...)
}

// Versions are the keys of one name from the newest to the oldest. All of them must be readable: a version that is left out silently
// would make what it sealed look damaged.
func (r Ring) Versions(name string) ([]*Key, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	none := fmt.Errorf("%w: %s in %s (onus key list shows those there are, onus key new %s makes it)", ErrNoKey, name, r.dir, name)
	if err := r.checkDir(); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, none
		}
		return nil, err
	}
	entries, err := os.ReadDir(r.dir)
	if err != nil {
		return nil, err
	}
	var keys []*Key
	for _, entry := range entries {
		if m := keyFileName.FindStringSubmatch(entry.Name()); m != nil && m[1] == name {
			version, _ := strconv.Atoi(m[2])
			k, err := r.read(name, version)
			if err != nil {
				return nil, err
			}
			keys = append(keys, k)
		}
	}
	if len(keys) == 0 {
		return nil, none
	}
	slices.SortFunc(keys, func(a, b *Key) int { return cmp.Compare(b.Version, a.Version) })
	return keys, nil
}

// Add writes a new key. It never overwrites one.
func (r Ring) Add(k *Key) (path string, err error) {
	if err := os.MkdirAll(r.dir, 0o700); err != nil {
		return "", err
	}
	if err := r.checkDir(); err != nil {
		return "", err
	}
	text, err := k.Encode()
	if err != nil {
		return "", err
	}
	path = r.path(k.Name, k.Version)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("key %s exists already in %s", k.Label(), r.dir)
	}
	if err != nil {
		return "", err
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		os.Remove(path)
		return "", err
	}
	return path, syncDir(r.dir)
}

func (r Ring) path(name string, version int) string {
	return filepath.Join(r.dir, fmt.Sprintf("%s.%d.key", name, version))
}

func (r Ring) read(name string, version int) (*Key, error) {
	path := r.path(name, version)
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if err := checkPrivate(path, info, 0o077); err != nil {
		return nil, err
	}
	if info.Size() > maxKeyFile {
		return nil, fmt.Errorf("%s is too long for a key file", path)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	keys, err := ReadKeys(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(keys) != 1 || keys[0].Name != name || keys[0].Version != version {
		return nil, fmt.Errorf("%s does not hold the key of its name: it was renamed or altered", path)
	}
	return keys[0], nil
}

// checkDir refuses a folder that others may write to: they could put a key there that they know.
func (r Ring) checkDir() error {
	info, err := os.Stat(r.dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is no folder: name a folder for keys with --keys or ONUS_KEYS", r.dir)
	}
	return checkPrivate(r.dir, info, 0o022)
}

// checkPrivate refuses what others may read or write, as ssh does with its keys.
func checkPrivate(path string, info fs.FileInfo, forbidden fs.FileMode) error {
	if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode&forbidden != 0 {
		want := "600"
		if info.IsDir() {
			want = "700"
		}
		return fmt.Errorf("%s has mode %04o, open to others than its owner: chmod %s %s, and replace the key if others may have read it", path, mode, want, path)
	}
	return nil
}

// syncDir makes names in a folder last.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // folders cannot be opened there
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
