package load

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/policy"
)

// buckets reads S3 buckets. S3 is asked once for an account, whatever the buckets' Regions.
func (l *loader) buckets() {
	type bucketList struct {
		Buckets []struct {
			Name         string
			BucketRegion string // in newer answers only
			CreationDate when
		}
		Owner struct{ ID string }
	}
	each(l, "s3:ListBuckets", func(p estate.Place, page *bucketList) {
		block := l.accountBlock(p)
		if a := l.estate.Account(p.Account); a != nil && page.Owner.ID != "" {
			a.Canonical = page.Owner.ID
		}
		for _, b := range page.Buckets {
			if b.Name == "" {
				continue
			}
			bucket := &estate.Bucket{Created: b.CreationDate.Time, AccountBlock: block}
			l.bucketSettings(bucket, p, b.Name)
			region := b.BucketRegion
			if region == "" {
				region = l.bucketRegion(p, b.Name)
			}
			bucket.Reference = estate.Ref{Kind: "bucket", Account: p.Account, Region: region, ID: b.Name, ARN: "arn:" + estate.Partition(region) + ":s3:::" + b.Name}
			bucket.Labels = l.tagsOf(estate.Place{Account: p.Account, Region: region}, bucket.Reference.ARN)
			l.estate.Buckets = append(l.estate.Buckets, bucket)
		}
	})
	l.estate.Buckets = byKey(l.estate.Buckets)
}

// bucketRegion is where a bucket is, or else estate.Global. S3 has no name for us-east-1 and an old one for eu-west-1.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html
func (l *loader) bucketRegion(p estate.Place, name string) string {
	type location struct{ LocationConstraint string }
	known := about(l, p, "s3:GetBucketLocation", name, func(pages []location) string {
		if len(pages) == 0 {
			return estate.Global
		}
		switch constraint := pages[0].LocationConstraint; constraint {
		case "":
			return "us-east-1"
		case "EU":
			return "eu-west-1"
		default:
			return constraint
		}
	})
	if region, ok := known.Value(); ok {
		return region
	}
	return estate.Global
}

// blockPage is a public access block, or (from the CLI's --query) what is in it.
type blockPage struct {
	PublicAccessBlockConfiguration *estate.PublicAccessBlock
}

func (b *blockPage) UnmarshalJSON(data []byte) error {
	type page blockPage
	if err := json.Unmarshal(data, (*page)(b)); err != nil || b.PublicAccessBlockConfiguration != nil {
		return err
	}
	var bare struct{ BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets *bool }
	if err := json.Unmarshal(data, &bare); err != nil {
		return err
	}
	if bare.BlockPublicAcls == nil || bare.IgnorePublicAcls == nil || bare.BlockPublicPolicy == nil || bare.RestrictPublicBuckets == nil {
		return errors.New("it holds no PublicAccessBlockConfiguration")
	}
	b.PublicAccessBlockConfiguration = &estate.PublicAccessBlock{BlockPublicAcls: *bare.BlockPublicAcls, IgnorePublicAcls: *bare.IgnorePublicAcls,
		BlockPublicPolicy: *bare.BlockPublicPolicy, RestrictPublicBuckets: *bare.RestrictPublicBuckets}
	return nil
}

func (l *loader) accountBlock(p estate.Place) estate.Known[estate.PublicAccessBlock] {
	return only(l, p, "s3control:GetPublicAccessBlock", func(page *blockPage) estate.PublicAccessBlock { return *page.PublicAccessBlockConfiguration })
}

// last is the one page of a call that has one: its zero value where there is none.
func last[Page any](pages []Page) (page Page) {
	if len(pages) > 0 {
		page = pages[len(pages)-1]
	}
	return page
}

