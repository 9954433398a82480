package generate

import "time"

// gateways are the ways in that do not begin at a load balancer: an accelerator, APIs, distributions before origins of the
// company's own, and a function that anybody may call.
func (c *acme) gateways() {
	at, shop := c.virginia, labels{"app": "shop", "owner": "web", "environment": "production"}
	tasks := at.containerCluster("shop", shop)

	// Pictures: a distribution, a load balancer that admits CloudFront alone and asks for a header, containers.
	cdn := at.cloudFrontAddresses()
	d := door{name: "media", vpc: at.vpc, port: 8443, certificate: at.certificate("media-origin.acme.example"), labels: shop, cdn: cdn, header: "x-origin-verify"}
	balancer, front := at.open(d)
	at.webACL("media-public", []string{balancer})
	media := at.group(at.vpc, "media", "tasks of the pictures", shop, tcp(d.port, front, "its load balancer"))
	at.targets(d, balancer, "ip", tasks.service("media", 3, d.port, media, at.targetGroup(d.name), shop))
	c.production.distributionOf("media.acme.example", object{"Id": "media", "DomainName": at.balancerName("media"), "OriginPath": "",
		"CustomHeaders":      object{"Quantity": 1, "Items": []object{{"HeaderName": d.header, "HeaderValue": originSecret}}},
		"CustomOriginConfig": custom, "ConnectionAttempts": 3, "ConnectionTimeout": 10},
		at.certificate("media.acme.example"), c.production.global.webACL("media", nil), shop)

	// Orders of partners: an API and, for the portal, a distribution lead to one load balancer inside.
	inside := at.networkBalancer("orders", shop)
	orders := at.group(at.vpc, "orders", "tasks of the orders", shop, tcp(8443, at.vpc.cidr.String(), "inside"))
	at.passTo("orders", inside, tasks.service("orders", 3, 8443, orders, at.targetGroup("orders"), shop), shop)
	at.restAPI("orders", at.vpcLink("orders", inside, shop), at.webACL("orders-api", nil), shop)
	c.production.distributionOf("partners.acme.example", object{"Id": "orders", "DomainName": "orders.internal.acme.example", "OriginPath": "", "CustomHeaders": object{"Quantity": 0},
		"VpcOriginConfig":    object{"VpcOriginId": c.production.vpcOrigin("orders", inside), "OriginReadTimeout": 30, "OriginKeepaliveTimeout": 5},
		"ConnectionAttempts": 3, "ConnectionTimeout": 10}, at.certificate("partners.acme.example"), c.production.global.webACL("partners", nil), shop)
	tasks.close()

	billing := labels{"app": "billing", "owner": "billing", "environment": "production"}
	at.httpAPI("invoices", at.arn("lambda", "function:billing-vat-report"), billing)
	at.callable("shop-payment-webhook", c.production.role("/service-role/", "shop-payment-webhook", trustService("lambda.amazonaws.com"),
		[]string{awsManaged + "service-role/AWSLambdaBasicExecutionRole"}, nil, 2*time.Hour), shop)
	c.production.accelerator("shop", shop, at.balancer("shop"), c.ireland.balancer("shop-eu"))
}

// custom is how CloudFront speaks to an origin of the company's own.
var custom = object{"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only", "OriginSslProtocols": object{"Quantity": 1, "Items": []string{"TLSv1.2"}}, "OriginReadTimeout": 30, "OriginKeepaliveTimeout": 5}

// balancer is the ARN of an application load balancer.
func (s *site) balancer(name string) string {
	return s.arn("elasticloadbalancing", "loadbalancer/app/"+name+"/"+s.digest(16, "balancer", name))
}

// cloudFrontAddresses is AWS's own list of the addresses that CloudFront fetches from, shortened.
func (s *site) cloudFrontAddresses() string {
	id, name := s.id("pl", "cloudfront"), "com.amazonaws.global.cloudfront.origin-facing"
	s.list("ec2:DescribeManagedPrefixLists", object{"PrefixListId": id, "PrefixListName": name, "PrefixListArn": "arn:aws:ec2:" + s.region + ":aws:prefix-list/" + id, "AddressFamily": "IPv4",
		"State": "create-complete", "MaxEntries": 55, "OwnerId": "AWS", "Tags": []object{}})
	s.about("ec2:GetManagedPrefixListEntries", object{"Entries": []object{{"Cidr": "120.52.22.96/27"}, {"Cidr": "205.251.249.0/24"}, {"Cidr": "180.163.57.128/26"}, {"Cidr": "130.176.0.0/17"}}}, id)
	return id
}

