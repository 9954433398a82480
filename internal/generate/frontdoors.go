package generate

import (
	"strconv"
	"strings"
)

// door is an application load balancer and what stands behind it.
type door struct {
	name        string
	vpc         *vpc
	port        int // of the targets
	plain       bool
	certificate string
	labels      labels
	// Behind a distribution: the prefix list of CloudFront, which alone is admitted, and the header that it proves itself with.
	cdn, header string
}

func (s *site) targetGroup(name string) string {
	return s.arn("elasticloadbalancing", "targetgroup/"+name+"/"+s.digest(16, "targetgroup", name))
}

// open makes a load balancer towards the Internet: HTTPS, and HTTP that redirects to it. It returns its ARN and the group
// that it wears.
func (s *site) open(d door) (arn, group string) {
	suffix := "app/" + d.name + "/" + s.digest(16, "balancer", d.name)
	arn = s.arn("elasticloadbalancing", "loadbalancer/"+suffix)
	admitted := []rule{tcp(80, "0.0.0.0/0", "the Internet"), tcp(443, "0.0.0.0/0", "the Internet")}
	if d.cdn != "" {
		admitted = []rule{tcp(443, d.cdn, "CloudFront")}
	}
	group = s.group(d.vpc, d.name+"-alb", "load balancer "+d.name, d.labels, admitted...)
	var zones []object
	for _, n := range d.vpc.public {
		zones = append(zones, object{"ZoneName": n.zone, "SubnetId": n.id, "LoadBalancerAddresses": []object{}})
		s.networkInterface(s.id("eni", d.name, n.zone), n, n.address(), s.w.publicAddress(), "interface", "ELB "+suffix,
			object{"AttachmentId": s.id("eni-attach", d.name, n.zone), "InstanceOwnerId": "amazon-elb", "DeviceIndex": 1, "Status": "attached", "DeleteOnTermination": false}, group)
	}
	s.count("elbv2:DescribeLoadBalancers", object{"LoadBalancerArn": arn, "LoadBalancerName": d.name, "DNSName": s.balancerName(d.name),
		"CanonicalHostedZoneId": "Z35SXDOTRQ7X7K", "CreatedTime": "2021-10-01T10:00:00Z", "Scheme": "internet-facing", "Type": "application", "VpcId": d.vpc.id, "State": object{"Code": "active"},
		"AvailabilityZones": zones, "SecurityGroups": []string{group}, "IpAddressType": "ipv4"})
	s.tag(arn, d.labels)
	s.about("elbv2:DescribeLoadBalancerAttributes", object{"Attributes": []object{{"Key": "access_logs.s3.enabled", "Value": "true"}, {"Key": "access_logs.s3.bucket", "Value": "acme-alb-logs"},
		{"Key": "deletion_protection.enabled", "Value": "true"}, {"Key": "routing.http.drop_invalid_header_fields.enabled", "Value": "true"},
		{"Key": "routing.http.desync_mitigation_mode", "Value": "defensive"}, {"Key": "load_balancing.cross_zone.enabled", "Value": "true"}, {"Key": "waf.fail_open.enabled", "Value": "false"}}}, arn)

	target := s.targetGroup(d.name)
	forward := []object{{"Type": "forward", "TargetGroupArn": target, "Order": 1, "ForwardConfig": object{"TargetGroups": []object{{"TargetGroupArn": target, "Weight": 1}}}}}
	redirect := []object{{"Type": "redirect", "Order": 1, "RedirectConfig": object{"Protocol": "HTTPS", "Port": "443", "Host": "#{host}", "Path": "/#{path}", "Query": "#{query}", "StatusCode": "HTTP_301"}}}
	var listeners []object
	switch {
	case d.header != "":
		refuse := []object{{"Type": "fixed-response", "Order": 1, "FixedResponseConfig": object{"StatusCode": "403", "ContentType": "text/plain", "MessageBody": "forbidden"}}}
		listeners = append(listeners, s.listener(d.name, suffix, arn, 443, d.certificate, refuse, object{"Priority": "1", "IsDefault": false, "Actions": forward, "Conditions": []object{
			{"Field": "http-header", "HttpHeaderConfig": object{"HttpHeaderName": d.header, "Values": []string{originSecret}}}}}))
	case d.plain:
		listeners = append(listeners, s.listener(d.name, suffix, arn, 80, "", forward))
	default:
		listeners = append(listeners, s.listener(d.name, suffix, arn, 80, "", redirect), s.listener(d.name, suffix, arn, 443, d.certificate, forward))
	}
	s.about("elbv2:DescribeListeners", object{"Listeners": listeners}, arn)
	return arn, group
}

