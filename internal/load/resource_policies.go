package load

import (
	"cmp"
	"slices"
	"strings"

	"github.com/onus-cloud/onus/internal/estate"
	"github.com/onus-cloud/onus/internal/operation"
	"github.com/onus-cloud/onus/internal/policy"
)

// policyOf reads the policy document that a call about one resource tells: absent where AWS says so, or where its answer holds none.
func policyOf[Page any](l *loader, p estate.Place, op operation.ID, resource, what string, read func(Page) document) estate.Known[*policy.Document] {
	text := about(l, p, op, resource, func(pages []Page) document { return slices.Clone(read(last(pages))) })
	if gap, unread := text.Unread(); unread {
		return estate.Unread[*policy.Document](gap)
	}
	d, _ := text.Value()
	return l.policy(p, op, resource, what, d)
}

// stores reads queues, topics, secrets, repositories of images, and parameters, and who may use them.
func (l *loader) stores() {
	l.queues()
	l.topics()
	l.secrets()
	l.repositories()
	l.parameters()
}

// attributes are what SQS and SNS tell of one queue or topic.
type attributes struct{ Attributes map[string]string }

func (a attributes) policy() document { return document(a.Attributes["Policy"]) }

// keyOf is the KMS key that the attributes name.
func (l *loader) keyOf(p estate.Place, op operation.ID, resource string) estate.Known[string] {
	key := about(l, p, op, resource, func(pages []attributes) string { return last(pages).Attributes["KmsMasterKeyId"] })
	if id, ok := key.Value(); ok && id == "" {
		return estate.None[string]()
	}
	return key
}

func (l *loader) queues() {
	const get operation.ID = "sqs:GetQueueAttributes"
	type queueList struct{ QueueURLs []string }
	each(l, "sqs:ListQueues", func(p estate.Place, page *queueList) {
		for _, url := range page.QueueURLs {
			name := lastPart(url)
			x := &estate.Queue{
				Resource: l.stored(p, "queue", name, arn("sqs", p, name)),
				URL:      url,
				Policy:   policyOf(l, p, get, url, "the policy of queue "+name, attributes.policy),
				KMSKey:   l.keyOf(p, get, url),
			}
			l.estate.Queues = append(l.estate.Queues, x)
		}
	})
	l.estate.Queues = byKey(l.estate.Queues)
}

// stored is a resource whose tags are told by the tagging API alone, and that people call by its id.
func (l *loader) stored(p estate.Place, kind, id, arn string) estate.Resource {
	return estate.Resource{
		Reference: estate.Ref{Kind: kind, Account: p.Account, Region: p.Region, ID: id, ARN: arn, Name: id},
		Labels:    l.tagsOf(p, arn),
	}
}

func (l *loader) topics() {
	const get operation.ID = "sns:GetTopicAttributes"
	type topicList struct{ Topics []struct{ TopicArn string } }
	each(l, "sns:ListTopics", func(p estate.Place, page *topicList) {
		for _, t := range page.Topics {
			name := t.TopicArn[strings.LastIndexByte(t.TopicArn, ':')+1:]
			l.estate.Topics = append(l.estate.Topics, &estate.Topic{
				Resource: l.stored(p, "topic", name, t.TopicArn),
				Policy:   policyOf(l, p, get, t.TopicArn, "the policy of topic "+name, attributes.policy),
				KMSKey:   l.keyOf(p, get, t.TopicArn),
			})
		}
	})
	l.estate.Topics = byKey(l.estate.Topics)
}

func (l *loader) secrets() {
	type secretList struct {
		SecretList []struct {
			ARN, Name        string
			KmsKeyID         string `json:"KmsKeyId"`
			RotationEnabled  bool
			LastChangedDate  when
			LastAccessedDate when
			DeletedDate      when
			OwningService    string
			Tags             []tag
		}
	}
	type answer struct{ ResourcePolicy document }
	each(l, "secretsmanager:ListSecrets", func(p estate.Place, page *secretList) {
		for _, s := range page.SecretList {
			if !s.DeletedDate.IsZero() {
				continue // it cannot be read any more
			}
			l.estate.Secrets = append(l.estate.Secrets, &estate.Secret{
				Resource: named(p, "secret", cmp.Or(s.Name, s.ARN), s.ARN, s.Tags),
				KMSKey:   s.KmsKeyID, Rotation: s.RotationEnabled, Changed: s.LastChangedDate.Time, Accessed: s.LastAccessedDate.Time, Service: s.OwningService,
				Policy: policyOf(l, p, "secretsmanager:GetResourcePolicy", s.ARN, "the policy of secret "+s.Name, func(a answer) document { return a.ResourcePolicy }),
			})
		}
	})
	l.estate.Secrets = byKey(l.estate.Secrets)
}

