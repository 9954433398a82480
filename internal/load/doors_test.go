package load_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/onus-cloud/onus/internal/estate"
)

const usEast1 = "111122223333/us-east-1/"

// told is a known value in words, "none" for an absent and the reason for an unknown one.
func told[T any](k estate.Known[T]) string {
	if v, ok := k.Value(); ok {
		return fmt.Sprint(v)
	}
	if gap, unread := k.Unread(); unread {
		return "unknown: " + gap.String()
	}
	return "none"
}

func expect(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %q, want %q", what, got, want)
	}
}

func TestWhereListenersLead(t *testing.T) {
	t.Parallel()
	const (
		balancer = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/shop/1"
		listener = "arn:aws:elasticloadbalancing:us-east-1:111122223333:listener/app/shop/1/2"
		group    = "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/"
	)
	e := network(t, map[string]string{
		usEast1 + "elbv2/describe-load-balancers.json": `{"LoadBalancers": [{"LoadBalancerArn": "` + balancer + `", "LoadBalancerName": "shop", "Type": "application",
			"IpAddressType": "dualstack", "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic": "off",
			"AvailabilityZones": [{"ZoneName": "us-east-1b", "SubnetId": "subnet-2"}, {"ZoneName": "us-east-1a", "SubnetId": "subnet-1"}]}]}`,
		usEast1 + "elbv2/describe-listeners-shop.json": `{"Listeners": [{"ListenerArn": "` + listener + `", "LoadBalancerArn": "` + balancer + `", "Port": 443, "Protocol": "HTTPS", "DefaultActions": [
			{"Type": "forward", "TargetGroupArn": "` + group + `a/1"}]}]}`,
		usEast1 + "elbv2/describe-rules-shop.json": `{"Rules": [{"RuleArn": "` + strings.Replace(listener, "listener/", "listener-rule/", 1) + `/3", "Priority": "1", "Conditions": [
			{"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Origin-Verify", "Values": ["hunter2-correct-horse"]}},
			{"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "token", "Value": "hunter2-correct-horse"}]}},
			{"Field": "source-ip", "SourceIpConfig": {"Values": ["203.0.113.0/24"]}},
			{"Field": "path-pattern", "Values": ["/admin/*"], "PathPatternConfig": {"Values": ["/admin/*"]}}],
			"Actions": [{"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "` + group + `c/3", "Weight": 1},
				{"TargetGroupArn": "` + group + `b/2", "Weight": 0}, {"TargetGroupArn": "` + group + `a/1"}]}}]}]}`,
		usEast1 + "elbv2/describe-target-groups.json": `{"TargetGroups": [{"TargetGroupArn": "` + group + `a/1", "TargetGroupName": "a", "TargetType": "ip", "IpAddressType": "ipv6"},
			{"TargetGroupArn": "` + group + `b/2", "TargetGroupName": "b"}]}`,
		usEast1 + "elbv2/describe-target-group-attributes-a.json": `{"Attributes": [{"Key": "preserve_client_ip.enabled", "Value": "true"}]}`,
		usEast1 + "elbv2/describe-target-health-a.json":           `{"TargetHealthDescriptions": [{"Target": {"Id": "10.9.0.1", "Port": 80, "AvailabilityZone": "all"}, "TargetHealth": {"State": "healthy"}}]}`,
		usEast1 + "elb/describe-load-balancers.json": `{"LoadBalancerDescriptions": [{"LoadBalancerName": "old", "Subnets": ["subnet-2", "subnet-1"], "Instances": [{"InstanceId": "i-2"}, {"InstanceId": "i-1"}],
			"ListenerDescriptions": [{"Listener": {"Protocol": "tcp", "LoadBalancerPort": 80, "InstancePort": 8080}}]}]}`,
	})
	old, shop := e.LoadBalancers[0], e.LoadBalancers[1]
	expect(t, "the classic one's way", fmt.Sprint(old.Subnets, old.Instances), "[subnet-1 subnet-2] [i-1 i-2]")
	if listeners, _ := old.Listeners.Value(); listeners[0].InstancePort != 8080 {
		t.Errorf("the classic listener sends to port %d", listeners[0].InstancePort)
	}
	expect(t, "the subnets", fmt.Sprint(shop.Subnets), "[subnet-1 subnet-2]")
	if shop.AddressType != "dualstack" || !shop.Unfiltered {
		t.Errorf("the load balancer is %+v", shop)
	}
	listeners, _ := shop.Listeners.Value()
	expect(t, "the default", fmt.Sprint(listeners[0].Default), "[{forward  ["+group+"a/1]}]")
	rules, _ := listeners[0].Rules.Value()
	expect(t, "the rule's targets", fmt.Sprint(rules[0].Actions[0].TargetGroups), "["+group+"a/1 "+group+"c/3]")
	expect(t, "the conditions", fmt.Sprint(rules[0].Conditions), "map[http-header x-origin-verify:[] path-pattern:[/admin/*] query-string:[token] source-ip:[203.0.113.0/24]]")
	if rules[0].Sources == nil || rules[0].Sources.String() != "203.0.113.0/24" {
		t.Errorf("the sources are %v", rules[0].Sources)
	}
	a, b := e.TargetGroups[0], e.TargetGroups[1]
	if targets, _ := a.Targets.Value(); !a.IPv6 || targets[0].Zone != "all" {
		t.Errorf("target group a is %+v", a)
	}
	expect(t, "the attributes of a", told(a.Attributes), "map[preserve_client_ip.enabled:true]")
	expect(t, "the attributes of b", told(b.Attributes), "unknown: elbv2:DescribeTargetGroupAttributes of "+group+"b/2 in 111122223333/us-east-1: not tried")
}

