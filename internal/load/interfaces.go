package load

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/onus-cloud/onus/internal/estate"
)

// networkInterface is an interface as AWS lists it, by itself or with its instance.
type networkInterface struct {
	NetworkInterfaceID string `json:"NetworkInterfaceId"`
	OwnerID            string `json:"OwnerId"`
	VpcID              string `json:"VpcId"`
	SubnetID           string `json:"SubnetId"`
	InterfaceType      string
	Status             string
	RequesterID        string `json:"RequesterId"`
	RequesterManaged   bool
	Description        string
	PrivateIPAddress   string `json:"PrivateIpAddress"`
	PrivateIPAddresses []struct {
		PrivateIPAddress string `json:"PrivateIpAddress"`
		Association      struct {
			PublicIP string `json:"PublicIp"`
		}
	} `json:"PrivateIpAddresses"`
	Ipv6Addresses []struct{ Ipv6Address string }
	Ipv4Prefixes  []struct{ Ipv4Prefix string }
	Ipv6Prefixes  []struct{ Ipv6Prefix string }
	Association   struct {
		PublicIP string `json:"PublicIp"`
	}
	Attachment struct {
		InstanceID      string `json:"InstanceId"`
		InstanceOwnerID string `json:"InstanceOwnerId"`
	}
	Groups []struct {
		GroupID string `json:"GroupId"`
	}
	SourceDestCheck   *bool
	DenyAllIgwTraffic bool
	TagSet            []tag
}

// interfaces reads network interfaces. In a shared subnet each account sees and owns its own. Where not all were listed, instances
// tell of theirs.
func (l *loader) interfaces() {
	type interfaceList struct{ NetworkInterfaces []networkInterface }
	listed := map[string]bool{}
	each(l, "ec2:DescribeNetworkInterfaces", func(p estate.Place, page *interfaceList) {
		for _, n := range page.NetworkInterfaces {
			listed[n.NetworkInterfaceID] = true
			l.estate.NetworkInterfaces = append(l.estate.NetworkInterfaces, n.read(p))
		}
	})
	type instanceList struct {
		Reservations []struct {
			OwnerID   string `json:"OwnerId"`
			Instances []struct {
				InstanceID        string `json:"InstanceId"`
				NetworkInterfaces []networkInterface
			}
		}
	}
	each(l, "ec2:DescribeInstances", func(p estate.Place, page *instanceList) {
		if l.estate.Complete(p, "ec2:DescribeNetworkInterfaces") {
			return
		}
		for _, r := range page.Reservations {
			for _, host := range r.Instances {
				for _, n := range host.NetworkInterfaces {
					// What AWS tells of an interface that is in use is whole; a file may hold less.
					if listed[n.NetworkInterfaceID] || n.NetworkInterfaceID == "" || n.SubnetID == "" || n.VpcID == "" || n.PrivateIPAddress == "" && len(n.Ipv6Addresses) == 0 || len(n.Groups) == 0 {
						continue
					}
					n.OwnerID, n.Attachment.InstanceID, n.Attachment.InstanceOwnerID = cmp.Or(n.OwnerID, r.OwnerID), host.InstanceID, r.OwnerID
					n.InterfaceType, n.Status = cmp.Or(n.InterfaceType, "interface"), cmp.Or(n.Status, "in-use")
					l.estate.NetworkInterfaces = append(l.estate.NetworkInterfaces, n.read(p))
				}
			}
		}
	})
	l.estate.NetworkInterfaces = byKey(l.estate.NetworkInterfaces)
}

func (n *networkInterface) read(p estate.Place) *estate.NetworkInterface {
	i := &estate.NetworkInterface{
		Resource:      ec2Resource(owned(p, n.OwnerID), "network-interface", n.NetworkInterfaceID, n.TagSet),
		VPC:           n.VpcID,
		Subnet:        n.SubnetID,
		Type:          n.InterfaceType,
		Status:        n.Status,
		Description:   n.Description,
		Instance:      n.Attachment.InstanceID,
		DeniesGateway: n.DenyAllIgwTraffic,
		SourceDest:    n.SourceDestCheck == nil || *n.SourceDestCheck,
	}
	if n.RequesterManaged { // of one's own, the requester is the user who made it
		i.Requester = n.RequesterID
	}
	if i.Instance != "" { // which may be another account's
		i.Host = cmp.Or(n.Attachment.InstanceOwnerID, i.Place().Account)
	}
	i.Public, _ = netip.ParseAddr(n.Association.PublicIP)
	texts := []string{n.PrivateIPAddress}
	for _, a := range n.PrivateIPAddresses {
		texts = append(texts, a.PrivateIPAddress)
		private, _ := netip.ParseAddr(a.PrivateIPAddress)
		if public, _ := netip.ParseAddr(a.Association.PublicIP); private.IsValid() && public.IsValid() {
			i.Associations = append(i.Associations, estate.Association{Private: private, Public: public})
		}
		if !i.Public.IsValid() { // the first address may have none where a further one has
			i.Public, _ = netip.ParseAddr(a.Association.PublicIP)
		}
	}
	i.Private = addresses(texts...)
	slices.SortFunc(i.Associations, func(a, b estate.Association) int {
		return cmp.Or(a.Private.Compare(b.Private), a.Public.Compare(b.Public))
	})
	i.Associations = slices.Compact(i.Associations)
	texts = nil
	for _, x := range n.Ipv4Prefixes {
		texts = append(texts, x.Ipv4Prefix)
	}
	for _, x := range n.Ipv6Prefixes {
		texts = append(texts, x.Ipv6Prefix)
	}
	i.Prefixes = cidrs(texts...)
	texts = nil
	for _, a := range n.Ipv6Addresses {
		texts = append(texts, a.Ipv6Address)
	}
	i.IPv6 = addresses(texts...)
	for _, g := range n.Groups {
		i.SecurityGroups = append(i.SecurityGroups, g.GroupID)
	}
	slices.Sort(i.SecurityGroups)
	return i
}

// addresses are those of the texts that are one, sorted.
func addresses(texts ...string) []netip.Addr {
	var list []netip.Addr
	for _, text := range texts {
		if a, err := netip.ParseAddr(text); err == nil {
			list = append(list, a)
		}
	}
	slices.SortFunc(list, netip.Addr.Compare)
	return slices.Compact(list)
}
