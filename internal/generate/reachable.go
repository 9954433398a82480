package generate

import (
	"fmt"
	"strconv"
)

// reachable is the truth of what packets can do in Acme beyond what jenkins.go and mistakes.go plant. It follows from how
// network.go and stores.go make things: data subnets share the private route table with its route to a NAT gateway, groups let
// everything out, and those of databases admit the whole VPC.
func (c *acme) reachable() {
	t := c.w.truth
	for _, name := range []string{"billing", "crm", "finance", "ledger-a", "ledger-b", "shop-a", "shop-b", "shop-eu-a", "shop-eu-b",
		"shop-sessions-001", "shop-sessions-002", "stage-shop"} {
		t.breaks("contain-database-cannot-call-out", name, "its group lets everything out, and its subnet routes to a NAT gateway")
	}
	// Claims are about the tiers of the shop. In production its applications admit the web tier alone.
	for _, name := range []string{"shop-a", "shop-b", "shop-eu-a", "shop-eu-b", "stage-shop"} {
		t.breaks("contain-tiers-talk-as-declared", name, "its group admits the whole VPC, where others live than its applications")
	}
	for i := range 3 {
		t.breaks("contain-tiers-talk-as-declared", c.test.id("i", fmt.Sprintf("stage-app-%02d", i+1)), "its group admits the whole VPC, and not the web tier only")
		t.breaks("lb-targets-accept-only-it", c.test.id("i", fmt.Sprintf("stage-web-%02d", i+1)), "its group admits the whole VPC, and not its load balancer only")
	}
	// CloudFront and an API reach the load balancer of orders by ways of which AWS does not say which rules apply.
	orders := []string{"orders"}
	for i := range 3 {
		orders = append(orders, c.virginia.digest(32, "task", "shop", "orders", strconv.Itoa(i)))
	}
	for _, id := range orders {
		t.hides("net-ipv6-no-wider-than-ipv4", id, "whether CloudFront reaches it through the VPC origin is not certain, in either family")
	}
	t.hides("lb-origin-only-from-cdn", "orders", "whether its group guards the way from the VPC link is not read")
	t.hides("waf-cannot-be-walked-around", "E"+upper(c.production.global.digest(13, "distribution", "partners.acme.example")), "where its VPC origin leads is not certain")
}
