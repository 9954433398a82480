package reach

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/onus-cloud/onus/internal/estate"
)

// streets is an estate in which everything has a name, some of them twice.
func streets() *estate.Estate {
	made := func(kind, id, name string) estate.Resource {
		r := estate.Ref{Kind: kind, Account: "111122223333", Region: "us-east-1", ID: id, Name: name}
		if !givenByAWS(r) {
			r.ARN = "arn:aws:x:us-east-1:111122223333:" + kind + "/" + id
		}
		return estate.Resource{Reference: r}
	}
	abroad := made("instance", "i-0abc1234", "web")
	abroad.Reference.Account = "444455556666"
	e := &estate.Estate{}
	e.Instances = []*estate.Instance{
		{Resource: made("instance", "i-0abc1234", "web")}, {Resource: abroad},
		{Resource: made("instance", "i-0def5678", "jenkins")}, {Resource: made("instance", "i-0aaa0001", "shop")},
	}
	e.NetworkInterfaces = []*estate.NetworkInterface{{Resource: made("network-interface", "eni-01", ""), Instance: "i-0unread1", SecurityGroups: []string{"sg-0unread"}, VPC: "vpc-01", Subnet: "subnet-01"}}
	e.VPCs = []*estate.VPC{{Resource: made("vpc", "vpc-01", "i-0def5678")}} // somebody's joke
	balancer := made("load-balancer", "shop", "shop")
	balancer.Reference.ARN = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/shop/50dc6c495c0c9188"
	e.LoadBalancers = []*estate.LoadBalancer{{Resource: balancer, DNSName: "Shop-123.us-east-1.elb.amazonaws.com"}}
	e.DBInstances = []*estate.DBInstance{{Resource: made("db-instance", "orders", "orders"), Address: "orders.c1.us-east-1.rds.amazonaws.com"}}
	e.AutoScalingGroups = []*estate.AutoScalingGroup{
		{Resource: made("auto-scaling-group", "fleet", "fleet"), Instances: []string{"i-0aaa0001", "i-0aaa0002"}},
		{Resource: made("auto-scaling-group", "idle", "idle")},
	}
	e.Addresses = []*estate.Address{{Resource: made("elastic-ip", "eipalloc-01", ""), Public: netip.MustParseAddr("3.3.3.3")}}
	e.PrefixLists = []*estate.PrefixList{
		{Resource: made("prefix-list", "pl-01", "office"), Entries: estate.Know([]netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")})},
		{Resource: made("prefix-list", "pl-02", "partners")},
	}
	return e
}

func TestEnd(t *testing.T) {
	t.Parallel()
	n := Of(streets())
	for _, c := range []struct{ text, want string }{
		{"internet", "internet"}, {" The Internet ", "internet"}, {"INTERNET", "internet"},
		{"203.0.113.7", "203.0.113.7/32"}, {"10.0.0.0/8", "10.0.0.0/8"}, {"2001:db8::1", "2001:db8::1/128"}, {"2001:db8::/32", "2001:db8::/32"},
		{"::ffff:192.0.2.1", "192.0.2.1/32"}, {"::/0", "::/0"}, {"0.0.0.0/0", "0.0.0.0/0"},

		{"i-0def5678", "instance i-0def5678"}, {"I-0DEF5678", "instance i-0def5678"}, {"jenkins", "instance i-0def5678"}, {"Jenkins", "instance i-0def5678"},
		{"eni-01", "network-interface eni-01"}, {"vpc-01", "vpc vpc-01"},
		{"i-0unread1", "instance i-0unread1"}, {"sg-0unread", "security-group sg-0unread"}, {"subnet-01", "subnet subnet-01"},
		{"arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/shop/50dc6c495c0c9188", "load-balancer shop"},
		{"app/shop/50dc6c495c0c9188", "load-balancer shop"}, {"shop-123.us-east-1.elb.amazonaws.com", "load-balancer shop"},
		{"https://dualstack.shop-123.us-east-1.elb.amazonaws.com/cart?x=1", "load-balancer shop"}, {"shop-123.us-east-1.elb.amazonaws.com.", "load-balancer shop"},
		{"load-balancer/shop", "load-balancer shop"}, {"instance/shop", "instance i-0aaa0001"},
		{"orders", "db-instance orders"}, {"orders.c1.us-east-1.rds.amazonaws.com", "db-instance orders"},
		{"fleet", "instance i-0aaa0001, instance i-0aaa0002"}, {"eipalloc-01", "3.3.3.3/32"}, {"pl-01", "203.0.113.0/24"}, {"office", "203.0.113.0/24"},
		{"444455556666/i-0abc1234", "instance i-0abc1234"}, {"111122223333/us-east-1/jenkins", "instance i-0def5678"},

		{"", "error: an end is missing"}, {"  ", "error: an end is missing"},
		{"10.0.0.5/8", "error: 10.0.0.5/8 has bits set beyond its length: write 10.0.0.0/8 for the network, or 10.0.0.5 for the one address"},
		{"10.0.0.0/33", `error: 10.0.0.0/33 is not a CIDR: "33" is not a length from 0 to 32`}, {"2001:db8::/129", "length from 0 to 128"},
		{"10.0.0.0/", "is not a length"}, {"10.0.0.0/8/8", "is not a length"}, {"10.0.0.256", "error: 10.0.0.256 is not an address"}, {"10.0.0", "error: 10.0.0 is not an address"},
		{"010.0.0.1", "is not an address"}, {"2001:db8:::1", "is not an address"}, {"fe80::1%eth0", "names a zone"},
		{"10.0.0.1:22", "write the port apart"}, {"[2001:db8::1]:22", "write the port apart"},
		{"shop", "error: 2 things are called \"shop\": instance 111122223333/i-0aaa0001, load-balancer arn:aws:elasticloadbalancing"},
		{"i-0abc1234", "error: 2 things are called \"i-0abc1234\": instance 111122223333/i-0abc1234, instance 444455556666/i-0abc1234; write the ARN of one, or ACCOUNT/ID"},
		{"idle", "has no instance now"}, {"partners", "was not read"},
		{"777788889999/i-0abc1234", "error: nothing that was read is called"}, {"arn:aws:ec2:us-east-1:1:instance/i-0abc1234", "error: nothing that was read"},
		{"i-0de5678", "there is i-0def5678 (jenkins)"}, {"jenkin", "there is i-0def5678 (jenkins)"}, {"i-0def", "there is i-0def5678 (jenkins)"},
		{"eni-0aaa0001", "error: nothing that was read is called \"eni-0aaa0001\"; it may be"},
		{strings.Repeat("x", 1<<20), "xxx..."},
	} {
		end, err := n.End(c.text)
		got := spoken(end)
		if err != nil {
			got = "error: " + err.Error()
		}
		if ok := got == c.want || err != nil && strings.Contains(got, c.want); !ok {
			t.Errorf("End(%.60q) = %s, want %s", c.text, got, c.want)
		}
		if err != nil && (spoken(end) != "" || len(got) > 1000) {
			t.Errorf("End(%.60q) = %s with an error of %d bytes", c.text, spoken(end), len(got))
		}
	}
}

func spoken(e End) string {
	var parts []string
	if e.Internet {
		parts = append(parts, "internet")
	}
	if !e.Addresses.Empty() {
		parts = append(parts, e.Addresses.String())
	}
	for _, r := range e.Refs {
		parts = append(parts, r.Kind+" "+r.ID)
	}
	return strings.Join(parts, ", ")
}

// TestEndMissingSaysWhatWasNotRead: a name may be missing because a listing was denied, and then that is said.
func TestEndMissingSaysWhatWasNotRead(t *testing.T) {
	t.Parallel()
	_, err := Of(&estate.Estate{}).End("i-0abc")
	var missing *NoEndError
	if !errors.As(err, &missing) || len(missing.Gaps) != 1 || missing.Near != nil {
		t.Errorf("an end where nothing was read: %v", err)
	}
}

// TestDistance: one for each slip of the hand.
func TestDistance(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "ab", 2}, {"i-0abc", "i-0abc", 0}, {"i-0abc", "i-0acb", 1}, {"i-0abc", "i-0abd", 1}, {"i-0abc", "i-0ab", 1}, {"kitten", "sitting", 3}} {
		if got, back := distance(c.a, c.b), distance(c.b, c.a); got != c.want || back != c.want {
			t.Errorf("distance(%q, %q) = %d, and %d the other way round, want %d", c.a, c.b, got, back, c.want)
		}
	}
}

// FuzzEnd: whatever somebody types is an end or an error that can be shown, never both and never neither.
func FuzzEnd(f *testing.F) {
	n := Of(streets())
	for _, text := range []string{"internet", "10.0.0.0/8", "::1%", "[", "a/b/c", "arn:aws:ec2", "111122223333/", "https://", "i-0abc1234", "1.", "::/", "\xff", "/"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		end, err := n.End(text)
		if (err == nil) == (spoken(end) == "") {
			t.Errorf("End(%q) = %q, %v", text, spoken(end), err)
		}
		again, _ := n.End(strings.ToUpper(text))
		if err == nil && end.Internet != again.Internet {
			t.Errorf("End(%q) depends on case", text)
		}
	})
}