// originSecret is what a distribution sends to its origin in a header; no recording keeps it.
const originSecret = "made-up-origin-secret"

// balancerName is the name in DNS of a load balancer towards the Internet.
func (s *site) balancerName(name string) string {
	return name + "-" + s.digest(10, "dns", name) + "." + s.region + ".elb.amazonaws.com"
}

func (s *site) listener(name, suffix, balancer string, port int, certificate string, actions []object, rules ...object) object {
	arn := s.arn("elasticloadbalancing", "listener/"+suffix+"/"+s.digest(16, "listener", name, strconv.Itoa(port)))
	l := object{"ListenerArn": arn, "LoadBalancerArn": balancer, "Port": port, "Protocol": "HTTP", "DefaultActions": actions}
	if certificate != "" {
		l["Protocol"], l["SslPolicy"], l["Certificates"] = "HTTPS", "ELBSecurityPolicy-TLS13-1-2-2021-06", []object{{"CertificateArn": certificate}}
	}
	s.w.truth.Resources++
	for i, r := range rules {
		r["RuleArn"] = strings.Replace(arn, ":listener/", ":listener-rule/", 1) + "/" + s.digest(16, "rule", arn, strconv.Itoa(i))
	}
	rules = append(rules, object{"RuleArn": arn + "/default", "Priority": "default", "Conditions": []object{}, "Actions": actions, "IsDefault": true})
	s.about("elbv2:DescribeRules", object{"Rules": rules}, arn)
	return l
}

// behind registers a fleet as the targets of a door.
func (s *site) behind(d door, balancer string, f *fleet) {
	var health []object
	for _, h := range f.hosts {
		health = append(health, object{"Target": object{"Id": h.id, "Port": d.port}, "HealthCheckPort": "443", "TargetHealth": object{"State": "healthy"}})
	}
	s.targets(d, balancer, "instance", health)
}

// targets makes the target group of a door.
func (s *site) targets(d door, balancer, kind string, health []object) {
	arn := s.targetGroup(d.name)
	s.count("elbv2:DescribeTargetGroups", object{"TargetGroupArn": arn, "TargetGroupName": d.name, "Protocol": "HTTPS", "ProtocolVersion": "HTTP1", "Port": d.port, "VpcId": d.vpc.id,
		"TargetType": kind, "IpAddressType": "ipv4", "LoadBalancerArns": []string{balancer}, "HealthCheckEnabled": true, "HealthCheckProtocol": "HTTPS", "HealthCheckPort": "traffic-port",
		"HealthCheckPath": "/healthz", "HealthCheckIntervalSeconds": 15, "HealthCheckTimeoutSeconds": 5, "HealthyThresholdCount": 3, "UnhealthyThresholdCount": 2, "Matcher": object{"HttpCode": "200"}})
	s.groupAttributes(arn)
	s.about("elbv2:DescribeTargetHealth", object{"TargetHealthDescriptions": health}, arn)
	s.tag(arn, d.labels)
}

func (s *site) groupAttributes(arn string, more ...object) {
	s.about("elbv2:DescribeTargetGroupAttributes", object{"Attributes": append([]object{{"Key": "deregistration_delay.timeout_seconds", "Value": "300"}, {"Key": "stickiness.enabled", "Value": "false"},
		{"Key": "load_balancing.cross_zone.enabled", "Value": "use_load_balancer_configuration"}}, more...)}, arn)
}

// certificate makes one that ACM renews.
func (s *site) certificate(domain string) string {
	arn := s.arn("acm", "certificate/"+s.uuid("certificate", domain))
	s.count("acm:ListCertificates", object{"CertificateArn": arn, "DomainName": domain, "Status": "ISSUED", "Type": "AMAZON_ISSUED", "KeyAlgorithm": "EC_prime256v1", "InUse": true,
		"RenewalEligibility": "ELIGIBLE", "NotBefore": ago(120 * day), "NotAfter": ago(-276 * day), "CreatedAt": ago(900 * day), "IssuedAt": ago(900 * day)})
	s.about("acm:DescribeCertificate", object{"Certificate": object{"CertificateArn": arn, "DomainName": domain, "SubjectAlternativeNames": []string{domain, "*." + domain}, "Status": "ISSUED",
		"Type": "AMAZON_ISSUED", "KeyAlgorithm": "EC_prime256v1", "SignatureAlgorithm": "SHA256WITHRSA", "Issuer": "Amazon", "Subject": "CN=" + domain, "Serial": "0a:1b:2c:3d:4e:5f:60:71",
		"NotBefore": ago(120 * day), "NotAfter": ago(-276 * day), "CreatedAt": ago(900 * day), "IssuedAt": ago(900 * day), "InUseBy": []string{}, "RenewalEligibility": "ELIGIBLE"}}, arn)
	s.tag(arn, labels{"owner": "web"})
	return arn
}

