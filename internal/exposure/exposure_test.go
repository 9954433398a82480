package exposure_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/catalog"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/demo"
	"github.com/onus-cloud/onus/internal/exposure"
	"github.com/onus-cloud/onus/internal/load"
	"github.com/onus-cloud/onus/internal/reach"
	"github.com/onus-cloud/onus/internal/responses"
)

func ranked(t *testing.T, set *responses.Set) *answer.Report {
	t.Helper()
	e, problems := load.Load(set)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	suite, err := catalog.Suite()
	if err != nil {
		t.Fatal(err)
	}
	r := control.Run(e, suite, nil, e.Observed)
	exposure.Rank(e, reach.Of(e), r)
	return r
}

// TestTheForgottenServerComesFirst: of the whole demo, the host in which most practices meet is the forgotten Jenkins, its power
// is said, and the worst cause is the rule that lets strangers in.
func TestTheForgottenServerComesFirst(t *testing.T) {
	t.Parallel()
	set, err := demo.Recording()
	if err != nil {
		t.Fatal(err)
	}
	r := ranked(t, set)
	if len(r.Meeting) == 0 || r.Meeting[0].Subject.Name != "jenkins" {
		t.Fatalf("meetings are %+v, want jenkins first", r.Meeting)
	}
	m := r.Meeting[0]
	if len(m.Facts) != len(m.Practices) || len(m.Practices) < 5 {
		t.Errorf("jenkins is broken in %v, with facts %v", m.Practices, m.Facts)
	}
	if !slices.ContainsFunc(m.Rank.Why, func(why string) bool { return strings.Contains(why, "its role may") }) {
		t.Errorf("what its role may do is not said: %v", m.Rank.Why)
	}
	worst := r.Causes[0]
	if worst.Subject.Kind != "security-group-rule" || !strings.Contains(strings.Join(worst.Rank.Why, "; "), "reachable from the internet on") {
		t.Errorf("the worst cause is %q because %v", worst.Title, worst.Rank.Why)
	}
	for i := 1; i < len(r.Causes); i++ {
		if r.Causes[i].Rank.Score > r.Causes[i-1].Rank.Score {
			t.Errorf("cause %d has a higher score than the one before it", i)
		}
	}
	for _, c := range r.Causes {
		if len(c.Rank.Why) == 0 {
			t.Errorf("nothing is said of why %s stands where it stands", c.Key)
		}
	}
}

// three groups admit the Internet on 22: one is worn by a host with a public address, one by a host without, one by nobody.
const groups = `{"SecurityGroups": [
	{"GroupId": "sg-open", "VpcId": "vpc-1", "OwnerId": "111122223333", "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]},
	{"GroupId": "sg-shut", "VpcId": "vpc-1", "OwnerId": "111122223333", "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]},
	{"GroupId": "sg-idle", "VpcId": "vpc-1", "OwnerId": "111122223333", "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]}]}`

const instances = `{"Reservations": [{"OwnerId": "111122223333", "Instances": [
	{"InstanceId": "i-open", "State": {"Name": "running"}, "PublicIpAddress": "203.0.113.9", "SecurityGroups": [{"GroupId": "sg-open"}]},
	{"InstanceId": "i-shut", "State": {"Name": "running"}, "SecurityGroups": [{"GroupId": "sg-shut"}]}]}]}`

// TestExposureDecidesAmongEqualRules: the same rule is urgent where an address leads to it, and untidy where nobody wears it; that nobody
// does is said only if everything was looked at.
func TestExposureDecidesAmongEqualRules(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{
		"111122223333/us-east-1/ec2/describe-security-groups.json":    {Data: []byte(groups)},
		"111122223333/us-east-1/ec2/describe-instances.json":          {Data: []byte(instances)},
		"111122223333/us-east-1/ec2/describe-network-interfaces.json": {Data: []byte(`{"NetworkInterfaces": []}`)},
	}
	order := func() (order []string, why string) {
		set, err := responses.ReadAWSCLI(files, "test", time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), responses.NewRedactor(nil))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range ranked(t, set).Causes {
			if i := slices.Index(c.Controls, "net-no-ssh-from-internet"); i >= 0 {
				group, _, _ := strings.Cut(c.Subject.ID, "/")
				order = append(order, group)
				if group == "sg-idle" {
					why = strings.Join(c.Rank.Why, "; ")
				}
			}
		}
		return order, why
	}
	got, why := order()
	if diff := cmp.Diff([]string{"sg-open", "sg-shut", "sg-idle"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !strings.Contains(why, "nothing uses it") {
		t.Errorf("of the idle group it says %q", why)
	}
	delete(files, "111122223333/us-east-1/ec2/describe-network-interfaces.json")
	if _, why = order(); strings.Contains(why, "nothing uses it") {
		t.Errorf("interfaces were not read, and it says %q", why)
	}
}
