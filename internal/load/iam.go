package load

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/policy"
	"github.com/onus-cloud/onus/internal/responses"
)

// identity reads users, groups, roles and their policies, and how the root user and passwords are kept.
func (l *loader) identity() {
	managers := l.managers()
	for _, a := range l.estate.Accounts {
		login := l.login(a)
		login.RootPasswordStays = managers[a.ID]
		l.estate.Logins = append(l.estate.Logins, login)
	}
	l.authorizationDetails()
	l.estate.Users = byKey(l.estate.Users)
	l.estate.Groups = byKey(l.estate.Groups)
	l.estate.Roles = byKey(l.estate.Roles)
	l.estate.ManagedPolicies = byKeyAndARN(l.estate.ManagedPolicies)
	l.identityProviders()
	l.tagCredentials()
}

// tagCredentials gives the rows of the credential reports their users' tags.
func (l *loader) tagCredentials() {
	tags := map[string]estate.Known[map[string]string]{}
	for _, u := range l.estate.Users {
		tags[u.Ref().Key()] = u.Labels
	}
	for _, login := range l.estate.Logins {
		report, _ := login.Report.Value()
		for _, c := range report.Users {
			labels, ok := tags[c.Ref().Key()]
			if !ok {
				labels = estate.Unread[map[string]string](l.estate.Reading(c.Place(), "iam:GetAccountAuthorizationDetails", "").Gap())
			}
			c.Labels = labels
		}
	}
}

// managers are the accounts that manage an organisation, as any account says, or that say they are in none.
func (l *loader) managers() map[string]bool {
	type description struct {
		Organization struct {
			MasterAccountID string `json:"MasterAccountId"`
		}
	}
	ids := map[string]bool{}
	for _, a := range l.estate.Accounts {
		p := estate.Place{Account: a.ID, Region: estate.Global}
		manager := only(l, p, "organizations:DescribeOrganization", func(d *description) string { return d.Organization.MasterAccountID })
		if id, ok := manager.Value(); ok {
			ids[id] = true
		} else if manager.Absent() {
			ids[a.ID] = true
		}
	}
	return ids
}

func (l *loader) login(a *estate.Account) *estate.Login {
	p := estate.Place{Account: a.ID, Region: estate.Global}
	login := &estate.Login{Account: a}

	type summary struct{ SummaryMap map[string]int }
	login.Summary = only(l, p, "iam:GetAccountSummary", func(s *summary) estate.AccountSummary {
		member := func(name string) estate.Truth {
			n, ok := s.SummaryMap[name]
			if !ok {
				return estate.Unknown
			}
			return estate.Is(n > 0)
		}
		return estate.AccountSummary{MFAEnabled: member("AccountMFAEnabled"),
			AccessKeysPresent: member("AccountAccessKeysPresent"), PasswordPresent: member("AccountPasswordPresent")}
	})

	type report struct {
		Content       credentialRows
		GeneratedTime when
	}
	login.Report = only(l, p, "iam:GetCredentialReport", func(r *report) estate.CredentialReport {
		c := estate.CredentialReport{Generated: r.GeneratedTime.Time}
		for _, row := range r.Content {
			user := row.credentials(p)
			if user.Reference.ID == rootRow {
				c.Root = user
			} else if user.Reference.ID != "" {
				c.Users = append(c.Users, user)
			}
		}
		c.Users = byKey(c.Users)
		return c
	})

	type passwordPolicy struct {
		PasswordPolicy struct {
			MinimumPasswordLength, PasswordReusePrevention, MaxPasswordAge                         int
			RequireSymbols, RequireNumbers, RequireUppercaseCharacters, RequireLowercaseCharacters bool
			AllowUsersToChangePassword, HardExpiry                                                 bool
		}
	}
	login.PasswordPolicy = only(l, p, "iam:GetAccountPasswordPolicy", func(page *passwordPolicy) estate.PasswordPolicy {
		x := page.PasswordPolicy
		return estate.PasswordPolicy{
			MinimumLength: x.MinimumPasswordLength, ReusePrevention: x.PasswordReusePrevention, MaxAge: days(x.MaxPasswordAge),
			Symbols: x.RequireSymbols, Numbers: x.RequireNumbers, Upper: x.RequireUppercaseCharacters, Lower: x.RequireLowercaseCharacters,
			UsersMayChange: x.AllowUsersToChangePassword, HardExpiry: x.HardExpiry,
		}
	})

	// The root user's virtual device has a fixed name, unless it was made with the CLI: then its user is the root.
	type deviceList struct {
		VirtualMFADevices []struct {
			SerialNumber string
			User         struct{ Arn string }
		}
	}
	const devices operation.ID = "iam:ListVirtualMFADevices"
	found := false
	each(l, devices, func(at estate.Place, page *deviceList) {
		for _, d := range page.VirtualMFADevices {
			if at == p && (strings.HasSuffix(d.SerialNumber, ":mfa/root-account-mfa-device") || strings.HasSuffix(d.User.Arn, ":root")) {
				found = true
			}
		}
	})
	login.RootVirtualMFA = estate.Know(found)
	if !found && !l.estate.Complete(p, devices) {
		login.RootVirtualMFA = estate.Unread[bool](l.estate.Reading(p, devices, "").Gap())
	}
	return login
}

