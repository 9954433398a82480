package access

import (
	"testing"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
)

const issuer = "oidc.eks.us-east-1.amazonaws.com/id/ABC"

// cluster adds a Kubernetes cluster whose hosts run as a role "nodes", and one pod as a role "pod".
func (s *small) cluster(mode string, entries ...estate.AccessEntry) *estate.KubernetesCluster {
	r := resourceOf(clusterKind, one, "platform", "arn:aws:eks:us-east-1:"+one+":cluster/platform")
	r.Reference.Region = "us-east-1"
	c := &estate.KubernetesCluster{Resource: r, Description: estate.Know(estate.KubernetesDescription{Authentication: mode, Issuer: issuer}),
		NodeGroups: estate.Know([]estate.NodeGroup{{Name: "general", Description: estate.Know(estate.NodeGroupDescription{Role: "arn:aws:iam::" + one + ":role/nodes"})}}),
		Identities: estate.Know([]estate.PodIdentity{{ID: "a-1", Namespace: "shop", Role: estate.Know("arn:aws:iam::" + one + ":role/pod")}}), Entries: estate.Know(entries)}
	s.KubernetesClusters = append(s.KubernetesClusters, c)
	return c
}

func TestEKSAccessEntry(t *testing.T) {
	t.Parallel()
	for role, trust := range map[string]string{
		"nodes": `{"Service": "ec2.amazonaws.com"}`,
		"pod":   `{"Service": "pods.eks.amazonaws.com"}`,
		"irsa":  `{"Federated": "arn:aws:iam::` + one + `:oidc-provider/` + issuer + `"}`,
	} {
		s := newSmall(t)
		r := s.role(one, role, trust, everything)
		if role == "irsa" {
			r.Trust = estate.Know(s.document(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": ` + trust + `, "Action": "sts:AssumeRoleWithWebIdentity",
				"Condition": {"StringEquals": {"` + issuer + `:sub": "system:serviceaccount:shop:pay", "` + issuer + `:aud": "sts.amazonaws.com"}}}}`))
		}
		c := s.cluster("API")
		enters := `{"Effect": "Allow", "Action": ["eks:CreateAccessEntry", "eks:AssociateAccessPolicy"], "Resource": "*"`
		s.user(one, "enters", enters+`}`)
		s.user(one, "views", enters+`}, {"Effect": "Deny", "Action": "eks:AssociateAccessPolicy", "Resource": "*", "Condition": {"ArnNotLike": {"eks:policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"}}}`)
		s.user(one, "lets-in-others", enters+`, "Condition": {"ArnNotEqualsIfExists": {"eks:principalArn": "arn:aws:iam::`+one+`:user/lets-in-others"}}}`)
		s.user(one, "associates", `{"Effect": "Allow", "Action": "eks:AssociateAccessPolicy", "Resource": "*"}`)
		s.user(two, "abroad", enters+`}`)
		s.want("enters", "yes x:EKSAccessEntry")
		s.want("views", "no")
		s.want("lets-in-others", "no")
		s.want("associates", "no") // there is no entry to associate a policy with
		s.want("abroad", "no")
		c.Description = estate.Know(estate.KubernetesDescription{Authentication: "API_AND_CONFIG_MAP", Issuer: issuer})
		s.want("enters", "yes x:EKSAccessEntry")
		c.Description = estate.Know(estate.KubernetesDescription{Authentication: "CONFIG_MAP", Issuer: issuer})
		s.want("enters", "no")
		if role != "irsa" {
			c.Description = estate.Unread[estate.KubernetesDescription](estate.Gap{Operation: "eks:DescribeCluster", Outcome: operation.Denied})
			s.want("enters", "unknown x:EKSAccessEntry")
		}
		if role != "nodes" {
			s.KubernetesClusters = nil
			s.Withdraw(estate.Reading{Place: estate.Place{Account: one, Region: "us-east-1"}, Operation: "eks:ListClusters", Outcome: operation.Denied, Code: "AccessDenied"})
			s.want("enters", "unknown x:EKSAccessEntry")
		}
	}
}

func TestEKSAccessEntriesThatThereAre(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	s.role(one, "pod", `{"Service": "pods.eks.amazonaws.com"}`, everything)
	has := func(name, policy, scope string, namespaces ...string) estate.AccessEntry {
		return estate.AccessEntry{Principal: "arn:aws:iam::" + one + ":user/" + name, Policies: estate.Know([]estate.AccessPolicy{{ARN: "arn:aws:eks::aws:cluster-access-policy/" + policy, Scope: scope, Namespaces: namespaces}})}
	}
	c := s.cluster("API", has("admin", "AmazonEKSClusterAdminPolicy", "cluster"), has("shop", "AmazonEKSEditPolicy", "namespace", "sh*"), has("other", "AmazonEKSEditPolicy", "namespace", "web"),
		has("reader", "AmazonEKSViewPolicy", "cluster"))
	s.user(one, "admin", "")
	s.user(one, "shop", "")
	s.user(one, "other", "")
	s.user(one, "reader", `{"Effect": "Allow", "Action": "eks:AssociateAccessPolicy", "Resource": "arn:aws:eks:*:*:access-entry/platform/user/`+one+`/reader/*"}`)
	s.want("admin", "yes x:EKSAccessEntry")
	s.want("shop", "yes x:EKSAccessEntry")
	s.want("other", "no")
	s.want("reader", "yes x:EKSAccessEntry")
	c.Entries = estate.Unread[[]estate.AccessEntry](estate.Gap{Operation: "eks:ListAccessEntries", Outcome: operation.Denied})
	s.want("reader", "unknown x:EKSAccessEntry") // he may have an entry
}

func TestOIDCClientID(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	const provider = "arn:aws:iam::" + one + ":oidc-provider/login.example.com"
	r := s.role(one, "admin", `{"Federated": "`+provider+`"}`, everything)
	trust := func(condition string) {
		r.Trust = estate.Know(s.document(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"Federated": "` + provider + `"}, "Action": "sts:AssumeRoleWithWebIdentity"` + condition + `}}`))
	}
	s.Providers = []*estate.IdentityProvider{{Resource: resourceOf("oidc-provider", one, "login.example.com", provider), URL: "login.example.com", Audiences: estate.Know([]string{"app"})}}
	s.user(one, "adds", `{"Effect": "Allow", "Action": "iam:AddClientIDToOpenIDConnectProvider", "Resource": "`+provider+`"}`)
	s.user(one, "not", `{"Effect": "Allow", "Action": "iam:AddClientIDToOpenIDConnectProvider", "Resource": "`+provider+`-2"}`)
	trust("")
	s.want("adds", "may x:OIDCClientID") // he needs a client of that issuer
	s.want("not", "no")
	trust(`, "Condition": {"StringEquals": {"login.example.com:sub": "alice"}}`)
	s.want("adds", "may x:OIDCClientID")
	trust(`, "Condition": {"StringEquals": {"login.example.com:aud": "app"}}`)
	s.want("adds", "no") // the role takes tokens for that client alone, which the provider takes already
	trust(`, "Condition": {"StringEquals": {"login.example.com:aud": ["app", "old"]}}`)
	s.want("adds", "may x:OIDCClientID") // tokens for a client that the provider does not take any more
	s.Providers[0].Audiences = estate.Unread[[]string](estate.Gap{Operation: "iam:GetOpenIDConnectProvider", Outcome: operation.Denied})
	s.want("adds", "unknown x:OIDCClientID")
	trust("")
	s.Providers = nil
	s.want("adds", "no") // there is no such provider
}