func TestOrigins(t *testing.T) {
	t.Parallel()
	e := network(t, map[string]string{
		"111122223333/cloudfront/list-distributions.json": `{"DistributionList": {"Items": [{"Id": "E1", "ARN": "arn:aws:cloudfront::111122223333:distribution/E1", "Enabled": true, "Origins": {"Quantity": 2, "Items": [
			{"Id": "web", "DomainName": "web.acme.example", "CustomHeaders": {"Quantity": 1, "Items": [{"HeaderName": "x-origin-verify", "HeaderValue": "hunter2-correct-horse"}]},
				"OriginAccessControlId": "E9", "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 8443, "OriginProtocolPolicy": "https-only"}},
			{"Id": "inside", "DomainName": "inside.acme.example", "VpcOriginConfig": {"VpcOriginId": "vo_1"}}]}}]}}`,
		"111122223333/cloudfront/list-vpc-origins.json": `{"VpcOriginList": {"Items": [
			{"Id": "vo_1", "Name": "inside", "Status": "Deployed", "Arn": "arn:aws:cloudfront::111122223333:vpcorigin/vo_1", "OriginEndpointArn": "arn:aws:ec2:us-east-1:111122223333:instance/i-1"},
			{"Id": "vo_2", "Name": "other", "Status": "Deployed", "Arn": "arn:aws:cloudfront::111122223333:vpcorigin/vo_2"}]}}`,
		"111122223333/cloudfront/get-vpc-origin--Id=vo_1.json": `{"VpcOrigin": {"Id": "vo_1", "VpcOriginEndpointConfig": {"HTTPPort": 8080, "HTTPSPort": 443, "OriginProtocolPolicy": "match-viewer"}}}`,
	})
	expect(t, "the origins", fmt.Sprintf("%+v", e.Distributions[0].Sources), "[{ID:inside Domain:inside.acme.example VPCOrigin:vo_1 Protocol: HTTPPort:0 HTTPSPort:0 AccessControl: Headers:[]} "+
		"{ID:web Domain:web.acme.example VPCOrigin: Protocol:https-only HTTPPort:80 HTTPSPort:8443 AccessControl:E9 Headers:[x-origin-verify]}]")
	one, two := e.VPCOrigins[0], e.VPCOrigins[1]
	expect(t, "the VPC origin", fmt.Sprint(one.Of, " ", told(one.Ports)), "arn:aws:ec2:us-east-1:111122223333:instance/i-1 [443 8080]")
	expect(t, "the one that was not asked about", told(two.Ports), "unknown: cloudfront:GetVpcOrigin of vo_2 in 111122223333/global: not tried")
}

