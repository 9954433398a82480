package iamdata

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"sync"
)

//go:embed data/managed.gz
var embeddedManaged []byte

// ManagedDate is the day of the newest of AWS's managed policies inside the binary.
const ManagedDate = "2026-08-21"

// ManagedPolicy is a policy that AWS keeps for everybody.
type ManagedPolicy struct {
	Name       string
	ARN        string // empty where it was never public, or is no more
	Version    string
	Deprecated bool
	Document   json.RawMessage
}

var managed = sync.OnceValue(func() []ManagedPolicy {
	z, err := gzip.NewReader(bytes.NewReader(embeddedManaged))
	if err != nil {
		panic("the managed policies inside the binary: " + err.Error()) // a test reads them
	}
	text, err := io.ReadAll(z)
	if err != nil {
		panic("the managed policies inside the binary: " + err.Error())
	}
	var all []ManagedPolicy
	for line := range bytes.Lines(text) {
		fields := bytes.SplitN(bytes.TrimSuffix(line, []byte("\n")), []byte("\t"), 5)
		all = append(all, ManagedPolicy{Name: string(fields[0]), ARN: string(fields[1]), Version: string(fields[2]),
			Deprecated: string(fields[3]) == "deprecated", Document: fields[4]})
	}
	all = append(all, absent...)
	slices.SortFunc(all, func(a, b ManagedPolicy) int { return strings.Compare(a.Name, b.Name) })
	return all
})

// absent are the two policies that the collected data lacks, as AWS's reference prints them (the second as of February 2026).
// https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AdministratorAccess.html
// https://docs.aws.amazon.com/aws-managed-policy/latest/reference/PowerUserAccess.html
var absent = []ManagedPolicy{
	{Name: "AdministratorAccess", ARN: "arn:aws:iam::aws:policy/AdministratorAccess", Version: "v1",
		Document: json.RawMessage(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`)},
	{Name: "PowerUserAccess", ARN: "arn:aws:iam::aws:policy/PowerUserAccess", Version: "v12",
		Document: json.RawMessage(`{"Version":"2012-10-17","Statement":[` +
			`{"Effect":"Allow","NotAction":["iam:*","organizations:*","account:*"],"Resource":"*"},` +
			`{"Effect":"Allow","Action":["account:GetAccountInformation","account:GetGovCloudAccountInformation","account:GetPrimaryEmail",` +
			`"account:ListRegions","iam:CreateServiceLinkedRole","iam:DeleteServiceLinkedRole","iam:ListRoles",` +
			`"organizations:DescribeEffectivePolicy","organizations:DescribeOrganization"],"Resource":"*"}]}`)},
}

var managedByName = sync.OnceValue(func() map[string]int {
	m := map[string]int{}
	for i, p := range managed() {
		m[p.Name] = i
		if p.ARN != "" {
			m[tail(p.ARN)] = i
		}
	}
	return m
})

// tail is what is left of a managed policy's ARN without its partition: AWS's policies are the same in all of them.
func tail(arn string) string {
	rest, _ := strings.CutPrefix(arn, "arn:")
	_, rest, _ = strings.Cut(rest, ":")
	return rest
}

// ManagedPolicies are all, ordered by name. The caller must not change them.
func ManagedPolicies() []ManagedPolicy { return managed() }

// Managed finds a managed policy by its ARN, or by its name.
func Managed(arnOrName string) (ManagedPolicy, bool) {
	key := arnOrName
	if strings.HasPrefix(key, "arn:") {
		key = tail(key)
	}
	i, ok := managedByName()[key]
	if !ok && strings.HasPrefix(key, "iam::aws:policy/") {
		i, ok = managedByName()[key[strings.LastIndexByte(key, '/')+1:]]
	}
	if !ok {
		return ManagedPolicy{}, false
	}
	return managed()[i], true
}
