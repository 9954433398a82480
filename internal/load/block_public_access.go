package load

import (
	"cmp"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

const (
	blockOptions    operation.ID = "ec2:DescribeVpcBlockPublicAccessOptions"
	blockExclusions operation.ID = "ec2:DescribeVpcBlockPublicAccessExclusions"
)

// blockPublicAccess reads the block and what is exempt from it. While the block itself or an exclusion changes, nobody can say
// what is in force: the mode is unknown then, unless it is off.
func (l *loader) blockPublicAccess() {
	type exclusionList struct {
		VpcBlockPublicAccessExclusions []struct {
			ExclusionID                  string `json:"ExclusionId"`
			InternetGatewayExclusionMode string
			ResourceArn                  string
			State                        string
			Tags                         []tag
		}
	}
	changing := map[estate.Place]string{}
	each(l, blockExclusions, func(p estate.Place, page *exclusionList) {
		for _, x := range page.VpcBlockPublicAccessExclusions {
			switch x.State {
			case "", "create-complete", "update-complete":
			case "create-failed", "delete-complete", "disable-complete":
				continue
			default: // on the way to or from one of these, or an update that failed
				changing[p] = x.ExclusionID
				continue
			}
			_, of, _ := strings.Cut(x.ResourceArn, "/")
			l.estate.BlockPublicAccessExclusions = append(l.estate.BlockPublicAccessExclusions, &estate.BlockPublicAccessExclusion{
				Resource: ec2Resource(p, "vpc-block-public-access-exclusion", x.ExclusionID, x.Tags), Of: of, Mode: x.InternetGatewayExclusionMode})
		}
	})
	l.estate.BlockPublicAccessExclusions = byKey(l.estate.BlockPublicAccessExclusions)

	type options struct {
		VpcBlockPublicAccessOptions struct{ State, InternetGatewayBlockMode string }
	}
	places := l.estate.Places(blockOptions)
	for _, r := range l.lists[blockOptions] {
		places = append(places, placeOf(r))
	}
	slices.SortFunc(places, func(a, b estate.Place) int {
		return cmp.Or(strings.Compare(a.Account, b.Account), strings.Compare(a.Region, b.Region))
	})
	for _, p := range slices.Compact(places) {
		read := only(l, p, blockOptions, func(page *options) options { return *page })
		block := &estate.BlockPublicAccess{Place: p}
		unknown := func(why string) {
			gap := l.estate.Reading(p, blockOptions, "").Gap()
			if gap.Why == "" && why != "" {
				gap.Why = why
			}
			block.Mode = estate.Unread[string](gap)
		}
		o, ok := read.Value()
		switch mode, exclusion := o.VpcBlockPublicAccessOptions.InternetGatewayBlockMode, changing[p]; {
		case !ok:
			unknown("")
		case mode == "":
			unknown(string(blockOptions) + " in " + p.String() + " does not say what is blocked")
		case o.VpcBlockPublicAccessOptions.State == "update-in-progress":
			unknown("what VPCs of " + p.String() + " block towards the Internet was being changed")
		case mode != "off" && exclusion != "":
			unknown("the exclusion " + exclusion + " from what VPCs of " + p.String() + " block towards the Internet was being changed")
		default:
			block.Mode = estate.Know(mode)
		}
		l.estate.BlockPublicAccess = append(l.estate.BlockPublicAccess, block)
	}
}