// webACL makes a web ACL with AWS's core rules, a list of bad addresses and a rate limit, for some load balancers; counted
// are its rule groups that only count. Under "global" it is for CloudFront.
func (s *site) webACL(name string, balancers []string, counted ...string) string {
	id, scope, place := s.uuid("webacl", name), "regional", *s
	if s.region == global {
		scope, place.region = "global", "us-east-1"
	}
	arn := place.arn("wafv2", scope+"/webacl/"+name+"/"+id)
	token := s.uuid("lock", name)
	seen := func(metric string) object {
		return object{"SampledRequestsEnabled": true, "CloudWatchMetricsEnabled": true, "MetricName": metric}
	}
	var rules []object
	for i, group := range []string{"AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet", "AWSManagedRulesAmazonIpReputationList"} {
		override := object{"None": object{}}
		for _, c := range counted {
			if c == group {
				override = object{"Count": object{}}
			}
		}
		rules = append(rules, object{"Name": group, "Priority": i, "OverrideAction": override, "VisibilityConfig": seen(group),
			"Statement": object{"ManagedRuleGroupStatement": object{"VendorName": "AWS", "Name": group}}})
	}
	rules = append(rules, object{"Name": "rate", "Priority": 10, "Action": object{"Block": object{}}, "VisibilityConfig": seen("rate"),
		"Statement": object{"RateBasedStatement": object{"Limit": 2000, "AggregateKeyType": "IP"}}})
	s.count("wafv2:ListWebACLs", object{"Name": name, "Id": id, "ARN": arn, "Description": "", "LockToken": token})
	body := object{"Name": name, "Id": id, "ARN": arn, "DefaultAction": object{"Allow": object{}}, "Rules": rules,
		"VisibilityConfig": seen(name), "Capacity": 927, "ManagedByFirewallManager": false, "LabelNamespace": "awswaf:" + s.account.id + ":webacl:" + name + ":"}
	s.about("wafv2:GetWebACL", object{"LockToken": token, "WebACL": body}, id)
	for _, b := range balancers {
		s.about("wafv2:GetWebACLForResource", object{"WebACL": body}, b)
	}
	s.about("wafv2:GetLoggingConfiguration", object{"LoggingConfiguration": object{"ResourceArn": arn, "LogDestinationConfigs": []string{"arn:aws:s3:::aws-waf-logs-acme"},
		"RedactedFields": []object{}, "ManagedByFirewallManager": false}}, arn)
	if s.region != global {
		if balancers == nil {
			balancers = []string{}
		}
		s.about("wafv2:ListResourcesForWebACL", object{"ResourceArns": balancers}, arn, "APPLICATION_LOAD_BALANCER")
		s.about("wafv2:ListResourcesForWebACL", object{"ResourceArns": []string{}}, arn, "API_GATEWAY")
	}
	return arn
}

// ruleGroup makes rules of one's own, which some web ACL may take up.
func (s *site) ruleGroup(name string) {
	id, token := s.uuid("rulegroup", name), s.uuid("lock", name)
	arn := s.arn("wafv2", "regional/rulegroup/"+name+"/"+id)
	seen := object{"SampledRequestsEnabled": true, "CloudWatchMetricsEnabled": true, "MetricName": name}
	s.count("wafv2:ListRuleGroups", object{"Name": name, "Id": id, "ARN": arn, "Description": "", "LockToken": token})
	s.about("wafv2:GetRuleGroup", object{"LockToken": token, "RuleGroup": object{"Name": name, "Id": id, "ARN": arn, "Capacity": 50, "VisibilityConfig": seen, "Rules": []object{{
		"Name": "block-admin", "Priority": 0, "Action": object{"Block": object{}}, "VisibilityConfig": seen, "Statement": object{"ByteMatchStatement": object{
			"SearchString": "L2FkbWlu", "FieldToMatch": object{"UriPath": object{}}, "PositionalConstraint": "STARTS_WITH", "TextTransformations": []object{{"Priority": 0, "Type": "NONE"}}}}}}}}, id)
}