func TestAccelerators(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:globalaccelerator::111122223333:accelerator/a1"
	e := network(t, map[string]string{
		"111122223333/globalaccelerator/list-accelerators.json": `{"Accelerators": [{"AcceleratorArn": "` + arn + `", "Name": "shop", "Enabled": true, "IpSets": [{"IpAddresses": ["198.51.100.9", "198.51.100.8"]}]},
			{"AcceleratorArn": "arn:aws:globalaccelerator::111122223333:accelerator/a2", "Name": "idle", "Enabled": false}]}`,
		"111122223333/globalaccelerator/list-custom-routing-accelerators.json": `{"Accelerators": [{"AcceleratorArn": "arn:aws:globalaccelerator::111122223333:accelerator/a3", "Name": "games", "Enabled": true}]}`,
		"111122223333/globalaccelerator/list-listeners--AcceleratorArn=a1.json": `{"Listeners": [{"ListenerArn": "` + arn + `/listener/l1", "Protocol": "TCP", "PortRanges": [{"FromPort": 80, "ToPort": 80},
			{"FromPort": 8000, "ToPort": 8010}]}]}`,
		"111122223333/globalaccelerator/list-endpoint-groups--ListenerArn=l1.json": `{"EndpointGroups": [{"EndpointGroupArn": "` + arn + `/listener/l1/endpoint-group/g1", "EndpointGroupRegion": "us-east-1",
			"TrafficDialPercentage": 0.5, "PortOverrides": [{"ListenerPort": 80, "EndpointPort": 8080}], "EndpointDescriptions": [{"EndpointId": "i-1", "Weight": 0}, {"EndpointId": "eipalloc-1", "ClientIPPreservationEnabled": true}]}]}`,
	})
	a := e.Accelerators[0]
	expect(t, "the addresses", fmt.Sprint(a.Addresses), "[198.51.100.8 198.51.100.9]")
	listeners, _ := a.Listeners.Value()
	expect(t, "the ports", listeners[0].Ports.String(), "80, 8000-8010")
	groups, _ := listeners[0].Groups.Value()
	expect(t, "the group", fmt.Sprintf("%d%% %v %v", groups[0].Dial, groups[0].Overrides, groups[0].Endpoints), "1% map[80:8080] [{eipalloc-1 128 true} {i-1 0 false}]")
	expect(t, "an accelerator whose listeners nobody asked for", told(e.Accelerators[1].Listeners),
		"unknown: globalaccelerator:ListListeners of arn:aws:globalaccelerator::111122223333:accelerator/a2 in 111122223333/global: not tried")
	expect(t, "a custom routing accelerator", told(e.Accelerators[2].Listeners), "unknown: where the custom routing accelerator games leads is not read")
}

