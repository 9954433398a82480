// Command generate makes the data that ships inside the binary out of a folder of collected tables: actions.tsv, resource_types.tsv,
// condition_keys.tsv, dependent_actions.tsv and aws_managed_policies.jsonl.gz, whose sources data/NOTICE names.
//
//	cd internal/iamdata && go run ./generate FOLDER 2026-08-22
package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/onus-cloud/onus/internal/iamdata"
)

func main() {
	folder := os.Args[1]
	date, err := time.Parse(time.DateOnly, os.Args[2])
	check(err)
	services := map[string]*iamdata.Service{}
	service := func(prefix string) *iamdata.Service {
		s, ok := services[prefix]
		if !ok {
			s = &iamdata.Service{Prefix: prefix, Resources: map[string]iamdata.Resource{}, Keys: map[string]string{}}
			services[prefix] = s
		}
		return s
	}
	for _, f := range table(folder, "resource_types.tsv") {
		service(f[0]).Resources[f[1]] = iamdata.Resource{Name: f[1], ARNs: list(f[2]), Keys: list(f[3])}
	}
	for _, f := range table(folder, "condition_keys.tsv") {
		service(f[0]).Keys[f[1]] = f[2]
	}
	dependent := map[string][]string{}
	for _, f := range table(folder, "dependent_actions.tsv") {
		dependent[strings.ToLower(f[0])] = append(dependent[strings.ToLower(f[0])], f[1])
	}
	actions := map[string][]iamdata.Action{}
	for _, f := range table(folder, "actions.tsv") {
		a := iamdata.Action{Name: f[1], Keys: list(f[4]), Dependent: dependent[strings.ToLower(f[0]+":"+f[1])]}
		a.Level, _, _ = strings.Cut(f[2], ",") // "Tagging, Write" is Tagging
		for _, r := range list(f[3]) {
			name, required := strings.CutPrefix(r, "*")
			a.Resources = append(a.Resources, iamdata.ActionResource{Name: name, Required: required})
		}
		service(f[0])
		actions[f[0]] = append(actions[f[0]], a)
	}
	var all []iamdata.Service
	for _, s := range services {
		all = append(all, *s)
	}
	c, err := iamdata.New(date, all, actions)
	check(err)
	var b bytes.Buffer
	check(c.Write(&b))
	check(os.WriteFile("data/catalogue.gz", b.Bytes(), 0o644))
	fmt.Println(len(c.Actions()), "actions")
	managed(folder)
}

func managed(folder string) {
	f, err := os.Open(filepath.Join(folder, "aws_managed_policies.jsonl.gz"))
	check(err)
	z, err := gzip.NewReader(f)
	check(err)
	var lines []string
	in := bufio.NewScanner(z)
	in.Buffer(nil, 4<<20)
	for in.Scan() {
		var p struct {
			Name, ARN, Version string
			Deprecated         bool
			Document           json.RawMessage
		}
		check(json.Unmarshal(in.Bytes(), &p))
		state := ""
		if p.Deprecated {
			state = "deprecated"
		}
		lines = append(lines, strings.Join([]string{p.Name, p.ARN, p.Version, state, string(p.Document)}, "\t"))
	}
	check(in.Err())
	slices.Sort(lines)
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	check(err)
	_, err = w.Write([]byte(strings.Join(lines, "\n")))
	check(err)
	check(w.Close())
	check(os.WriteFile("data/managed.gz", b.Bytes(), 0o644))
	fmt.Println(len(lines), "managed policies")
}

func table(folder, name string) (rows [][]string) {
	text, err := os.ReadFile(filepath.Join(folder, name))
	check(err)
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		if f := strings.Split(line, "\t"); i > 0 {
			rows = append(rows, append(f, make([]string, 8)...))
		}
	}
	return rows
}

func list(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