// networkBalancer makes a network load balancer that only the inside reaches, and returns its ARN.
func (at *landing) networkBalancer(name string, l labels) string {
	suffix := "net/" + name + "/" + at.digest(16, "balancer", name)
	arn := at.arn("elasticloadbalancing", "loadbalancer/"+suffix)
	group := at.group(at.vpc, name+"-nlb", "load balancer "+name, l, tcp(443, at.vpc.cidr.String(), "inside"))
	var zones []object
	for _, n := range at.vpc.private {
		zones = append(zones, object{"ZoneName": n.zone, "SubnetId": n.id, "LoadBalancerAddresses": []object{}})
		at.networkInterface(at.id("eni", name, n.zone), n, n.address(), "", "network_load_balancer", "ELB "+suffix,
			object{"AttachmentId": at.id("eni-attach", name, n.zone), "InstanceOwnerId": "amazon-aws", "DeviceIndex": 1, "Status": "attached", "DeleteOnTermination": false}, group)
	}
	at.count("elbv2:DescribeLoadBalancers", object{"LoadBalancerArn": arn, "LoadBalancerName": name, "DNSName": name + "-" + at.digest(16, "dns", name) + ".elb." + at.region + ".amazonaws.com",
		"CanonicalHostedZoneId": "Z26RNL4JYFTOTI", "CreatedTime": "2023-03-06T10:00:00Z", "Scheme": "internal", "Type": "network", "VpcId": at.vpc.id, "State": object{"Code": "active"},
		"AvailabilityZones": zones, "SecurityGroups": []string{group}, "IpAddressType": "ipv4", "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic": "on"})
	at.tag(arn, l)
	at.about("elbv2:DescribeLoadBalancerAttributes", object{"Attributes": []object{{"Key": "access_logs.s3.enabled", "Value": "false"}, {"Key": "deletion_protection.enabled", "Value": "true"},
		{"Key": "load_balancing.cross_zone.enabled", "Value": "true"}}}, arn)
	return arn
}

// passTo makes the one listener of a network load balancer, on 443, and the addresses that it passes packets to.
func (at *landing) passTo(name, balancer string, health []object, l labels) {
	group := at.targetGroup(name)
	listener := at.arn("elasticloadbalancing", "listener/net/"+name+"/"+at.digest(16, "balancer", name)+"/"+at.digest(16, "listener", name, "443"))
	actions := []object{{"Type": "forward", "TargetGroupArn": group, "Order": 1, "ForwardConfig": object{"TargetGroups": []object{{"TargetGroupArn": group}}}}}
	at.w.truth.Resources++
	at.about("elbv2:DescribeListeners", object{"Listeners": []object{{"ListenerArn": listener, "LoadBalancerArn": balancer, "Port": 443, "Protocol": "TCP", "DefaultActions": actions}}}, balancer)
	at.about("elbv2:DescribeRules", object{"Rules": []object{{"RuleArn": listener + "/default", "Priority": "default", "Conditions": []object{}, "Actions": actions, "IsDefault": true}}}, listener)
	at.count("elbv2:DescribeTargetGroups", object{"TargetGroupArn": group, "TargetGroupName": name, "Protocol": "TCP", "Port": 8443, "VpcId": at.vpc.id, "TargetType": "ip", "IpAddressType": "ipv4",
		"LoadBalancerArns": []string{balancer}, "HealthCheckEnabled": true, "HealthCheckProtocol": "TCP", "HealthCheckPort": "traffic-port", "HealthCheckIntervalSeconds": 30,
		"HealthCheckTimeoutSeconds": 10, "HealthyThresholdCount": 3, "UnhealthyThresholdCount": 3})
	at.groupAttributes(group, object{"Key": "preserve_client_ip.enabled", "Value": "false"}, object{"Key": "proxy_protocol_v2.enabled", "Value": "false"})
	at.about("elbv2:DescribeTargetHealth", object{"TargetHealthDescriptions": health}, group)
	at.tag(group, l)
}

// vpcLink makes a link of REST APIs to a network load balancer, and returns its id.
func (at *landing) vpcLink(name, balancer string, l labels) string {
	id := at.digest(6, "vpclink", name)
	at.count("apigateway:GetVpcLinks", object{"id": id, "name": name, "targetArns": []string{balancer}, "status": "AVAILABLE", "statusMessage": "Your vpc link is ready for use", "tags": l})
	at.tag("arn:aws:apigateway:"+at.region+"::/vpclinks/"+id, l)
	return id
}