func TestAPIs(t *testing.T) {
	t.Parallel()
	const function = "arn:aws:lambda:us-east-1:111122223333:function:f"
	method := func(integration string) string {
		return `{"items": [{"id": "r", "path": "/", "resourceMethods": {"GET": ` + integration + `}}]}`
	}
	e := network(t, map[string]string{
		usEast1 + "apigateway/get-rest-apis.json": `{"items": [{"id": "a1", "name": "orders", "endpointConfiguration": {"types": ["PRIVATE"]}, "tags": {"app": "shop"}},
			{"id": "a2", "name": "chosen", "policy": "{\\\"Version\\\":\\\"2012-10-17\\\",\\\"Statement\\\":[{\\\"Effect\\\":\\\"Allow\\\",\\\"Principal\\\":\\\"*\\\",\\\"Action\\\":\\\"execute-api:Invoke\\\",\\\"Resource\\\":\\\"*\\\"}]}"},
			{"id": "a3", "name": "half", "policy": "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Deny\", \"Principal\": \"*\", \"Action\": \"*\", \"Resource\": \"*\"}]}"}, {"id": "a4", "name": "denied", "disableExecuteApiEndpoint": true}]}`,
		usEast1 + "apigateway/get-stages--RestApiId=a1.json": `{"item": [{"stageName": "live", "webAclArn": "arn:aws:wafv2:us-east-1:111122223333:regional/webacl/w/1", "variables": {"x": "y"}}]}`,
		usEast1 + "apigateway/get-resources--RestApiId=a1.json": method(`{"httpMethod": "GET", "methodIntegration": {"type": "HTTP_PROXY", "connectionType": "VPC_LINK", "connectionId": "v1", "uri": "http://x/"}}, "POST": {"httpMethod": "POST",
			"methodIntegration": {"type": "AWS_PROXY", "uri": "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/` + function + `/invocations"}}`),
		usEast1 + "apigateway/get-resources--RestApiId=a2.json": method(`{"httpMethod": "GET", "methodIntegration": {"connectionType": "VPC_LINK", "connectionId": "${stageVariables.link}"}}`),
		usEast1 + "apigateway/get-resources--RestApiId=a3.json": method(`{}`),
		usEast1 + "apigateway/get-resources--RestApiId=a4.json": "An error occurred (AccessDeniedException) when calling the GetResources operation: no",
		usEast1 + "apigateway/get-vpc-links.json":               `{"items": [{"id": "v1", "name": "orders", "targetArns": ["arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/net/orders/1"], "status": "AVAILABLE"}]}`,
		usEast1 + "apigatewayv2/get-apis.json":                  `{"Items": [{"ApiId": "h1", "Name": "portal", "ProtocolType": "HTTP"}]}`,
		usEast1 + "apigatewayv2/get-stages--ApiId=h1.json":      `{"Items": [{"StageName": "$default"}]}`,
		usEast1 + "apigatewayv2/get-integrations--ApiId=h1.json": `{"Items": [{"ConnectionType": "VPC_LINK", "ConnectionId": "v2", "IntegrationUri": "arn:aws:elasticloadbalancing:us-east-1:111122223333:listener/app/x/1/2"},
			{"ConnectionType": "INTERNET", "IntegrationType": "AWS_PROXY", "IntegrationUri": "` + function + `"}]}`,
		usEast1 + "apigatewayv2/get-vpc-links.json": `{"Items": [{"VpcLinkId": "v2", "Name": "portal", "SubnetIds": ["subnet-2", "subnet-1"], "SecurityGroupIds": ["sg-1"], "VpcLinkStatus": "AVAILABLE"}]}`,
	})
	if len(e.APIs) != 5 || len(e.VPCLinks) != 2 {
		t.Fatalf("%d APIs and %d links, want 5 and 2", len(e.APIs), len(e.VPCLinks))
	}
	a := e.APIs[0]
	expect(t, "the REST API", fmt.Sprint(a.Ref().ARN, " ", a.Type, " ", a.Endpoint, " ", told(a.Labels)), "arn:aws:apigateway:us-east-1::/restapis/a1 REST PRIVATE map[app:shop]")
	expect(t, "its stages", told(a.Stages), "[{live arn:aws:wafv2:us-east-1:111122223333:regional/webacl/w/1}]")
	expect(t, "what it calls", fmt.Sprint(told(a.Links), told(a.Targets), told(a.Functions)), "[v1][]["+function+"]")
	expect(t, "what a variable chooses", told(e.APIs[1].Links), "unknown: a stage variable chooses what an integration calls, and stage variables are not kept")
	if doc, ok := e.APIs[1].Policy.Value(); !ok || len(doc.Statements) != 1 || !doc.Statements[0].Principal.Anyone() {
		t.Errorf("the policy with escaped quotation marks is %v", doc)
	}
	if doc, ok := e.APIs[2].Policy.Value(); !ok || len(doc.Statements) != 1 {
		t.Errorf("the policy with plain quotation marks is %v", doc)
	}
	if !e.APIs[0].Policy.Absent() || !e.APIs[4].Policy.Absent() {
		t.Errorf("APIs without a policy have one")
	}
	expect(t, "resources without their methods", told(e.APIs[2].Functions), "unknown: apigateway:GetResources of a3 does not tell what its methods call: it has to be asked with --embed methods")
	expect(t, "what was denied", told(e.APIs[3].Links), "unknown: apigateway:GetResources of a4 in 111122223333/us-east-1: denied (AccessDeniedException)")
	if !e.APIs[3].Disabled || e.APIs[3].Endpoint != "EDGE" {
		t.Errorf("the API is %+v", e.APIs[3])
	}
	h := e.APIs[4]
	expect(t, "the HTTP API", fmt.Sprint(h.Type, told(h.Stages), told(h.Links), told(h.Targets), told(h.Functions)),
		"HTTP[{$default }][v2][arn:aws:elasticloadbalancing:us-east-1:111122223333:listener/app/x/1/2]["+function+"]")
	expect(t, "the links", fmt.Sprint(e.VPCLinks[0].Targets, e.VPCLinks[1].Subnets, e.VPCLinks[1].SecurityGroups), "[arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/net/orders/1] [subnet-1 subnet-2] [sg-1]")
}