func days(n int) time.Duration {
	const most = 36500 // AWS allows 1095
	return time.Duration(max(0, min(n, most))) * 24 * time.Hour
}

// rootRow is how the credential report calls the root user.
const rootRow = "<root_account>"

// credentialRows is the credential report: CSV with a line of names, in base64. Names tell the columns; the report grows new ones.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html#id_credentials_understanding_the_report_format
type credentialRows []credentialRow

type credentialRow map[string]string

func (c *credentialRows) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return fmt.Errorf("credential report: %w", err)
	}
	table := []byte(text)
	if !strings.HasPrefix(text, "user,") {
		decoded, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
		if err != nil {
			return fmt.Errorf("credential report: its content is not base64: %w", err)
		}
		table = decoded
	}
	reader := csv.NewReader(bytes.NewReader(table))
	lines, err := reader.ReadAll()
	if err != nil {
		return fmt.Errorf("credential report: %w", err)
	}
	if len(lines) == 0 || !slices.Contains(lines[0], "user") {
		return fmt.Errorf("credential report: its first line does not name a column \"user\"")
	}
	*c = credentialRows{}
	for _, line := range lines[1:] {
		row := credentialRow{}
		for i, name := range lines[0] {
			row[name] = line[i] // the reader sees to it that all lines have as many
		}
		*c = append(*c, row)
	}
	return nil
}

// time reads a column that holds a time; "N/A", "no_information" and "not_supported" are none.
func (r credentialRow) time(column string) time.Time {
	t, err := time.Parse(time.RFC3339, r[column])
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

func (r credentialRow) truth(column string) estate.Truth {
	switch strings.ToLower(r[column]) {
	case "true":
		return estate.True
	case "false":
		return estate.False
	}
	return estate.Unknown
}

func (r credentialRow) credentials(p estate.Place) *estate.Credentials {
	c := &estate.Credentials{
		Resource: estate.Resource{
			Reference: estate.Ref{Kind: "user", Account: p.Account, Region: estate.Global, ID: r["user"], ARN: r["arn"]},
		},
		Created: r.time("user_creation_time"), Password: r.truth("password_enabled"),
		PasswordUsed: r.time("password_last_used"), MFA: r.truth("mfa_active"),
	}
	for i := range c.Keys {
		column := fmt.Sprintf("access_key_%d_", i+1)
		k := estate.AccessKey{Active: r.truth(column+"active") == estate.True,
			Rotated: r.time(column + "last_rotated"), Used: r.time(column + "last_used_date")}
		k.Exists = k.Active || !k.Rotated.IsZero()
		c.Keys[i] = k
	}
	return c
}

type inlineList []struct {
	PolicyName     string
	PolicyDocument document
}

type attachedList []struct {
	PolicyArn string
}

type boundary struct {
	PermissionsBoundaryArn string
}

// UnmarshalJSON takes the ARN by itself too, as other tools write it.
func (b *boundary) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '"' {
		return json.Unmarshal(text, &b.PermissionsBoundaryArn)
	}
	type plain boundary
	return json.Unmarshal(text, (*plain)(b))
}