func (l *loader) bucketSettings(b *estate.Bucket, p estate.Place, name string) {
	b.Policy = l.bucketPolicy(p, name)
	type status struct {
		PolicyStatus struct{ IsPublic bool }
	}
	b.PolicyPublic = about(l, p, "s3:GetBucketPolicyStatus", name, func(pages []status) bool { return last(pages).PolicyStatus.IsPublic })

	type acl struct {
		Owner  struct{ ID string }
		Grants []struct {
			Grantee    struct{ URI, ID, EmailAddress string }
			Permission string
		}
	}
	b.ACL = about(l, p, "s3:GetBucketAcl", name, func(pages []acl) estate.ACL {
		list := estate.ACL{Owner: last(pages).Owner.ID}
		for _, g := range last(pages).Grants {
			list.Grants = append(list.Grants, estate.ACLGrant{Canonical: g.Grantee.ID, Group: lastPart(g.Grantee.URI), Email: g.Grantee.EmailAddress, Permission: g.Permission})
		}
		return list
	})
	b.PublicGrants = about(l, p, "s3:GetBucketAcl", name, func(pages []acl) []string {
		permissions := []string{}
		for _, g := range last(pages).Grants {
			if uri := g.Grantee.URI; strings.HasSuffix(uri, "/groups/global/AllUsers") || strings.HasSuffix(uri, "/groups/global/AuthenticatedUsers") {
				permissions = append(permissions, g.Permission+" for "+uri[strings.LastIndexByte(uri, '/')+1:])
			}
		}
		return sorted(permissions)
	})

	type ownership struct {
		OwnershipControls struct {
			Rules []struct{ ObjectOwnership string }
		}
	}
	b.Ownership = about(l, p, "s3:GetBucketOwnershipControls", name, func(pages []ownership) string {
		for _, r := range last(pages).OwnershipControls.Rules {
			return r.ObjectOwnership
		}
		return ""
	})
	b.Block = about(l, p, "s3:GetPublicAccessBlock", name, func(pages []blockPage) estate.PublicAccessBlock {
		if block := last(pages).PublicAccessBlockConfiguration; block != nil {
			return *block
		}
		return estate.PublicAccessBlock{}
	})

	type encryption struct {
		ServerSideEncryptionConfiguration struct {
			Rules []struct {
				ApplyServerSideEncryptionByDefault struct {
					SSEAlgorithm   string
					KMSMasterKeyID string
				}
				BlockedEncryptionTypes *struct{ EncryptionType []string }
			}
		}
	}
	b.Encryption = about(l, p, "s3:GetBucketEncryption", name, func(pages []encryption) estate.BucketEncryption {
		silent := l.estate.Reading(p, "s3:GetBucketEncryption", name).Gap()
		silent.Why = "s3:GetBucketEncryption of " + name + " says nothing of BlockedEncryptionTypes, which not every AWS CLI prints: onus check and onus collect ask for it"
		set := estate.BucketEncryption{Blocked: estate.Unread[[]string](silent)}
		if rules := last(pages).ServerSideEncryptionConfiguration.Rules; len(rules) > 0 {
			r := rules[0]
			set.Algorithm, set.Key = r.ApplyServerSideEncryptionByDefault.SSEAlgorithm, r.ApplyServerSideEncryptionByDefault.KMSMasterKeyID
			if r.BlockedEncryptionTypes != nil {
				set.Blocked = estate.Know(r.BlockedEncryptionTypes.EncryptionType)
			}
		}
		return set
	})

	type versioning struct{ Status string }
	b.Versioning = about(l, p, "s3:GetBucketVersioning", name, func(pages []versioning) string { return last(pages).Status })
	type logging struct {
		LoggingEnabled struct{ TargetBucket string }
	}
	b.LogBucket = about(l, p, "s3:GetBucketLogging", name, func(pages []logging) string { return last(pages).LoggingEnabled.TargetBucket })
	type lock struct {
		ObjectLockConfiguration struct {
			ObjectLockEnabled string
			Rule              struct {
				DefaultRetention struct{ Mode string }
			}
		}
	}
	b.Lock = about(l, p, "s3:GetObjectLockConfiguration", name, func(pages []lock) string {
		return last(pages).ObjectLockConfiguration.Rule.DefaultRetention.Mode
	})
}

// policyPage is a bucket's policy; from the CLI's --query it may be the document itself.
type policyPage struct{ Policy document }

func (page *policyPage) UnmarshalJSON(data []byte) error {
	var members struct {
		Policy    document
		Statement json.RawMessage
	}
	if err := json.Unmarshal(data, &members); err != nil {
		return err
	}
	if page.Policy = members.Policy; string(page.Policy) == "null" {
		page.Policy = nil
	}
	if len(page.Policy) == 0 && len(members.Statement) > 0 {
		page.Policy = slices.Clone(data)
	}
	if len(page.Policy) == 0 {
		return errors.New("it holds no Policy; of a bucket without one S3 answers NoSuchBucketPolicy")
	}
	return nil
}

func (l *loader) bucketPolicy(p estate.Place, name string) estate.Known[*policy.Document] {
	return policyOf(l, p, "s3:GetBucketPolicy", name, "the policy of bucket "+name, func(page policyPage) document { return page.Policy })
}