func (l *loader) repositories() {
	type repositoryList struct {
		Repositories []struct {
			RepositoryArn, RepositoryName, RepositoryURI string
			ImageTagMutability                           string
		}
	}
	type answer struct{ PolicyText document }
	each(l, "ecr:DescribeRepositories", func(p estate.Place, page *repositoryList) {
		for _, r := range page.Repositories {
			l.estate.Repositories = append(l.estate.Repositories, &estate.Repository{
				Resource:  l.stored(p, "repository", r.RepositoryName, cmp.Or(r.RepositoryArn, arn("ecr", p, "repository/"+r.RepositoryName))),
				URI:       r.RepositoryURI,
				Immutable: r.ImageTagMutability == "IMMUTABLE",
				Policy:    policyOf(l, p, "ecr:GetRepositoryPolicy", r.RepositoryName, "the policy of repository "+r.RepositoryName, func(a answer) document { return a.PolicyText }),
			})
		}
	})
	l.estate.Repositories = byKey(l.estate.Repositories)
}

func (l *loader) parameters() {
	type parameterList struct {
		Parameters []struct {
			Name, ARN, Type string
			KeyID           string `json:"KeyId"`
		}
	}
	each(l, "ssm:DescribeParameters", func(p estate.Place, page *parameterList) {
		for _, x := range page.Parameters {
			l.estate.Parameters = append(l.estate.Parameters, &estate.Parameter{
				Resource: l.stored(p, "parameter", x.Name, cmp.Or(x.ARN, arn("ssm", p, "parameter/"+strings.TrimPrefix(x.Name, "/")))),
				Type:     x.Type, KMSKey: x.KeyID,
			})
		}
	})
	l.estate.Parameters = byKey(l.estate.Parameters)
}

// accessPoints reads the access points of S3, which belong to Regions though buckets are asked for once.
func (l *loader) accessPoints() {
	type pointList struct {
		AccessPointList []struct {
			Name, AccessPointArn, Alias, Bucket, BucketAccountID string
			VpcConfiguration                                     struct {
				VpcID string `json:"VpcId"`
			}
		}
	}
	type detail struct {
		PublicAccessBlockConfiguration estate.PublicAccessBlock
	}
	type status struct {
		PolicyStatus struct{ IsPublic bool }
	}
	type answer struct{ Policy document }
	each(l, "s3control:ListAccessPoints", func(p estate.Place, page *pointList) {
		for _, a := range page.AccessPointList {
			l.estate.AccessPoints = append(l.estate.AccessPoints, &estate.AccessPoint{
				Resource: l.stored(p, "access-point", a.Name, cmp.Or(a.AccessPointArn, arn("s3", p, "accesspoint/"+a.Name))),
				Bucket:   a.Bucket, BucketOwner: a.BucketAccountID, Alias: a.Alias, VPC: a.VpcConfiguration.VpcID,
				Policy:       policyOf(l, p, "s3control:GetAccessPointPolicy", a.Name, "the policy of access point "+a.Name, func(x answer) document { return x.Policy }),
				PolicyPublic: about(l, p, "s3control:GetAccessPointPolicyStatus", a.Name, func(pages []status) bool { return last(pages).PolicyStatus.IsPublic }),
				Block: about(l, p, "s3control:GetAccessPoint", a.Name, func(pages []detail) estate.PublicAccessBlock {
					return last(pages).PublicAccessBlockConfiguration
				}),
			})
		}
	})
	l.estate.AccessPoints = byKey(l.estate.AccessPoints)
}