func TestFunctionURLs(t *testing.T) {
	t.Parallel()
	function := func(name string) string {
		return `{"FunctionName": "` + name + `", "FunctionArn": "arn:aws:lambda:us-east-1:111122223333:function:` + name + `", "VpcConfig": {"VpcId": "vpc-1", "SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-2", "sg-1"]}}`
	}
	url := func(of, auth string) string {
		return `{"FunctionUrl": "https://` + of + `/", "FunctionArn": "arn:aws:lambda:us-east-1:111122223333:function:` + of + `", "AuthType": "` + auth + `"}`
	}
	allow := func(sid string) string {
		return `{"Policy": "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"` + sid + `\",\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"lambda:InvokeFunctionUrl\",\"Resource\":\"*\"}]}"}`
	}
	const missing = "An error occurred (ResourceNotFoundException) when calling the GetPolicy operation: none"
	e := network(t, map[string]string{
		usEast1 + "lambda/list-functions.json":                                 `{"Functions": [` + strings.Join([]string{function("bare"), function("both"), function("closed"), function("denied"), function("inside"), function("open")}, ",") + `]}`,
		usEast1 + "lambda/list-function-url-configs--FunctionName=bare.json":   `{"FunctionUrlConfigs": [` + url("bare", "NONE") + `]}`,
		usEast1 + "lambda/get-policy--FunctionName=bare.txt":                   missing,
		usEast1 + "lambda/list-function-url-configs--FunctionName=both.json":   `{"FunctionUrlConfigs": [` + url("both:live", "NONE") + "," + url("both", "NONE") + `]}`,
		usEast1 + "lambda/get-policy--FunctionName=both.json":                  allow("own"),
		usEast1 + "lambda/get-policy--FunctionName=both:live.json":             allow("alias"),
		usEast1 + "lambda/list-function-url-configs--FunctionName=closed.json": `{"FunctionUrlConfigs": []}`,
		usEast1 + "lambda/list-function-url-configs--FunctionName=inside.json": `{"FunctionUrlConfigs": [` + url("inside", "AWS_IAM") + `]}`,
		usEast1 + "lambda/list-function-url-configs--FunctionName=open.json":   `{"FunctionUrlConfigs": [` + url("open", "AWS_IAM") + "," + url("open:live", "NONE") + `]}`,
	})
	statements := func(f *estate.Function) string {
		d, ok := f.Policy.Value()
		if !ok {
			return told(f.Policy)
		}
		var sids []string
		for _, s := range d.Statements {
			sids = append(sids, s.Sid)
		}
		return fmt.Sprint(sids)
	}
	want := map[string]string{
		"bare":   "{https://bare/ NONE} none",
		"both":   "{https://both/ NONE} [own alias]",
		"closed": "none unknown: the policy of function closed was not read, since it has no address that anybody may call",
		"denied": "unknown: lambda:ListFunctionUrlConfigs of denied in 111122223333/us-east-1: not tried unknown: lambda:ListFunctionUrlConfigs of denied in 111122223333/us-east-1: not tried",
		"inside": "{https://inside/ AWS_IAM} unknown: the policy of function inside was not read, since it has no address that anybody may call",
		"open":   "{https://open:live/ NONE} unknown: lambda:GetPolicy of open:live in 111122223333/us-east-1: not tried",
	}
	for _, f := range e.Functions {
		expect(t, "function "+f.Ref().ID, told(f.URL)+" "+statements(f), want[f.Ref().ID])
		expect(t, "its groups", fmt.Sprint(f.SecurityGroups), "[sg-1 sg-2]")
	}
}