func (l *loader) authorizationDetails() {
	const details operation.ID = "iam:GetAccountAuthorizationDetails"
	type page struct {
		UserDetailList []struct {
			UserName, UserID, Arn   string
			CreateDate              when
			UserPolicyList          inlineList
			GroupList               []string
			AttachedManagedPolicies attachedList
			PermissionsBoundary     boundary
			Tags                    []tag
		}
		GroupDetailList []struct {
			GroupName, GroupID, Arn string
			GroupPolicyList         inlineList
			AttachedManagedPolicies attachedList
		}
		RoleDetailList []struct {
			RoleName, RoleID, Arn    string
			CreateDate               when
			AssumeRolePolicyDocument document
			InstanceProfileList      []struct{ Arn string }
			RolePolicyList           inlineList
			AttachedManagedPolicies  attachedList
			PermissionsBoundary      boundary
			Tags                     []tag
			RoleLastUsed             struct {
				LastUsedDate when
				Region       string
			}
		}
		Policies []struct {
			PolicyName, Arn  string
			DefaultVersionID string `json:"DefaultVersionId"`
			AttachmentCount  int
			// Document stands in files that other tools made, which keep the default version alone: then nothing is said of others.
			Document          document
			PolicyVersionList []struct {
				VersionID        string `json:"VersionId"`
				Document         document
				IsDefaultVersion bool
			}
		}
	}
	each(l, details, func(p estate.Place, page *page) {
		parse := func(what string, d document) estate.Known[*policy.Document] { return l.policy(p, details, "", what, d) }
		attached := func(who string, inline inlineList, managed attachedList) estate.Attached {
			var a estate.Attached
			for _, i := range inline {
				a.Inline = append(a.Inline, estate.Inline{Name: i.PolicyName, Document: parse("policy "+i.PolicyName+" of "+who, i.PolicyDocument)})
			}
			slices.SortFunc(a.Inline, func(x, y estate.Inline) int { return strings.Compare(x.Name, y.Name) })
			for _, m := range managed {
				a.Managed = append(a.Managed, m.PolicyArn)
			}
			slices.Sort(a.Managed)
			return a
		}
		for _, u := range page.UserDetailList {
			user := &estate.User{
				Resource: resource(p, "user", u.UserName, u.Arn, u.Tags), UniqueID: u.UserID, Created: u.CreateDate.Time,
				Attached: attached("user "+u.UserName, u.UserPolicyList, u.AttachedManagedPolicies),
				Groups:   sorted(u.GroupList), Boundary: u.PermissionsBoundary.PermissionsBoundaryArn,
			}
			user.MFADevices, user.Accessed = l.mfaDevices(p, u.UserName), l.accessed(p, u.Arn)
			l.estate.Users = append(l.estate.Users, user)
		}
		for _, g := range page.GroupDetailList {
			l.estate.Groups = append(l.estate.Groups, &estate.Group{
				Resource: resource(p, "group", g.GroupName, g.Arn, nil), UniqueID: g.GroupID, Accessed: l.accessed(p, g.Arn),
				Attached: attached("group "+g.GroupName, g.GroupPolicyList, g.AttachedManagedPolicies),
			})
		}
		for _, r := range page.RoleDetailList {
			role := &estate.Role{
				Resource: resource(p, "role", r.RoleName, r.Arn, r.Tags), UniqueID: r.RoleID, Created: r.CreateDate.Time, Accessed: l.accessed(p, r.Arn),
				Attached: attached("role "+r.RoleName, r.RolePolicyList, r.AttachedManagedPolicies),
				Boundary: r.PermissionsBoundary.PermissionsBoundaryArn,
				Trust:    parse("the trust of role "+r.RoleName, r.AssumeRolePolicyDocument),
				LastUsed: r.RoleLastUsed.LastUsedDate.Time, LastUsedRegion: r.RoleLastUsed.Region,
			}
			if r.InstanceProfileList != nil {
				role.Profiles = []string{}
			}
			for _, profile := range r.InstanceProfileList {
				role.Profiles = append(role.Profiles, profile.Arn)
			}
			slices.Sort(role.Profiles)
			l.estate.Roles = append(l.estate.Roles, role)
		}
		for _, m := range page.Policies {
			managed := &estate.ManagedPolicy{Resource: resource(p, "policy", m.PolicyName, m.Arn, nil), Attachments: m.AttachmentCount, Default: m.DefaultVersionID}
			managed.Labels = estate.Known[map[string]string]{} // the details do not tell them
			managed.Document = estate.Unread[*policy.Document](estate.Gap{Place: p, Operation: details, Why: "the details of " + m.Arn + " name no default version"})
			if len(m.PolicyVersionList) == 0 && len(m.Document) > 0 {
				managed.Document = parse("policy "+m.PolicyName, m.Document)
			}
			for _, v := range m.PolicyVersionList {
				version := estate.PolicyVersion{ID: v.VersionID, Default: v.IsDefaultVersion, Document: parse("policy "+m.PolicyName, v.Document)}
				if v.IsDefaultVersion {
					managed.Default = v.VersionID
					managed.Document = version.Document
				}
				managed.Versions = append(managed.Versions, version)
			}
			slices.SortFunc(managed.Versions, func(a, b estate.PolicyVersion) int { return strings.Compare(a.ID, b.ID) })
			l.estate.ManagedPolicies = append(l.estate.ManagedPolicies, managed)
		}
	})
}

func (l *loader) mfaDevices(p estate.Place, user string) estate.Known[[]string] {
	type deviceList struct {
		MFADevices []struct{ SerialNumber string }
	}
	return about(l, p, "iam:ListMFADevices", user, func(pages []deviceList) []string {
		serials := []string{}
		for _, page := range pages {
			for _, d := range page.MFADevices {
				serials = append(serials, d.SerialNumber)
			}
		}
		return sorted(serials)
	})
}

