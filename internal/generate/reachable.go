package generate

// reachable is the truth of what packets can do in Acme beyond what jenkins.go and mistakes.go plant: its groups let everything
// out and its data subnets have a route to a NAT gateway, so that databases may call out.
func (c *acme) reachable() {
	t := c.w.truth
	for _, name := range []string{"billing", "crm", "finance", "ledger-a", "ledger-b", "shop-a", "shop-b", "shop-eu-a", "shop-eu-b",
		"shop-sessions-001", "shop-sessions-002", "stage-shop"} {
		t.breaks("contain-database-cannot-call-out", name, "its group lets everything out, and its subnet routes to a NAT gateway")
	}
	for _, name := range []string{"shop-a", "shop-b", "shop-eu-a", "shop-eu-b", "stage-shop"} {
		t.breaks("contain-tiers-talk-as-declared", name, "hosts that no claim names may talk to it")
	}
	for _, id := range []string{"i-000f8a7d7ab09fd07", "i-0157a9832666b544d", "i-0bf5686809548efed"} { // stage-app
		t.breaks("contain-tiers-talk-as-declared", id, "hosts that no claim names may talk to it")
	}
	for _, id := range []string{"i-0523963fb4587b080", "i-0a23a98eda1f4c3cb", "i-0e53a3ea46a3c4c4e"} { // stage-web
		t.breaks("lb-targets-accept-only-it", id, "the staging group admits the whole VPC, and not its load balancer only")
	}
	for _, id := range []string{"11a87a6f6f475c8915462ed32ca9b3a2", "9add3f33b350243e9c6b9acbeffdc38a", "c5d6a01eda3e4c6cd8fb3b158a57fb95", "orders"} {
		t.hides("net-ipv6-no-wider-than-ipv4", id, "what an entry with several addresses answers on is not read")
	}
	t.hides("lb-origin-only-from-cdn", "orders", "the path of its VPC link is not read")
	t.hides("waf-cannot-be-walked-around", "EC20463B3718C4", "where its origin leads is not certain")
}
