package load

import (
	"cmp"

	"github.com/onus-cloud/onus/internal/estate"
)

// guarded reads what is known by its policy alone: file systems, event buses, search domains, and the resource policies of logs.
func (l *loader) guarded() {
	l.fileSystems()
	l.eventBuses()
	l.searchDomains()
	l.logPolicies()
	l.estate.Guarded = byKey(l.estate.Guarded)
}

func (l *loader) guard(g *estate.Guarded) { l.estate.Guarded = append(l.estate.Guarded, g) }

func (l *loader) fileSystems() {
	type fileSystems struct {
		FileSystems []struct {
			FileSystemID        string `json:"FileSystemId"`
			FileSystemArn, Name string
			Tags                []tag
		}
	}
	type answer struct{ Policy document }
	each(l, "efs:DescribeFileSystems", func(p estate.Place, page *fileSystems) {
		for _, f := range page.FileSystems {
			x := named(p, "file-system", f.FileSystemID, cmp.Or(f.FileSystemArn, arn("elasticfilesystem", p, "file-system/"+f.FileSystemID)), f.Tags)
			x.Reference.Name = cmp.Or(f.Name, x.Reference.Name)
			l.guard(&estate.Guarded{Resource: x, Tells: "efs:DescribeFileSystemPolicy", Policy: policyOf(l, p, "efs:DescribeFileSystemPolicy", f.FileSystemID,
				"the policy of file system "+f.FileSystemID, func(a answer) document { return a.Policy })})
		}
	})
}

func (l *loader) eventBuses() {
	type buses struct {
		EventBuses []struct {
			Name, Arn string
			Policy    document
		}
	}
	each(l, "events:ListEventBuses", func(p estate.Place, page *buses) {
		for _, b := range page.EventBuses {
			l.guard(&estate.Guarded{Resource: l.stored(p, "event-bus", b.Name, cmp.Or(b.Arn, arn("events", p, "event-bus/"+b.Name))), Tells: "events:ListEventBuses",
				Policy: l.policy(p, "events:ListEventBuses", "", "the policy of event bus "+b.Name, b.Policy)})
		}
	})
}

func (l *loader) searchDomains() {
	type domains struct{ DomainNames []struct{ DomainName string } }
	type answer struct {
		DomainStatus struct {
			AccessPolicies          document
			VPCOptions              *struct{ VPCId string }
			AdvancedSecurityOptions struct{ Enabled bool }
		}
	}
	const describe = "opensearch:DescribeDomain"
	each(l, "opensearch:ListDomainNames", func(p estate.Place, page *domains) {
		for _, d := range page.DomainNames {
			x := &estate.Guarded{Resource: l.stored(p, "search-domain", d.DomainName, arn("es", p, "domain/"+d.DomainName)), Tells: describe,
				Policy: policyOf(l, p, describe, d.DomainName, "the access policy of search domain "+d.DomainName, func(a answer) document { return a.DomainStatus.AccessPolicies })}
			shut := about(l, p, describe, d.DomainName, func(pages []answer) bool {
				status := last(pages).DomainStatus
				return status.VPCOptions != nil && status.VPCOptions.VPCId != "" || status.AdvancedSecurityOptions.Enabled
			})
			x.Shut, _ = shut.Value()
			l.guard(x)
		}
	})
}

func (l *loader) logPolicies() {
	type policies struct {
		ResourcePolicies []struct {
			PolicyName, ResourceArn string
			PolicyDocument          document
		}
	}
	const list = "logs:DescribeResourcePolicies"
	each(l, list, func(p estate.Place, page *policies) {
		for _, x := range page.ResourcePolicies {
			l.guard(&estate.Guarded{Resource: l.stored(p, "log-policy", x.PolicyName, ""), Tells: list, Of: x.ResourceArn,
				Policy: l.policy(p, list, "", "resource policy "+x.PolicyName+" of CloudWatch Logs", x.PolicyDocument)})
		}
	})
}
