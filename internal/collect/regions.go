package collect

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	accounts "github.com/aws/aws-sdk-go-v2/service/account"
	accounttypes "github.com/aws/aws-sdk-go-v2/service/account/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/responses"
)

// findRegions finds the Regions to read: those that were asked for, else those that the account has enabled, else the one
// Region that is configured, if nobody tells which are enabled.
func (a *account) findRegions(ctx context.Context) {
	enabled, _ := a.askRegions(ctx)
	switch {
	case len(a.Regions) > 0:
		a.regions = slices.Clone(a.Regions)
	case len(enabled) > 0:
		a.regions = enabled
	default:
		a.regions = []string{a.config.Region}
	}
	slices.Sort(a.regions)
	a.regions = slices.Compact(a.regions)
}

// askRegions asks AWS which Regions the account has enabled and which there are. The account's own service knows both; where
// it does not answer, EC2 knows the enabled ones.
func (a *account) askRegions(ctx context.Context) (enabled, all []string) {
	for _, page := range call(ctx, a.global, "account:ListRegions", accounts.NewFromConfig(a.config).ListRegions, &accounts.ListRegionsInput{MaxResults: aws.Int32(50)}) {
		for _, r := range page.Regions {
			all = append(all, aws.ToString(r.RegionName))
			switch r.RegionOptStatus {
			case accounttypes.RegionOptStatusEnabled, accounttypes.RegionOptStatusEnabledByDefault:
				enabled = append(enabled, aws.ToString(r.RegionName))
			}
		}
	}
	if len(enabled) > 0 {
		return enabled, all
	}
	for _, page := range call(ctx, a.global, "ec2:DescribeRegions", ec2.NewFromConfig(a.config).DescribeRegions, &ec2.DescribeRegionsInput{AllRegions: aws.Bool(false)}) {
		for _, r := range page.Regions {
			enabled = append(enabled, aws.ToString(r.RegionName))
		}
	}
	return enabled, nil
}

// checkRegions refuses a Region that does not exist, before anything is read.
func (r *run) checkRegions(ctx context.Context, base *account) error {
	if len(r.Regions) == 0 {
		return nil
	}
	_, all := base.askRegions(ctx)
	for _, region := range r.Regions {
		if len(all) > 0 && !slices.Contains(all, region) {
			return fmt.Errorf("there is no Region %q: pass --region with one of %s", region, strings.Join(slices.Sorted(slices.Values(all)), ", "))
		}
	}
	return nil
}

// byOrganizationPolicy is how AWS words a denial by a service control policy
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html).
const byOrganizationPolicy = "with an explicit deny in a service control policy"

// probe makes the first two calls of a Region, of different services, and reports whether the others are worth making. They
// are not where an organisation policy closes the Region, where the account does not have it enabled, and where it has no hosts.
func (p *place) probe(ctx context.Context) bool {
	p.probing = true
	describeVpcs(ctx, p)
	listKeys(ctx, p)
	p.mu.Lock()
	held := p.held
	p.held, p.probing = nil, false
	p.mu.Unlock()

	every := func(is func(responses.Response) bool) bool {
		return len(held) == 2 && !slices.ContainsFunc(held, func(r responses.Response) bool { return !is(r) })
	}
	if every(func(r responses.Response) bool {
		return r.Outcome == operation.Denied && strings.Contains(r.Message, byOrganizationPolicy)
	}) {
		closed := held[0]
		closed.Operation, closed.Code = "ec2:DescribeVpcs", CodeRegionClosed
		p.record(closed)
		return false
	}
	for _, r := range held {
		p.record(r)
	}
	switch {
	case every(func(r responses.Response) bool { return slices.Contains(disabledCodes, r.Code) }):
		p.none(CodeRegionDisabled, "the account does not have the Region enabled, or these credentials do not work there")
		return false
	case every(func(r responses.Response) bool { return r.Code == codeNoHost }):
		p.none(CodeRegionUnreachable, "no host of the Region was found")
		return false
	}
	return true
}
