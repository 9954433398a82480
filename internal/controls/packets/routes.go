package packets

import (
	"fmt"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/netset"
)

// Destination is what a route is for, as AWS shows it.
func Destination(r estate.Route) string {
	if r.CIDR.IsValid() {
		return r.CIDR.String()
	}
	return r.PrefixList
}

// Destinations are the addresses that a route is for; of a prefix list they are its entries, if those were read.
func (x *Index) Destinations(place estate.Place, r estate.Route) estate.Known[netset.Addresses] {
	if r.CIDR.IsValid() {
		return estate.Know(netset.Of(r.CIDR))
	}
	for _, l := range x.estate.PrefixLists {
		if l.Ref().ID == r.PrefixList {
			return l.Addresses()
		}
	}
	return estate.Unread[netset.Addresses](x.estate.Reading(place, "ec2:GetManagedPrefixListEntries", r.PrefixList).Gap())
}

// RouteFact is a route as a fact.
func RouteFact(t *estate.RouteTable, r estate.Route) answer.Fact {
	return answer.Fact{Text: fmt.Sprintf("%s routes %s to %s", t.Ref().ID, Destination(r), r.Target), Operation: "ec2:DescribeRouteTables"}
}

// RouteCause is one route that leads where it should not. Every control that finds it names the same cause.
func RouteCause(t *estate.RouteTable, r estate.Route, text, terraform string) answer.Cause {
	flag := "--destination-cidr-block"
	switch {
	case !r.CIDR.IsValid():
		flag = "--destination-prefix-list-id"
	case r.CIDR.Addr().Is6():
		flag = "--destination-ipv6-cidr-block"
	}
	ref := t.Ref()
	return answer.Cause{
		Key:     "route/" + ref.ID + "/" + Destination(r),
		Subject: ref,
		Title:   fmt.Sprintf("route table %s sends %s to %s", ref.ID, Destination(r), r.Target),
		Fix: answer.Fix{
			Text:      text,
			CLI:       []string{fmt.Sprintf("aws ec2 delete-route --region %s --route-table-id %s %s %s", ref.Region, ref.ID, flag, Destination(r))},
			Terraform: terraform,
		},
	}
}