func TestContainers(t *testing.T) {
	t.Parallel()
	const cluster, service, task = "arn:aws:ecs:us-east-1:111122223333:cluster/", "arn:aws:ecs:us-east-1:111122223333:service/", "arn:aws:ecs:us-east-1:111122223333:task/"
	e := network(t, map[string]string{
		usEast1 + "ecs/list-clusters.json":                 `{"clusterArns": ["` + cluster + `shop", "` + cluster + `half", "` + cluster + `empty", "` + cluster + `denied"]}`,
		usEast1 + "ecs/list-services--Cluster=shop.json":   `{"serviceArns": ["` + service + `shop/web", "` + service + `shop/gone"]}`,
		usEast1 + "ecs/list-services--Cluster=half.json":   `{"serviceArns": ["` + service + `half/a", "` + service + `half/b"]}`,
		usEast1 + "ecs/list-services--Cluster=empty.json":  `{"serviceArns": []}`,
		usEast1 + "ecs/list-services--Cluster=denied.json": "An error occurred (AccessDeniedException) when calling the ListServices operation: no",
		usEast1 + "ecs/describe-services--Cluster=shop.json": `{"services": [{"serviceArn": "` + service + `shop/web", "serviceName": "web", "clusterArn": "` + cluster + `shop", "status": "ACTIVE", "launchType": "FARGATE",
			"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": "ENABLED"}}, "loadBalancers": [{"targetGroupArn": "tg-1"}]}],
			"failures": [{"arn": "` + service + `shop/gone", "reason": "MISSING"}]}`,
		usEast1 + "ecs/describe-services--Cluster=half.json": `{"services": [{"serviceArn": "` + service + `half/a", "serviceName": "a", "status": "ACTIVE"}], "failures": []}`,
		usEast1 + "ecs/list-tasks--Cluster=shop.json":        `{"taskArns": ["` + task + `shop/t1", "` + task + `shop/t2"]}`,
		usEast1 + "ecs/describe-tasks--Cluster=shop.json": `{"tasks": [{"taskArn": "` + task + `shop/t1", "group": "service:web", "lastStatus": "RUNNING", "attachments": [{"type": "ElasticNetworkInterface",
			"details": [{"name": "subnetId", "value": "subnet-1"}, {"name": "networkInterfaceId", "value": "eni-1"}]}]}, {"taskArn": "` + task + `shop/t2", "lastStatus": "STOPPED"}]}`,
	})
	byID := map[string]*estate.ContainerCluster{}
	for _, c := range e.ContainerClusters {
		byID[c.Ref().ID] = c
	}
	expect(t, "the services", told(byID["shop"].Services), "["+service+"shop/web]")
	expect(t, "the tasks", told(byID["shop"].Tasks), "["+task+"shop/t1]")
	expect(t, "services of which one is not described", told(byID["half"].Services), "unknown: of 2 that were listed in cluster half, ecs:DescribeServices does not tell of 1")
	expect(t, "no services", told(byID["empty"].Services), "[]")
	expect(t, "denied services", told(byID["denied"].Services), "unknown: ecs:ListServices of "+cluster+"denied in 111122223333/us-east-1: denied (AccessDeniedException)")
	if len(e.ContainerServices) != 2 || len(e.ContainerTasks) != 1 {
		t.Fatalf("%d services and %d tasks, want 2 and 1", len(e.ContainerServices), len(e.ContainerTasks))
	}
	s := e.ContainerServices[slices.IndexFunc(e.ContainerServices, func(s *estate.ContainerService) bool { return s.Ref().ID == "shop/web" })]
	expect(t, "the service", fmt.Sprint(s.Cluster, s.Network, s.Subnets, s.SecurityGroups, s.PublicIP, s.TargetGroups), cluster+"shopawsvpc[subnet-1] [sg-1] true [tg-1]")
	expect(t, "the task", fmt.Sprint(e.ContainerTasks[0].Service, e.ContainerTasks[0].Interfaces), "service:web[eni-1]")
}

func TestKubernetes(t *testing.T) {
	t.Parallel()
	e := network(t, map[string]string{
		usEast1 + "eks/list-clusters.json": `{"clusters": ["odd", "platform", "secret"]}`,
		usEast1 + "eks/describe-cluster--Name=platform.json": `{"cluster": {"name": "platform", "version": "1.34", "endpoint": "https://x.eks.amazonaws.com", "resourcesVpcConfig": {"vpcId": "vpc-1",
			"subnetIds": ["subnet-2", "subnet-1"], "securityGroupIds": ["sg-1"], "clusterSecurityGroupId": "sg-0", "endpointPublicAccess": true, "endpointPrivateAccess": false, "publicAccessCidrs": ["203.0.113.0/24"]}}}`,
		usEast1 + "eks/describe-cluster--Name=odd.json": `{"cluster": {"name": "odd", "resourcesVpcConfig": {"endpointPublicAccess": true, "publicAccessCidrs": ["somewhere"]}}}`,
	})
	d, ok := e.KubernetesClusters[1].Description.Value()
	want := estate.KubernetesDescription{Version: "1.34", Endpoint: "https://x.eks.amazonaws.com", Public: true, PublicCIDRs: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")},
		VPC: "vpc-1", Subnets: []string{"subnet-1", "subnet-2"}, SecurityGroups: []string{"sg-0", "sg-1"}}
	if !ok || fmt.Sprint(d) != fmt.Sprint(want) {
		t.Errorf("the cluster is %+v, want %+v", d, want)
	}
	expect(t, "a source that is none", told(e.KubernetesClusters[0].Description), "unknown: of the sources that Kubernetes cluster odd admits, one is no CIDR")
	expect(t, "what nobody asked", told(e.KubernetesClusters[2].Description), "unknown: eks:DescribeCluster of secret in 111122223333/us-east-1: not tried")
}

