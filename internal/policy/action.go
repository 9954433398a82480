package policy

import (
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/iamdata"
)

// actionFacts is what the rules ask about an action.
type actionFacts struct {
	lower      string // "s3:getobject"
	service    string // "s3"
	index      int    // in the catalogue, -1 of an action that it does not know
	noResource bool   // AWS says that it cannot be held to resources: only a statement about all of them is about it
	trusted    bool   // a role's trust policy must allow it
	writesRole bool
	ofAlias    bool // changes a KMS alias
	ofManaged  bool // changes a managed policy
	ofKey      bool // changes a KMS key
	ofPolicy   bool // reads or changes the policy of a bucket
	ofBuckets  bool // lists the buckets of an account
	atHome     bool // on a KMS key, only callers of the key's own account
	retires    bool // retires a grant of a KMS key
	controlled bool // resource control policies reach it
}

func factsOf(action string) actionFacts {
	f := actionFacts{lower: strings.ToLower(action), index: iamdata.Current().Index(action)}
	service, operation, _ := strings.Cut(f.lower, ":")
	f.service = service
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
	f.noResource = f.index >= 0 && len(iamdata.Current().Actions()[f.index].Resources) == 0
	f.trusted = slices.Contains(trusted, f.lower)
	f.writesRole = slices.Contains(roleWrites, f.lower)
	f.ofAlias = service == "kms" && (operation == "createalias" || operation == "updatealias" || operation == "deletealias")
	f.ofManaged = slices.Contains(managedWrites, f.lower)
	f.ofKey = slices.Contains(keyWrites, f.lower)
	f.ofPolicy = service == "s3" && (operation == "getbucketpolicy" || operation == "putbucketpolicy" || operation == "deletebucketpolicy")
	f.ofBuckets = f.lower == "s3:listallmybuckets"
	f.atHome = service == "kms" && !slices.Contains(acrossAccounts, operation)
	f.retires = f.lower == "kms:retiregrant"
	f.controlled = slices.Contains(resourceControlled, service) && !f.retires
	return f
}
