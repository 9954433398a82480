package lockdown

import (
	"fmt"

	"github.com/onus-cloud/onus/internal/answer"
	"github.com/onus-cloud/onus/internal/claims"
	"github.com/onus-cloud/onus/internal/control"
	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

// PrivateTierHasNoPublicAddress is net-private-tier-has-no-public-address. A tier is declared private by the claim
// "shop.db has no public address".
//
//   - Its hosts and every other network interface of it have no public IPv4 address, whether Elastic or given at the start.
//     Interfaces are of the tier by their own tags or by those of the host that they are attached to. Stopped hosts count: an
//     Elastic IP address stays.
//   - Subnets in which its hosts stand, and those that the tier itself selects, give none to what is started in them next.
//   - IPv6 addresses are all public by nature; whether packets get there is another sentence.
//
// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-ip-addressing.html
var PrivateTierHasNoPublicAddress = &control.Control{
	ID:       "net-private-tier-has-no-public-address",
	Practice: "network-lockdown",
	Title:    "Hosts of tiers declared private have no public address, and their subnets hand none out",
	Sentence: "tiers declared private have no public address",
	Asked:    "tiers declared private have no public address",
	Declares: []claims.Form{{Text: "{tier} has no public address", Example: "shop.db has no public address"}},
	Why:      "With a public address a host that is meant to be inside is one open rule away from everybody.",
	Fix:      "Take the address away and turn off automatic public addresses in the subnet.",
	Severity: answer.Medium,
	Lists:    []operation.ID{"ec2:DescribeInstances", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"},
	Judge: func(c *control.Case) {
		var tiers []claims.Tier
		if tier, claimed := c.Slots.Tier("tier"); claimed {
			tiers = []claims.Tier{tier}
		} else {
			for _, claim := range c.Declarations() {
				tier, _ := claim.Slots.Tier("tier")
				tiers = append(tiers, tier)
			}
		}
		if len(tiers) == 0 {
			c.NotDeclared()
			return
		}
		judgePublicAddresses(c, func(s estate.Subject) estate.Truth {
			private := estate.False
			for _, tier := range tiers {
				private = estate.Or(private, c.Declared.Selects(tier, s))
			}
			return private
		})
	},
}

func judgePublicAddresses(c *control.Case, private func(estate.Subject) estate.Truth) {
	instances, standing := map[string]*estate.Instance{}, map[string]estate.Truth{}
	stand := func(subnet string, is estate.Truth) {
		if was, ok := standing[subnet]; !ok || is > was {
			standing[subnet] = is
		}
	}
	for _, i := range c.Estate.Instances {
		instances[i.Ref().ID] = i
		is := private(i)
		stand(i.Subnet, is)
		judgePublicAddress(c, i, is, i.PublicAddress.IsValid(), fmt.Sprintf("PublicIpAddress is %s", i.PublicAddress), "ec2:DescribeInstances")
	}
	for _, n := range c.Estate.NetworkInterfaces {
		is := private(n)
		if i := instances[n.Instance]; i != nil {
			is = estate.Or(is, private(i))
			if n.Public == i.PublicAddress {
				continue // told of the host already
			}
		}
		if n.Instance == "" {
			stand(n.Subnet, is)
		}
		judgePublicAddress(c, n, is, n.Public.IsValid(), fmt.Sprintf("PublicIp is %s", n.Public), "ec2:DescribeNetworkInterfaces")
	}
	for _, s := range c.Estate.Subnets {
		is := private(s)
		if truth, ok := standing[s.Ref().ID]; ok {
			is = estate.Or(is, truth)
		}
		judgePublicAddress(c, s, is, s.PublicIP, "MapPublicIpOnLaunch is true", "ec2:DescribeSubnets")
	}
}

// judgePublicAddress judges what is, or may be, of a private tier.
func judgePublicAddress(c *control.Case, s estate.Subject, private estate.Truth, public bool, fact string, told operation.ID) {
	switch ref := s.Ref(); {
	case private == estate.False:
	case private == estate.Unknown:
		gap, _ := s.Tags().Unread()
		c.Unknown(s, "whether it belongs to a tier declared private could not be read", gap)
	case public:
		c.Breaks(s, control.Counter{Text: publicAddressText(ref), Facts: []answer.Fact{{Text: fact, Operation: told}}, Cause: publicAddressCause(ref)})
	default:
		c.Holds(s)
	}
}

func publicAddressText(ref estate.Ref) string {
	switch ref.Kind {
	case "subnet":
		return "subnet " + control.Called(ref) + " gives a public address to what is started in it"
	case "network-interface":
		return "network interface " + control.Called(ref) + " has a public address"
	}
	return ref.Kind + " " + control.Called(ref) + " has a public address"
}

func publicAddressCause(ref estate.Ref) answer.Cause {
	cause := answer.Cause{Key: control.CauseKey(ref, "public-address"), Subject: ref, Title: publicAddressText(ref)}
	switch ref.Kind {
	case "subnet":
		cause.Fix = answer.Fix{
			Text:      "Turn off automatic public addresses in the subnet; hosts that run keep theirs.",
			CLI:       []string{fmt.Sprintf("aws ec2 modify-subnet-attribute --region %s --subnet-id %s --no-map-public-ip-on-launch", ref.Region, ref.ID)},
			Terraform: "resource \"aws_subnet\" \"this\" {\n  map_public_ip_on_launch = false\n}",
		}
	case "network-interface":
		cause.Fix = answer.Fix{
			Text: "Take the Elastic IP address off the interface, or the automatic one.",
			CLI: []string{fmt.Sprintf("aws ec2 describe-addresses --region %s --filters Name=network-interface-id,Values=%s", ref.Region, ref.ID),
				fmt.Sprintf("aws ec2 disassociate-address --region %s --association-id ASSOCIATION_ID", ref.Region),
				fmt.Sprintf("aws ec2 modify-network-interface-attribute --region %s --network-interface-id %s --no-associate-public-ip-address", ref.Region, ref.ID)},
		}
	default:
		cause.Fix = answer.Fix{
			Text: "Take the Elastic IP address off the host, or the automatic one off its interface; what needs to get out goes through a NAT gateway.",
			CLI: []string{fmt.Sprintf("aws ec2 describe-addresses --region %s --filters Name=instance-id,Values=%s", ref.Region, ref.ID),
				fmt.Sprintf("aws ec2 disassociate-address --region %s --association-id ASSOCIATION_ID", ref.Region)},
			Terraform: "resource \"aws_instance\" \"this\" {\n  associate_public_ip_address = false\n}",
		}
	}
	return cause
}