func TestCachesAndWarehouses(t *testing.T) {
	t.Parallel()
	e := network(t, map[string]string{
		usEast1 + "elasticache/describe-cache-clusters.json": `{"CacheClusters": [{"CacheClusterId": "sessions-001", "ReplicationGroupId": "sessions", "Engine": "valkey", "CacheSubnetGroupName": "data",
			"CacheNodes": [{"CustomerAvailabilityZone": "us-east-1a", "Endpoint": {"Port": 6379}}], "SecurityGroups": [{"SecurityGroupId": "sg-1"}]}]}`,
		usEast1 + "elasticache/describe-cache-subnet-groups.json": `{"CacheSubnetGroups": [{"CacheSubnetGroupName": "data", "VpcId": "vpc-1", "Subnets": [{"SubnetIdentifier": "subnet-2"}, {"SubnetIdentifier": "subnet-1"}]}]}`,
		usEast1 + "redshift/describe-clusters.json": `{"Clusters": [{"ClusterIdentifier": "finance", "VpcId": "vpc-1", "AvailabilityZone": "us-east-1a", "ClusterSubnetGroupName": "data", "PubliclyAccessible": true,
			"Endpoint": {"Port": 5439}, "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-2"}], "ClusterNodes": [{"PrivateIPAddress": "10.0.0.9", "PublicIPAddress": "198.51.100.1"}]}]}`,
	})
	c := e.CacheClusters[0]
	expect(t, "the cache", fmt.Sprint(c.Ref().ARN, c.Group, c.VPC, c.Subnets, c.Zones, c.SecurityGroups, c.Port),
		"arn:aws:elasticache:us-east-1:111122223333:cluster:sessions-001sessionsvpc-1[subnet-1 subnet-2] [us-east-1a] [sg-1] 6379")
	w := e.Warehouses[0]
	expect(t, "the warehouse, whose subnet groups were not read", fmt.Sprint(w.Public, w.VPC, w.Subnets, w.Zone, w.SecurityGroups, w.Port, w.Private, w.PublicAddress),
		"truevpc-1[]us-east-1a[sg-2] 5439 [10.0.0.9] [198.51.100.1]")
}

func TestWhereDatabasesStand(t *testing.T) {
	t.Parallel()
	e := network(t, map[string]string{
		usEast1 + "rds/describe-db-instances.json": `{"DBInstances": [{"DBInstanceIdentifier": "a", "AvailabilityZone": "us-east-1a", "Endpoint": {"Address": "a.rds.amazonaws.com", "Port": 5432},
			"DBSubnetGroup": {"VpcId": "vpc-1", "Subnets": [{"SubnetIdentifier": "subnet-2"}, {"SubnetIdentifier": "subnet-1"}]}}, {"DBInstanceIdentifier": "new"}]}`,
		usEast1 + "rds/describe-db-clusters.json": `{"DBClusters": [{"DBClusterIdentifier": "c", "Endpoint": "c.rds.amazonaws.com", "Port": 3306}]}`,
	})
	a, made := e.DBInstances[0], e.DBInstances[1]
	expect(t, "the database", fmt.Sprint(a.VPC, a.Subnets, a.Zone, a.Port, a.Address), "vpc-1[subnet-1 subnet-2]us-east-1a5432a.rds.amazonaws.com")
	expect(t, "one that is being made", fmt.Sprint(made.VPC, made.Subnets, made.Zone, made.Port), "[]0")
	expect(t, "the cluster", fmt.Sprint(e.DBClusters[0].Port, e.DBClusters[0].Address), "3306c.rds.amazonaws.com")
}