// restAPI makes a REST API whose methods go through a link.
func (at *landing) restAPI(name, link, webACL string, l labels) {
	id := at.digest(10, "restapi", name)
	arn := "arn:aws:apigateway:" + at.region + "::/restapis/" + id
	at.count("apigateway:GetRestApis", object{"id": id, "name": name, "createdDate": "2023-03-06T10:00:00Z", "apiKeySource": "HEADER", "endpointConfiguration": object{"types": []string{"REGIONAL"}, "ipAddressType": "ipv4"},
		"disableExecuteApiEndpoint": false, "rootResourceId": at.digest(10, "root", name), "tags": l})
	at.about("apigateway:GetStages", object{"item": []object{{"deploymentId": at.digest(6, "deployment", name), "stageName": "live", "cacheClusterEnabled": false, "cacheClusterStatus": "NOT_AVAILABLE",
		"methodSettings": object{}, "variables": object{"token": "made-up-" + name}, "tracingEnabled": true, "webAclArn": webACL, "createdDate": "2023-03-06T10:00:00Z", "lastUpdatedDate": ago(40 * day)}}}, id)
	at.about("apigateway:GetResources", object{"items": []object{{"id": at.digest(10, "root", name), "path": "/"},
		{"id": at.digest(6, "resource", name), "parentId": at.digest(10, "root", name), "pathPart": "{proxy+}", "path": "/{proxy+}", "resourceMethods": object{"ANY": object{"httpMethod": "ANY", "authorizationType": "AWS_IAM",
			"apiKeyRequired": true, "methodIntegration": object{"type": "HTTP_PROXY", "httpMethod": "ANY", "uri": "https://orders.internal.acme.example/{proxy}", "connectionType": "VPC_LINK", "connectionId": link,
				"requestParameters": object{"integration.request.header.x-api-token": "'made-up-" + name + "'"}, "passthroughBehavior": "WHEN_NO_MATCH", "timeoutInMillis": 29000,
				"cacheNamespace": at.digest(6, "resource", name), "cacheKeyParameters": []string{}}}}}}}, id)
	at.tag(arn, l)
	at.tag(arn+"/stages/live", l)
}

// httpAPI makes an HTTP API that calls a function. Its link into the network, for what is to come, has nothing behind it yet.
func (at *landing) httpAPI(name, function string, l labels) {
	id, link := at.digest(10, "httpapi", name), at.digest(6, "vpclink", name)
	at.count("apigatewayv2:GetApis", object{"ApiId": id, "Name": name, "ProtocolType": "HTTP", "ApiEndpoint": "https://" + id + ".execute-api." + at.region + ".amazonaws.com", "CreatedDate": "2024-05-20T10:00:00Z",
		"ApiKeySelectionExpression": "$request.header.x-api-key", "RouteSelectionExpression": "$request.method $request.path", "DisableExecuteApiEndpoint": false, "IpAddressType": "ipv4", "Tags": l})
	at.about("apigatewayv2:GetStages", object{"Items": []object{{"StageName": "$default", "AutoDeploy": true, "CreatedDate": "2024-05-20T10:00:00Z", "LastUpdatedDate": ago(40 * day),
		"DefaultRouteSettings": object{"DetailedMetricsEnabled": false}, "RouteSettings": object{}, "StageVariables": object{"token": "made-up-" + name}, "Tags": object{}}}}, id)
	at.about("apigatewayv2:GetIntegrations", object{"Items": []object{{"IntegrationId": at.digest(7, "integration", name), "IntegrationType": "AWS_PROXY", "IntegrationMethod": "POST", "ConnectionType": "INTERNET",
		"IntegrationUri": function, "PayloadFormatVersion": "2.0", "TimeoutInMillis": 30000}}}, id)
	group := at.group(at.vpc, name+"-link", "link of the API "+name, l)
	var subnets []string
	for _, n := range at.vpc.private[:2] {
		subnets = append(subnets, n.id)
		at.managed(n, "amazon-apigateway", "VPC Link V2 Interface for API Gateway", []string{group}, "vpclink", name, n.zone)
	}
	at.count("apigatewayv2:GetVpcLinks", object{"VpcLinkId": link, "Name": name, "SubnetIds": subnets, "SecurityGroupIds": []string{group}, "VpcLinkStatus": "AVAILABLE", "VpcLinkVersion": "V2",
		"VpcLinkStatusMessage": "VPC link is ready to route traffic", "CreatedDate": "2024-05-20T10:00:00Z", "Tags": l})
	at.tag("arn:aws:apigateway:"+at.region+"::/apis/"+id, l)
	at.tag("arn:aws:apigateway:"+at.region+"::/vpclinks/"+link, l)
}