// A workload whose role was not read may run as any role that trusts its service.
func TestWorkloadsWithUnreadRolesAreUnknown(t *testing.T) {
	t.Parallel()
	s := newSmall(t)
	s.role(one, "pod", `{"Service": "pods.eks.amazonaws.com"}`, everything)
	s.role(one, "other", `{"Service": "lambda.amazonaws.com"}`, everything)
	c := s.cluster("API")
	c.Identities = estate.Unread[[]estate.PodIdentity](estate.Gap{Operation: "eks:ListPodIdentityAssociations", Outcome: operation.Denied})
	s.user(one, "enters", `{"Effect": "Allow", "Action": ["eks:CreateAccessEntry", "eks:AssociateAccessPolicy"], "Resource": "*"}`)
	s.want("enters", "unknown x:EKSAccessEntry")
	c.Identities = estate.Know([]estate.PodIdentity{})
	s.want("enters", "no")

	s.role(one, "notebook", `{"Service": "sagemaker.amazonaws.com"}`, everything)
	r := resourceOf("notebook", one, "lab", "arn:aws:sagemaker:us-east-1:"+one+":notebook-instance/lab")
	r.Reference.Region = "us-east-1"
	lab := &estate.Workload{Resource: r, Roles: estate.Unread[[]estate.RoleUse](estate.Gap{Operation: "sagemaker:DescribeNotebookInstance", Outcome: operation.Denied})}
	s.Workloads = append(s.Workloads, lab)
	s.user(one, "opens", `{"Effect": "Allow", "Action": "sagemaker:CreatePresignedNotebookInstanceUrl", "Resource": "*"}`)
	s.want("opens", "unknown pf:sagemaker-004")
	lab.Roles = estate.Know([]estate.RoleUse{})
	s.want("opens", "no")
}

// Jobs and development endpoints of Glue, and stack sets, are taken over where they exist.
func TestGlueAndStackSetsAreTakenOver(t *testing.T) {
	t.Parallel()
	for _, x := range []struct{ kind, arn, service, actions, want string }{
		{"glue-job", "arn:aws:glue:us-east-1:" + one + ":job/x", "glue.amazonaws.com", `"iam:PassRole", "glue:UpdateJob", "glue:StartJobRun"`, "pf:glue-005"},
		{"glue-dev-endpoint", "arn:aws:glue:us-east-1:" + one + ":devEndpoint/x", "glue.amazonaws.com", `"glue:UpdateDevEndpoint"`, "pf:glue-002"},
		{"stack-set", "arn:aws:cloudformation:us-east-1:" + one + ":stackset/x:1", "cloudformation.amazonaws.com", `"iam:PassRole", "cloudformation:UpdateStackSet"`, "pf:cloudformation-004"},
	} {
		s := newSmall(t)
		s.role(one, "admin", `{"Service": "`+x.service+`"}`, everything)
		s.user(one, "takes", `{"Effect": "Allow", "Action": [`+x.actions+`], "Resource": "*"}`)
		s.want("takes", "no") // all were read, and there is none
		r := resourceOf(x.kind, one, "x", x.arn)
		r.Reference.Region = "us-east-1"
		s.Workloads = append(s.Workloads, &estate.Workload{Resource: r, Roles: estate.Know([]estate.RoleUse{{ARN: "arn:aws:iam::" + one + ":role/admin"}})})
		s.want("takes", "yes "+x.want)
	}
}
