package responses

import (
	"bytes"
	"path"
	"regexp"
	"strings"

	"github.com/onus-cloud/onus/internal/operation"
)

// place settles each file's account and Region. Who asked, sts get-caller-identity knows for all that lies beside it and below; the
// content may name others, whose images are used and whose subnets are shared.
func place(files []*cliFile, asked []string) {
	identities := map[string]string{} // by folder; "" where two differ
	for _, f := range files {
		if f.op.ID != "sts:GetCallerIdentity" {
			continue
		}
		f.account = agreed(f.body, ownerPattern, 1)
		if old, seen := identities[path.Dir(f.name)]; seen && old != f.account {
			f.account = ""
		}
		identities[path.Dir(f.name)] = f.account
	}
	accounts, regions := map[string]bool{}, map[string]bool{}
	for _, f := range files {
		if named := inName(accountPattern, f.name); named != "" {
			f.account = named
		}
		f.region = inName(regionPattern, f.name)
		for folder := path.Dir(f.name); f.account == ""; folder = path.Dir(folder) {
			f.account = identities[folder]
			if folder == "." || folder == "/" {
				break
			}
		}
		if f.account == "" && f.op.ID == "iam:GetAccountAuthorizationDetails" { // its policies name other accounts
			f.account = agreed(f.body, principalPattern, 1)
		}
		if f.account == "" {
			f.account = agreed(f.body, arnPattern, 2)
		}
		if f.account == "" && f.op.ID != "ec2:DescribeImages" { // others' images
			f.account = agreed(f.body, ownerPattern, 1)
		}
		if f.region == "" && f.op.Scope != operation.PerAccount && f.op.Scope != operation.PerOrganization {
			if f.region = agreed(f.body, zonePattern, 1); f.region == "" {
				f.region = agreed(f.body, arnPattern, 1)
			}
		}
		if f.account != "" {
			accounts[f.account] = true
		}
		if f.region != "" {
			regions[f.region] = true
		}
	}
	identity := map[string]bool{}
	for _, account := range identities {
		identity[account] = true
	}
	for _, f := range files {
		if f.account == "" && len(identity) == 1 {
			f.account = only(identity)
		}
		if f.account == "" && len(accounts) == 1 {
			f.account = only(accounts)
		}
		switch {
		case f.op.Scope == operation.PerAccount, f.op.Scope == operation.PerOrganization:
			f.region = "global"
		case f.op.Scope == operation.PerRegionGlobal && (strings.Contains(strings.ToLower(f.name), "cloudfront") || bytes.Contains(f.body, []byte(":global/"))), namesService(f.name, "global"):
			f.region = "global"
		case f.region == "" && len(asked) == 1:
			f.region = asked[0]
		case f.region == "" && len(regions) == 1:
			f.region = only(regions)
		}
	}
}

// inName looks in the folders first: a file's name may hold the ARN of something in another place.
func inName(pattern *regexp.Regexp, name string) string {
	if s := lastMatch(pattern, path.Dir(name)); s != "" {
		return s
	}
	return lastMatch(pattern, path.Base(name))
}

func lastMatch(pattern *regexp.Regexp, s string) string {
	all := pattern.FindAllStringSubmatch(s, -1)
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1][1]
}

// agreed returns what all matches say, or "" if they differ or there is none.
func agreed(body []byte, pattern *regexp.Regexp, group int) string {
	value := ""
	for _, m := range pattern.FindAllSubmatch(body, -1) {
		switch got := string(m[group]); {
		case got == "" || got == value:
		case value == "":
			value = got
		default:
			return ""
		}
	}
	return value
}

func only(set map[string]bool) string {
	for s := range set {
		return s
	}
	return ""
}