// callable makes a function with an address that anybody may call.
func (at *landing) callable(name, role string, l labels) {
	at.function(name, "python3.13", role, l)
	arn := at.arn("lambda", "function:"+name)
	at.correct("lambda:ListFunctionUrlConfigs", object{"FunctionUrlConfigs": []object{{"FunctionUrl": "https://" + at.digest(32, "url", name) + ".lambda-url." + at.region + ".on.aws/", "FunctionArn": arn,
		"CreationTime": "2024-09-02T09:00:00.000Z", "LastModifiedTime": "2024-09-02T09:00:00.000Z", "AuthType": "NONE", "InvokeMode": "BUFFERED"}}}, name)
	at.about("lambda:GetPolicy", object{"RevisionId": at.uuid("policy", name), "Policy": string(encode(policy(
		object{"Sid": "FunctionURLAllowPublicAccess", "Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunctionUrl", "Resource": arn, "Condition": object{"StringEquals": object{"lambda:FunctionUrlAuthType": "NONE"}}},
		object{"Sid": "FunctionURLInvokeAllowPublicAccess", "Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunction", "Resource": arn, "Condition": object{"Bool": object{"lambda:InvokedViaFunctionUrl": "true"}}})))}, name)
}

// vpcOrigin lets CloudFront reach a load balancer inside, and returns its id.
func (a *account) vpcOrigin(name, balancer string) string {
	g := a.global
	id := "vo_" + g.digest(22, "vpcorigin", name)
	arn := g.arn("cloudfront", "vpcorigin/"+id)
	g.count("cloudfront:ListVpcOrigins", object{"Id": id, "Name": name, "Status": "Deployed", "CreatedTime": "2025-02-03T10:00:00Z", "LastModifiedTime": "2025-02-03T10:00:00Z", "Arn": arn, "AccountId": a.id,
		"OriginEndpointArn": balancer})
	g.about("cloudfront:GetVpcOrigin", object{"ETag": "E" + upper(g.digest(13, "etag", name)), "VpcOrigin": object{"Id": id, "Arn": arn, "AccountId": a.id, "Status": "Deployed", "CreatedTime": "2025-02-03T10:00:00Z",
		"LastModifiedTime": "2025-02-03T10:00:00Z", "VpcOriginEndpointConfig": object{"Name": name, "Arn": balancer, "HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only",
			"OriginSslProtocols": object{"Quantity": 1, "Items": []string{"TLSv1.2"}}}}}, id)
	a.regions[0].tag(arn, labels{"owner": "web", "app": "shop"})
	return id
}

// accelerator makes one of Global Accelerator that leads to a load balancer in each Region.
func (a *account) accelerator(name string, l labels, balancers ...string) {
	g := a.global
	arn := g.arn("globalaccelerator", "accelerator/"+g.uuid("accelerator", name))
	listener := arn + "/listener/" + g.digest(8, "listener", name)
	g.count("globalaccelerator:ListAccelerators", object{"AcceleratorArn": arn, "Name": name, "IpAddressType": "IPV4", "Enabled": true, "Status": "DEPLOYED", "CreatedTime": "2024-02-12T10:00:00Z",
		"LastModifiedTime": "2024-02-12T10:00:00Z", "DnsName": "a" + g.digest(16, "accelerator", name) + ".awsglobalaccelerator.com",
		"IpSets": []object{{"IpFamily": "IPv4", "IpAddressFamily": "IPv4", "IpAddresses": []string{g.w.publicAddress(), g.w.publicAddress()}}}})
	g.about("globalaccelerator:ListListeners", object{"Listeners": []object{{"ListenerArn": listener, "Protocol": "TCP", "ClientAffinity": "NONE", "PortRanges": []object{{"FromPort": 443, "ToPort": 443}}}}}, arn)
	var groups []object
	for i, balancer := range balancers {
		groups = append(groups, object{"EndpointGroupArn": listener + "/endpoint-group/" + g.digest(12, "endpoint-group", balancer), "EndpointGroupRegion": a.regions[i].region, "TrafficDialPercentage": 100,
			"HealthCheckPort": 443, "HealthCheckProtocol": "TCP", "HealthCheckIntervalSeconds": 30, "ThresholdCount": 3, "PortOverrides": []object{},
			"EndpointDescriptions": []object{{"EndpointId": balancer, "Weight": 128, "HealthState": "HEALTHY", "ClientIPPreservationEnabled": true}}})
	}
	g.about("globalaccelerator:ListEndpointGroups", object{"EndpointGroups": groups}, listener)
	a.regions[0].tag(arn, l)
}
