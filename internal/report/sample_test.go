package report

import (
	"fmt"
	"time"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

const (
	prod    = "111122223333"
	dev     = "444455556666"
	archive = "777788889999"
)

var observed = time.Date(2026, 11, 20, 4, 10, 0, 0, time.UTC)

func ref(kind, account, region, id, name string) estate.Ref {
	r := estate.Ref{Kind: kind, Account: account, Region: region, ID: id, Name: name}
	switch kind {
	case "instance", "volume", "security-group":
		r.ARN = fmt.Sprintf("arn:aws:ec2:%s:%s:%s/%s", region, account, kind, id)
	case "bucket":
		r.ARN = "arn:aws:s3:::" + id
	}
	return r
}

var (
	jenkins = ref("instance", prod, "us-east-1", "i-0f3c9a7e51d2b8c46", "jenkins")
	orders  = ref("db-instance", prod, "eu-west-1", "orders", "")
	exports = ref("bucket", prod, "us-east-1", "acme-partner-exports", "")
	logs    = ref("bucket", archive, "us-east-1", "acme-archive-of-logs", "")
)

// hosts are n made-up instances.
func hosts(n int) []estate.Ref {
	var all []estate.Ref
	for i := range n {
		all = append(all, ref("instance", prod, "us-east-1", fmt.Sprintf("i-%017x", 0xa0b1c2d3e4+i*7919), fmt.Sprintf("web-%02d", i+1)))
	}
	return all
}

// breaks are the counter-examples of one cause.
func breaks(cause, text string, facts []answer.Fact, subjects ...estate.Ref) []answer.CounterExample {
	var all []answer.CounterExample
	for _, s := range subjects {
		all = append(all, answer.CounterExample{Subject: s, Text: text, Facts: facts, Cause: cause})
	}
	return all
}

func fact(text string, op operation.ID) []answer.Fact {
	return []answer.Fact{{Text: text, Operation: op}}
}

func read(op operation.ID, calls, complete int) answer.Read {
	return answer.Read{Operation: op, Calls: calls, Complete: complete, Oldest: observed.Add(-4 * time.Minute), Newest: observed}
}

// directPath leads from the Internet to a host with a public address.
func directPath(host estate.Ref, group, name, rule string) []answer.Hop {
	return []answer.Hop{
		{Kind: "internet", ID: "internet", Passes: answer.Passes},
		{Kind: "internet-gateway", ID: "igw-0a2b3c4d5e6f70819", Passes: answer.Passes, Text: "it leads to the public address"},
		{Kind: "network-acl", ID: "acl-0b1c2d3e4f5061728", Passes: answer.Passes, Rule: "rule 100 allows everything from 0.0.0.0/0"},
		{Kind: "security-group", ID: group, Name: name, Passes: answer.Passes, Rule: rule},
		{Kind: "instance", ID: host.ID, Name: host.Name, Passes: answer.Passes},
	}
}

// balancedPath has more hops than fit into one row, a name that is too long for a picture, and all that can become of a packet.
func balancedPath() []answer.Hop {
	return []answer.Hop{
		{Kind: "internet", ID: "internet", Passes: answer.Passes},
		{Kind: "internet-gateway", ID: "igw-0a2b3c4d5e6f70819", Passes: answer.Passes},
		{Kind: "network-acl", ID: "acl-0b1c2d3e4f5061728", Passes: answer.Passes, Rule: "rule 100 allows everything from 0.0.0.0/0"},
		{Kind: "security-group", ID: "sg-0ea0000000000a1b2", Name: "shop-alb", Passes: answer.Passes, Rule: "tcp 80 from 0.0.0.0/0"},
		{Kind: "load-balancer", ID: "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/shop/50dc6c495c0c9188", Name: "shop", Passes: answer.Passes},
		{Kind: "network-firewall", ID: "inspection", Passes: answer.MayPass, Text: "it has domain rules, which are not understood"},
		{Kind: "security-group", ID: "sg-0web", Name: "web-sg-of-the-autoscaling-group-of-the-shop", Passes: answer.Passes},
		{Kind: "db-instance", ID: "orders", Passes: answer.Stops, Text: "nothing answers there"},
	}
}

// sample is what a run over a made-up company says: enough of everything that a report can hold.
func sample() *answer.Report {
	denied := estate.Gap{
		Place: estate.Place{Account: archive, Region: estate.Global}, Operation: "s3:GetBucketPolicy", About: logs.ID,
		Outcome: operation.Denied, Code: "AccessDenied",
	}
	throttled := estate.Gap{
		Place: estate.Place{Account: dev, Region: "eu-west-1"}, Operation: "ec2:DescribeSnapshots",
		Outcome: operation.Throttled, Code: "RequestLimitExceeded",
	}
	web := hosts(40)
	const (
		ssh      = "security-group-rule/sgr-0aa1"
		console  = "security-group-rule/sgr-0bb2"
		metadata = "launch-template/lt-0web"
		policy   = "bucket-policy/acme-partner-exports"
		unowned  = "instance/i-0f3c9a7e51d2b8c46"
		plain    = "listener/shop-http"
		restores = "db-instance/orders"
	)
	excused := 0
	legacy := ref("instance", dev, "eu-west-1", "i-0abc123", "vendor-box")
	vendor := answer.CounterExample{
		Subject: legacy, Text: "its image is 2,104 days old", Cause: "instance/i-0abc123", Excuse: &excused,
		Facts: fact("CreationDate of ami-0old is 2021-02-13", "ec2:DescribeImages"),
	}
	controls := []answer.Answer{
		{
			ID: "patch-host-managed", Practice: "patches", Sentence: "every running instance is managed by Systems Manager", Severity: answer.Medium,
			Why:             "a host that nothing patches is the one that is found first",
			CounterExamples: breaks(unowned, "it never registered with Systems Manager", fact("it is not in DescribeInstanceInformation", "ssm:DescribeInstanceInformation"), jenkins),
			Held:            web, Tally: answer.Tally{Broken: 1, Holds: 40}, Read: []answer.Read{read("ec2:DescribeInstances", 6, 6), read("ssm:DescribeInstanceInformation", 6, 6)},
			Causes: []string{unowned},
		},
		{
			ID: "os-image-age", Practice: "os-updates", Sentence: "instances run images younger than 180 days", Severity: answer.Medium,
			Why:             "an old image carries every flaw found since it was made",
			CounterExamples: append(breaks(unowned, "its image is 1,862 days old", fact("CreationDate of ami-0jenkins is 2021-10-15", "ec2:DescribeImages"), jenkins), vendor),
			Held:            web, Tally: answer.Tally{Broken: 1, Excused: 1, Holds: 40}, Until: "2027-01-31", Causes: []string{unowned},
			Read: []answer.Read{read("ec2:DescribeImages", 6, 6)},
		},
		{
			ID: "tls-alb-no-plain-http", Practice: "encryption-in-transit", Sentence: "load balancers redirect or refuse plain HTTP", Severity: answer.High,
			Why:             "who sits on the way reads and changes what is sent",
			CounterExamples: breaks(plain, "listener 80 forwards to web instead of redirecting", fact("DefaultActions[0].Type is forward", "elbv2:DescribeListeners"), ref("load-balancer", prod, "us-east-1", "shop", "")),
			Tally:           answer.Tally{Broken: 1}, Causes: []string{plain}, Read: []answer.Read{read("elbv2:DescribeListeners", 2, 2)},
		},
		{
			ID: "rest-volume-encrypted", Practice: "encryption-at-rest", Sentence: "every volume is encrypted", Severity: answer.Medium,
			Why: "a copied or lost disk is readable by whoever holds it", Held: web, Tally: answer.Tally{Holds: 212},
			Read: []answer.Read{read("ec2:DescribeVolumes", 6, 6)},
		},
		{
			ID: "backup-restored-and-verified", Practice: "backups", Sentence: "a restore was completed and validated in the last 30 days", Severity: answer.High,
			Why:             "a backup that was never restored is a hope",
			CounterExamples: breaks(restores, "no restore of it was ever validated", fact("no restore job has ValidationStatus SUCCESSFUL", "backup:ListRestoreJobs"), orders),
			Doubts:          []answer.Doubt{{Subject: ref("region", dev, "eu-west-1", "eu-west-1", ""), Gaps: []estate.Gap{throttled}}},
			Tally:           answer.Tally{Broken: 1, Unknown: 1}, Causes: []string{restores}, Read: []answer.Read{read("backup:ListRestoreJobs", 6, 5)},
		},
		{
			ID: "net-no-ssh-from-internet", Practice: "network-lockdown", Sentence: "no rule admits the internet on 22", Severity: answer.High,
			Why:             "passwords and stolen keys are tried on every open port 22, all day",
			CounterExamples: append(breaks(ssh, "rule sgr-0aa1 of web-sg admits 0.0.0.0/0 on tcp 22", fact("CidrIpv4 is 0.0.0.0/0, FromPort 22, ToPort 22", "ec2:DescribeSecurityGroupRules"), web...), breaks(console, "rule sgr-0bb2 of jenkins-sg admits 0.0.0.0/0 on all ports", fact("CidrIpv4 is 0.0.0.0/0, IpProtocol -1", "ec2:DescribeSecurityGroupRules"), jenkins)...),
			Tally:           answer.Tally{Broken: 41, Holds: 12}, Causes: []string{console, ssh}, Read: []answer.Read{read("ec2:DescribeSecurityGroupRules", 6, 6)},
		},
		{
			ID: "net-bucket-blocked", Practice: "network-lockdown", Sentence: "no bucket is open to everybody", Severity: answer.Critical,
			Why:             "an open bucket is copied within days of its name being guessed",
			CounterExamples: breaks(policy, "its policy lets everybody read", fact(`statement "partners" allows s3:GetObject to *`, "s3:GetBucketPolicy"), exports),
			Doubts:          []answer.Doubt{{Subject: logs, Text: "its policy was not read", Gaps: []estate.Gap{denied}}},
			Tally:           answer.Tally{Broken: 1, Unknown: 1, Holds: 23}, Causes: []string{policy}, Read: []answer.Read{read("s3:GetBucketPolicy", 25, 24)},
		},
		{
			ID: "lb-spans-zones", Practice: "load-balancing", Sentence: "load balancers span zones", Severity: answer.Low,
			Why: "one zone's failure takes the application down", Tally: answer.Tally{Holds: 3},
		},
		{
			ID: "waf-on-every-public-app", Practice: "waf", Sentence: "every public application has a web ACL", Severity: answer.Medium,
			Why:    "known attacks reach the application unfiltered",
			Doubts: []answer.Doubt{{Subject: ref("load-balancer", dev, "eu-west-1", "trial", ""), Gaps: []estate.Gap{{Place: throttled.Place, Operation: "wafv2:ListResourcesForWebACL", Outcome: operation.Denied, Code: "WAFAccessDenied"}}}},
			Tally:  answer.Tally{Unknown: 1, Holds: 2}, Read: []answer.Read{read("wafv2:ListResourcesForWebACL", 12, 10)},
		},
		{
			ID: "contain-metadata-v2-only", Practice: "containment", Sentence: "instances answer metadata version 2 only", Severity: answer.High,
			Why:             "one forged request from the application fetches the server's credentials",
			CounterExamples: append(breaks(metadata, "it answers metadata version 1", fact("MetadataOptions.HttpTokens is optional", "ec2:DescribeInstances"), web[:12]...), breaks(unowned, "it answers metadata version 1", fact("MetadataOptions.HttpTokens is optional", "ec2:DescribeInstances"), jenkins)...),
			Tally:           answer.Tally{Broken: 13, Holds: 28}, Causes: []string{unowned, metadata}, Read: []answer.Read{read("ec2:DescribeInstances", 6, 6)},
		},
		{
			ID: "watch-every-host-has-an-owner", Practice: "watch", Sentence: "every host has an owner", Severity: answer.Low,
			Why:             "nobody answers for a server that nobody owns",
			CounterExamples: breaks(unowned, "it has no owner or team tag", fact("tags are Name=jenkins", "ec2:DescribeInstances"), jenkins),
			Tally:           answer.Tally{Broken: 1, Holds: 41}, Causes: []string{unowned}, Read: []answer.Read{read("ec2:DescribeInstances", 6, 6)},
		},
	}
	for i := range controls[5].CounterExamples { // what the rules lead to
		e := &controls[5].CounterExamples[i]
		if e.Subject.ID == jenkins.ID {
			e.Path = directPath(e.Subject, "sg-0c1jenkins", "jenkins-sg", "rule sgr-0bb2 admits everything from 0.0.0.0/0")
		} else if i < 14 {
			e.Path = directPath(e.Subject, "sg-0web", "web-sg", "rule sgr-0aa1 admits tcp 22 from 0.0.0.0/0")
		}
	}
	controls[2].CounterExamples[0].Path = balancedPath()
	for i := range controls {
		controls[i].Kind = answer.OfControl
		controls[i].Verdict = controls[i].Tally.Verdict()
	}
	r := &answer.Report{
		Schema: answer.Schema, Company: "Acme", Source: "the demo recording", Observed: observed, Evaluated: observed.Add(6 * time.Hour),
		Controls: controls,
		Causes: []answer.Cause{
			{
				Key: console, Subject: ref("security-group-rule", prod, "us-east-1", "sgr-0bb2", ""), Title: "rule sgr-0bb2 of jenkins-sg admits 0.0.0.0/0 on all ports",
				Controls: []string{"net-no-ssh-from-internet"}, Members: []estate.Ref{jenkins},
				Rank: answer.Rank{Score: 94, Why: []string{"open to the internet on every port, 8080 among them", "its role may start commands on 41 servers", "image 1,862 days old"}},
				Fix: answer.Fix{
					Text: "remove the rule; reach Jenkins through Session Manager or the office network",
					CLI:  []string{"aws ec2 revoke-security-group-ingress --region us-east-1 --group-id sg-0c1jenkins --security-group-rule-ids sgr-0bb2"},
					Terraform: `resource "aws_vpc_security_group_ingress_rule" "jenkins" {
  security_group_id = aws_security_group.jenkins.id
  ip_protocol       = "tcp"
  from_port         = 8080
  to_port           = 8080
  cidr_ipv4         = "203.0.113.0/24" # the office, not 0.0.0.0/0
}`,
				},
			},
			{
				Key: policy, Subject: exports, Title: `statement "partners" of the policy of acme-partner-exports admits everybody`,
				Controls: []string{"net-bucket-blocked"}, Members: []estate.Ref{exports}, Owners: []string{"data@acme.example"},
				Rank: answer.Rank{Score: 81, Why: []string{"readable by everybody", "tagged data=confidential"}},
				Fix: answer.Fix{Text: "block public access of the bucket", CLI: []string{
					"aws s3api put-public-access-block --bucket acme-partner-exports --public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true",
				}},
			},
			{
				Key: ssh, Subject: ref("security-group-rule", prod, "us-east-1", "sgr-0aa1", ""), Title: "rule sgr-0aa1 of web-sg admits 0.0.0.0/0 on tcp 22",
				Controls: []string{"net-no-ssh-from-internet"}, Members: web, Owners: []string{"web@acme.example"},
				Rank: answer.Rank{Score: 77, Why: []string{"open to the internet on 22", "40 instances"}},
				Fix:  answer.Fix{Text: "remove the rule", CLI: []string{"aws ec2 revoke-security-group-ingress --region us-east-1 --group-id sg-0web --security-group-rule-ids sgr-0aa1"}},
			},
			{
				Key: unowned, Subject: jenkins, Title: "instance jenkins was started by hand in 2021 and left",
				Controls: []string{"patch-host-managed", "os-image-age", "contain-metadata-v2-only", "watch-every-host-has-an-owner"}, Members: []estate.Ref{jenkins},
				Rank: answer.Rank{Score: 70, Why: []string{"reachable from the internet", "image 1,862 days old"}},
				Fix:  answer.Fix{Text: "find who needs it, then replace it from a current image or stop it", CLI: []string{"aws ec2 stop-instances --region us-east-1 --instance-ids i-0f3c9a7e51d2b8c46", "aws ec2 create-tags --region us-east-1 --resources i-0f3c9a7e51d2b8c46 --tags Key=owner,Value=ops"}},
			},
			{
				Key: restores, Subject: orders, Title: "orders has backups, and no restore of them was ever validated",
				Controls: []string{"backup-restored-and-verified"}, Members: []estate.Ref{orders}, Owners: []string{"ops@acme.example"},
				Rank: answer.Rank{Score: 40, Why: []string{"never restored"}}, Fix: answer.Fix{Text: "restore it into an isolated subnet and validate what comes back"},
			},
			{
				Key: metadata, Subject: ref("launch-template", prod, "us-east-1", "lt-0web", "web"), Title: "launch template web leaves metadata version 1 on",
				Controls: []string{"contain-metadata-v2-only"}, Members: web[:12], Owners: []string{"web@acme.example"},
				Rank: answer.Rank{Score: 31, Why: []string{"12 instances"}}, Fix: answer.Fix{Text: "set HttpTokens to required in a new version of the template"},
			},
			{
				Key: plain, Subject: ref("listener", prod, "us-east-1", "shop-http", ""), Title: "listener 80 of shop forwards plain HTTP",
				Controls: []string{"tls-alb-no-plain-http"}, Members: []estate.Ref{ref("load-balancer", prod, "us-east-1", "shop", "")}, Owners: []string{"web@acme.example"},
				Rank: answer.Rank{Score: 20, Why: []string{"1 load balancer"}}, Fix: answer.Fix{Text: "redirect to 443"},
			},
			{
				Key: "instance/i-0abc123", Subject: legacy, Title: "instance vendor-box runs an image of 2021", Controls: []string{"os-image-age"},
				Members: []estate.Ref{legacy}, Excused: true, Owners: []string{"ops@acme.example"}, Fix: answer.Fix{Text: "replace it from a current image"},
			},
		},
		Meeting: []answer.Meeting{{
			Subject: jenkins, Practices: []string{"patches", "os-updates", "network-lockdown", "containment", "watch"}, Causes: []string{console, unowned},
			Facts: []string{"no patch evidence", "image 1,862 days old", "admits the internet on every port", "metadata version 1", "no owner"},
			Rank:  answer.Rank{Score: 120, Why: []string{"five practices fail on one server"}},
		}},
		Claims: []answer.Answer{
			{
				Kind: answer.OfClaim, ID: "claim-1", Control: "net-no-ssh-from-internet", Practice: "network-lockdown", Sentence: "no rule admits the internet on 22",
				Verdict: answer.Broken, Tally: answer.Tally{Broken: 41, Holds: 12}, CounterExamples: controls[5].CounterExamples, Causes: []string{console, ssh},
			},
			{
				Kind: answer.OfClaim, ID: "claim-2", Practice: "network-lockdown", Sentence: "port 8080 is reachable only from office", Verdict: answer.Unknown,
				Tally: answer.Tally{Unknown: 1}, Note: "this version does not follow packets yet, so it cannot tell",
			},
			{
				Kind: answer.OfClaim, ID: "claim-3", Practice: "os-updates", System: "shop", Sentence: "operating systems, engines and runtimes are supported and current",
				Verdict: answer.Excused, Tally: answer.Tally{Excused: 1, Holds: 14}, Until: "2027-01-31",
			},
		},
		Excuses: []answer.Excuse{
			{Claim: "shop: operating systems, engines and runtimes are supported and current", For: "i-0abc123", Why: "vendor driver; isolated", Owner: "ops@acme.example", Until: "2027-01-31", State: "in force", Covered: 1},
			{Claim: "every volume is encrypted", For: "vol-0old", Why: "migration", Owner: "data@acme.example", Until: "2026-06-30", State: "expired"},
		},
		Reading: answer.Reading{
			Accounts: []answer.AccountRead{
				{ID: prod, Name: "acme-prod", Regions: []string{"eu-west-1", "us-east-1"}},
				{ID: dev, Name: "acme-dev", Regions: []string{"eu-west-1", "us-east-1"}},
				{ID: archive, Name: "acme-archive", Regions: []string{"eu-west-1", "us-east-1"}, Closed: []string{"ap-southeast-2"}},
			},
			Calls: 612, Resources: 418,
			Gaps: []answer.GapGroup{
				{Text: "s3:GetBucketPolicy is denied in acme-archive", Calls: 1, Gaps: []estate.Gap{denied}},
				{Text: "ec2:DescribeSnapshots was throttled in acme-dev eu-west-1", Calls: 1, Gaps: []estate.Gap{throttled}},
			},
			UnreadKinds:   []answer.UnreadKind{{Service: "elasticache", Type: "cluster", Count: 2}, {Service: "sqs", Type: "queue", Count: 14}},
			Problems:      []string{"dev/us-east-1/rds.DescribeDBInstances.jsonl.zst, line 3: the body is not JSON; record it again"},
			OtherAccounts: []string{"123123123123"},
		},
	}
	practices := []struct {
		id, sentence string
		questions    int
	}{
		{"patches", "security patches are applied", 7},
		{"os-updates", "operating systems, engines and runtimes are supported and current", 9},
		{"encryption-in-transit", "data is encrypted in transit", 8},
		{"encryption-at-rest", "data is encrypted at rest", 1},
		{"client-side-encryption", "declared data is encrypted with a local key before it reaches AWS", 0},
		{"backups", "backups exist, are fresh, and really restore", 9},
		{"network-lockdown", "only declared sources reach declared ports", 9},
		{"load-balancing", "user-facing applications are reached only through a load balancer", 4},
		{"waf", "every public application is behind a web application firewall", 5},
		{"least-privilege", "nobody has more access than they need", 0},
		{"containment", "a compromised server, database or cache reaches nothing else", 6},
		{"watch", "somebody would notice", 8},
	}
	for _, p := range practices {
		a := answer.Answer{Kind: answer.OfPractice, ID: p.id, Practice: p.id, Sentence: p.sentence}
		for _, c := range controls {
			if c.Practice == p.id {
				a.Tally = a.Tally.Add(c.Tally)
				a.Tally.Asked++
				a.Questions = append(a.Questions, c.ID)
				a.Causes = append(a.Causes, c.Causes...)
				a.Read = append(a.Read, c.Read...)
			}
		}
		a.Tally.Questions = p.questions
		for i := a.Tally.Asked; i < p.questions; i++ {
			a.Unasked = append(a.Unasked, fmt.Sprintf("%s-question-%d", p.id, i+1))
		}
		a.Tally.Undeclared = p.id == "client-side-encryption"
		if a.Tally.Undeclared {
			a.Note = "no system declares data that must be encrypted before it leaves"
		}
		a.Verdict = a.Tally.Verdict()
		r.Practices = append(r.Practices, a)
	}
	return r
}
