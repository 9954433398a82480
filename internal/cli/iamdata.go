package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/onus-cloud/onus/internal/iamdata"
)

func newIAMData() *cobra.Command {
	c := &cobra.Command{
		Use:   "iam-data",
		Short: "say how old the list of AWS's actions is, or refresh it",
		Long: `Onus ships with every action of AWS, the resources it works on and its condition
keys. An action that is newer than this list is matched by its text, not lost; a
refreshed list also knows whether it can be held to resources.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			path, err := useNewestCatalogue()
			if err != nil {
				return err
			}
			from := "inside the binary"
			if path != "" {
				from = path
			}
			current := iamdata.Current()
			fmt.Fprintf(c.OutOrStdout(), "%d actions of %d services, %s (%s)\n%d managed policies, %s (inside the binary)\n", len(current.Actions()),
				len(current.Services()), current.Date.Format(time.DateOnly), from, len(iamdata.ManagedPolicies()), iamdata.ManagedDate)
			return nil
		},
	}
	c.AddCommand(&cobra.Command{
		Use:   "refresh [URL|DIR]",
		Short: "read the list from AWS's service reference, or from a folder of its files",
		Long: `Reads AWS's service reference, ` + iamdata.ReferenceURL + `,
or another copy of it, or a folder of its JSON files, and keeps the result in the
user's cache folder. Commands use it from then on, as long as it is the newer one.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			from := iamdata.ReferenceURL
			if len(args) == 1 {
				from = args[0]
			}
			return refreshIAMData(c.Context(), c.ErrOrStderr(), from)
		},
	})
	return c
}

// cataloguePath is where a refreshed catalogue is kept.
func cataloguePath() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no folder to keep the list of actions in: %w: set XDG_CACHE_HOME", err)
	}
	return filepath.Join(dir, "onus", "iam-data.gz"), nil
}

// useNewestCatalogue puts a refreshed catalogue in use if there is one and it is newer than the one inside the binary. It
// returns where it found that one.
func useNewestCatalogue() (string, error) {
	path, err := cataloguePath()
	if err != nil {
		return "", nil // nowhere to look
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("reading the refreshed list of actions: %w", err)
	}
	c, err := iamdata.Read(bytes.NewReader(text))
	if err != nil {
		return "", fmt.Errorf("reading the refreshed list of actions %s: %w: delete it or run `onus iam-data refresh`", path, err)
	}
	if !c.Date.After(iamdata.Current().Date) {
		return "", nil
	}
	iamdata.Replace(c)
	return path, nil
}

func refreshIAMData(ctx context.Context, talk io.Writer, from string) error {
	path, err := cataloguePath()
	if err != nil {
		return err
	}
	var files [][]byte
	if strings.HasPrefix(from, "https://") || strings.HasPrefix(from, "http://") {
		files, err = fetchReference(ctx, from)
	} else {
		files, err = readReference(from)
	}
	if err != nil {
		return err
	}
	c, err := iamdata.FromReference(files, time.Now().UTC(), iamdata.Current())
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := c.Write(&text); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	next := path + ".new" // never half a list under the name that is read
	if err := os.WriteFile(next, text.Bytes(), 0o644); err != nil {
		return err
	}
	if err := os.Rename(next, path); err != nil {
		return err
	}
	fmt.Fprintf(talk, "%d actions of %d services, %d services read; kept in %s\n", len(c.Actions()), len(c.Services()), len(files), path)
	return nil
}

// readReference reads the files of a folder; an index among them is passed over.
func readReference(dir string) ([][]byte, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	var files [][]byte
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if bytes.HasPrefix(bytes.TrimSpace(text), []byte("[")) {
			continue
		}
		files = append(files, text)
	}
	if len(files) == 0 {
		return nil, usage("%s holds no JSON files of the service reference", dir)
	}
	return files, nil
}

// fetchReference reads the index and every file that it names on the same host.
func fetchReference(ctx context.Context, from string) ([][]byte, error) {
	base, err := url.Parse(from)
	if err != nil {
		return nil, usage("%v", err)
	}
	client := &http.Client{Timeout: 30 * time.Second}
	text, err := fetch(ctx, client, from)
	if err != nil {
		return nil, err
	}
	index, err := iamdata.ReadIndex(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", from, err)
	}
	files, failed := make([][]byte, len(index)), make([]error, len(index))
	places := make(chan struct{}, 4)
	var all sync.WaitGroup
	for i, entry := range index {
		at, err := base.Parse(entry.URL)
		if err != nil || at.Host != base.Host {
			return nil, fmt.Errorf("%s: %s is at %q, which is not on the same host", from, entry.Service, entry.URL)
		}
		all.Go(func() {
			places <- struct{}{}
			files[i], failed[i] = fetch(ctx, client, at.String())
			<-places
		})
	}
	all.Wait()
	if err := errors.Join(failed...); err != nil {
		return nil, err
	}
	return files, nil
}

func fetch(ctx context.Context, client *http.Client, from string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return nil, err
	}
	answer, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("reading the service reference: %w: with a copy of its files, `onus iam-data refresh DIR` needs no network", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("reading the service reference: %s answers %s", from, answer.Status)
	}
	const most = 32 << 20
	text, err := io.ReadAll(io.LimitReader(answer.Body, most))
	if err != nil {
		return nil, fmt.Errorf("reading the service reference: %w", err)
	}
	return text, nil
}