// classic makes a classic load balancer that only the inside reaches.
func (s *site) classic(name string, v *vpc, group string) {
	var zones, subnets []string
	for _, n := range v.private {
		zones, subnets = append(zones, n.zone), append(subnets, n.id)
	}
	s.count("elb:DescribeLoadBalancers", object{"LoadBalancerName": name, "DNSName": "internal-" + name + "." + s.region + ".elb.amazonaws.com", "Scheme": "internal", "VPCId": v.id,
		"AvailabilityZones": zones, "Subnets": subnets, "SecurityGroups": []string{group}, "CreatedTime": "2019-11-04T13:00:00Z", "Instances": []object{}, "BackendServerDescriptions": []object{},
		"HealthCheck": object{"Target": "HTTPS:443/", "Interval": 30, "Timeout": 5, "UnhealthyThreshold": 2, "HealthyThreshold": 10},
		"ListenerDescriptions": []object{{"PolicyNames": []string{}, "Listener": object{"Protocol": "HTTPS", "LoadBalancerPort": 443, "InstanceProtocol": "HTTPS", "InstancePort": 443,
			"SSLCertificateId": s.certificate(name + ".acme.example")}}}})
	s.about("elb:DescribeLoadBalancerAttributes", object{"LoadBalancerAttributes": object{"CrossZoneLoadBalancing": object{"Enabled": true}, "AccessLog": object{"Enabled": false},
		"ConnectionDraining": object{"Enabled": true, "Timeout": 300}, "ConnectionSettings": object{"IdleTimeout": 60}}}, name)
	s.tag(s.arn("elasticloadbalancing", "loadbalancer/"+name), labels{"owner": "ops"})
}

// distribution makes a CloudFront distribution in front of a bucket.
func (a *account) distribution(domain, bucket, certificate, webACL string) {
	a.distributionOf(domain, object{"Id": bucket, "DomainName": bucket + ".s3.us-east-1.amazonaws.com", "OriginPath": "", "CustomHeaders": object{"Quantity": 0},
		"S3OriginConfig": object{"OriginAccessIdentity": ""}, "ConnectionAttempts": 3, "ConnectionTimeout": 10, "OriginAccessControlId": "E" + upper(a.global.digest(13, "oac"))},
		certificate, webACL, labels{"owner": "web", "app": "marketing"})
}

// distributionOf makes a distribution in front of one origin.
func (a *account) distributionOf(domain string, origin object, certificate, webACL string, l labels) {
	g := a.global
	id := "E" + upper(g.digest(13, "distribution", domain))
	arn := g.arn("cloudfront", "distribution/"+id)
	behavior := object{"TargetOriginId": origin["Id"], "ViewerProtocolPolicy": "redirect-to-https", "Compress": true, "SmoothStreaming": false, "FieldLevelEncryptionId": "",
		"AllowedMethods":   object{"Quantity": 2, "Items": []string{"HEAD", "GET"}, "CachedMethods": object{"Quantity": 2, "Items": []string{"HEAD", "GET"}}},
		"TrustedSigners":   object{"Enabled": false, "Quantity": 0},
		"TrustedKeyGroups": object{"Enabled": false, "Quantity": 0}, "LambdaFunctionAssociations": object{"Quantity": 0}, "FunctionAssociations": object{"Quantity": 0},
		"CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6"}
	g.count("cloudfront:ListDistributions", object{"Id": id, "ARN": arn, "Status": "Deployed", "LastModifiedTime": ago(40 * day), "DomainName": "d" + g.digest(13, "domain", domain) + ".cloudfront.net",
		"Aliases": object{"Quantity": 1, "Items": []string{domain}}, "Enabled": true, "Staging": false, "Comment": "", "PriceClass": "PriceClass_100", "HttpVersion": "http2and3", "IsIPV6Enabled": true,
		"Origins":      object{"Quantity": 1, "Items": []object{origin}},
		"OriginGroups": object{"Quantity": 0}, "DefaultCacheBehavior": behavior, "CacheBehaviors": object{"Quantity": 0}, "CustomErrorResponses": object{"Quantity": 0},
		"ViewerCertificate": object{"CloudFrontDefaultCertificate": false, "ACMCertificateArn": certificate, "Certificate": certificate, "CertificateSource": "acm",
			"SSLSupportMethod": "sni-only", "MinimumProtocolVersion": "TLSv1.2_2021"},
		"Restrictions": object{"GeoRestriction": object{"RestrictionType": "none", "Quantity": 0}}, "WebACLId": webACL})
	a.regions[0].tag(arn, l)
}