// policy reads a policy document that some response holds. What cannot be understood is a problem, and that document is unknown.
func (l *loader) policy(p estate.Place, op operation.ID, resource, what string, d document) estate.Known[*policy.Document] {
	if len(d) == 0 || string(d) == "null" {
		return estate.None[*policy.Document]()
	}
	parsed, err := policy.Parse(d)
	if err != nil {
		why := fmt.Sprintf("%s in %s could not be understood: %v", what, p, err)
		l.problems = append(l.problems, responses.Problem{Place: fmt.Sprintf("%s/%s", p, op), Text: fmt.Sprintf("%s: %v: it is unknown", what, err)})
		return estate.Unread[*policy.Document](estate.Gap{Place: p, Operation: op, About: resource, Outcome: operation.Failed, Code: "BadPolicy", Why: why})
	}
	return estate.Know(parsed)
}

// byKeyAndARN keeps policies apart that share a name: one of AWS's and one of the customer's.
func byKeyAndARN(all []*estate.ManagedPolicy) []*estate.ManagedPolicy {
	slices.SortStableFunc(all, func(a, b *estate.ManagedPolicy) int {
		return cmp.Or(strings.Compare(a.Ref().Key(), b.Ref().Key()), strings.Compare(a.Ref().ARN, b.Ref().ARN))
	})
	return slices.CompactFunc(all, func(a, b *estate.ManagedPolicy) bool {
		return a.Ref().Key() == b.Ref().Key() && a.Ref().ARN == b.Ref().ARN
	})
}

// identityProviders reads whose word IAM takes.
func (l *loader) identityProviders() {
	type oidcList struct{ OpenIDConnectProviderList []struct{ Arn string } }
	type oidc struct {
		URL          string
		ClientIDList []string
	}
	type samlList struct{ SAMLProviderList []struct{ Arn string } }
	each(l, "iam:ListOpenIDConnectProviders", func(p estate.Place, page *oidcList) {
		for _, o := range page.OpenIDConnectProviderList {
			_, url, _ := strings.Cut(o.Arn, ":oidc-provider/") // the ARN has all of it
			l.estate.Providers = append(l.estate.Providers, &estate.IdentityProvider{
				Resource: l.stored(p, "oidc-provider", url, o.Arn), URL: url,
				Audiences: about(l, p, "iam:GetOpenIDConnectProvider", o.Arn, func(pages []oidc) []string { return distinct(slices.Clone(last(pages).ClientIDList)) }),
			})
		}
	})
	each(l, "iam:ListSAMLProviders", func(p estate.Place, page *samlList) {
		for _, s := range page.SAMLProviderList {
			l.estate.Providers = append(l.estate.Providers, &estate.IdentityProvider{Resource: l.stored(p, "saml-provider", lastPart(s.Arn), s.Arn), Audiences: estate.None[[]string]()})
		}
	})
	l.estate.Providers = byKey(l.estate.Providers)
}

// accessed reads what a principal used of what it is granted.
func (l *loader) accessed(p estate.Place, arn string) estate.Known[estate.Accessed] {
	type page struct {
		JobStatus            string
		JobCompletionDate    when
		ServicesLastAccessed []struct {
			ServiceNamespace           string
			LastAuthenticated          when
			LastAuthenticatedRegion    string
			TrackedActionsLastAccessed []struct {
				ActionName       string
				LastAccessedTime when
			}
		}
	}
	const op operation.ID = "iam:GetServiceLastAccessedDetails"
	done := true
	told := about(l, p, op, arn, func(pages []page) (a estate.Accessed) {
		for _, page := range pages {
			done = done && page.JobStatus != "IN_PROGRESS" && page.JobStatus != "FAILED"
			a.Made = page.JobCompletionDate.Time
			for _, s := range page.ServicesLastAccessed {
				service := estate.AccessedService{Namespace: s.ServiceNamespace, Last: s.LastAuthenticated.Time, Region: s.LastAuthenticatedRegion,
					Actions: estate.None[[]estate.AccessedAction]()}
				var actions []estate.AccessedAction
				for _, t := range s.TrackedActionsLastAccessed {
					actions = append(actions, estate.AccessedAction{Name: t.ActionName, Last: t.LastAccessedTime.Time})
				}
				if len(actions) > 0 {
					slices.SortFunc(actions, func(a, b estate.AccessedAction) int { return strings.Compare(a.Name, b.Name) })
					service.Actions = estate.Know(actions)
				}
				a.Services = append(a.Services, service)
			}
		}
		slices.SortStableFunc(a.Services, func(a, b estate.AccessedService) int { return strings.Compare(a.Namespace, b.Namespace) })
		return a
	})
	if !done {
		return estate.Unread[estate.Accessed](estate.Gap{Place: p, Operation: op, About: arn, Outcome: operation.Failed,
			Why: "AWS had not made the report of what " + arn + " last used"})
	}
	return told
}
