package generate

import "strconv"

// workloads are what runs beside hosts and databases of RDS: containers, a Kubernetes cluster, a cache and a warehouse.
func (c *acme) workloads() {
	at := c.virginia
	inside := at.vpc.cidr.String()
	shop, data := labels{"app": "shop", "owner": "web"}, labels{"owner": "data"}

	batch := at.containerCluster("batch", data)
	batch.service("recommendations", 2, 0, at.group(at.vpc, "recommendations", "tasks of the recommendations", data), "", data)
	batch.close()

	at.kubernetes("platform", []string{"203.0.113.0/24"}, labels{"owner": "ops"})
	at.cache("shop-sessions", 2, at.group(at.vpc, "shop-sessions", "sessions of the shop", shop, tcp(6379, inside, "inside")), shop)
	at.warehouse("finance", at.group(at.vpc, "finance", "the warehouse", data, tcp(5439, inside, "inside")), labels{"app": "billing", "owner": "data"})
}

// managed makes an interface of something that a service of AWS runs, and returns its id and address.
func (s *site) managed(n *subnet, owner, description string, groups []string, name ...string) (id, address string) {
	id, address = s.id("eni", name...), n.address()
	s.networkInterface(id, n, address, "", "interface", description,
		object{"AttachmentId": s.id("eni-attach", name...), "InstanceOwnerId": owner, "DeviceIndex": 1, "Status": "attached", "DeleteOnTermination": false}, groups...)
	return id, address
}

// containerCluster is a cluster of ECS whose services are being gathered.
type containerCluster struct {
	*landing
	name, arn       string
	services, tasks []object
}

func (at *landing) containerCluster(name string, l labels) *containerCluster {
	c := &containerCluster{landing: at, name: name, arn: at.arn("ecs", "cluster/"+name)}
	at.count("ecs:ListClusters", c.arn)
	at.tag(c.arn, l)
	return c
}

// service runs n tasks on Fargate in private subnets, behind a target group if one is named, and returns the tasks as targets.
func (c *containerCluster) service(name string, n, port int, group, target string, l labels) []object {
	arn := c.landing.arn("ecs", "service/"+c.name+"/"+name)
	definition := c.landing.arn("ecs", "task-definition/"+name+":7")
	var subnets []string
	var targets []object
	for _, s := range c.vpc.private {
		subnets = append(subnets, s.id)
	}
	for i := range n {
		id := c.digest(32, "task", c.name, name, strconv.Itoa(i))
		in, attachment := c.vpc.private[i%len(c.vpc.private)], c.uuid("attachment", name, strconv.Itoa(i))
		eni, address := c.managed(in, "amazon-ecs", c.landing.arn("ecs", "attachment/"+attachment), []string{group}, "task", name, strconv.Itoa(i))
		task := c.landing.arn("ecs", "task/"+c.name+"/"+id)
		c.tasks = append(c.tasks, object{"taskArn": task, "clusterArn": c.arn, "taskDefinitionArn": definition, "group": "service:" + name, "availabilityZone": in.zone, "launchType": "FARGATE",
			"platformVersion": "1.4.0", "lastStatus": "RUNNING", "desiredStatus": "RUNNING", "connectivity": "CONNECTED", "cpu": "512", "memory": "1024", "createdAt": ago(3 * day), "startedAt": ago(3 * day),
			"attachments": []object{{"id": attachment, "type": "ElasticNetworkInterface", "status": "ATTACHED", "details": []object{{"name": "subnetId", "value": in.id},
				{"name": "networkInterfaceId", "value": eni}, {"name": "macAddress", "value": "0a:" + mac(c.digest(10, "mac", eni))}, {"name": "privateIPv4Address", "value": address}}}},
			"overrides": object{"containerOverrides": []object{{"name": name, "environment": []object{{"name": "API_TOKEN", "value": "made-up-" + name}}}}}, "tags": []object{}})
		targets = append(targets, object{"Target": object{"Id": address, "Port": port, "AvailabilityZone": in.zone}, "HealthCheckPort": strconv.Itoa(port), "TargetHealth": object{"State": "healthy"}})
		c.w.truth.Resources++
	}
	body := object{"serviceArn": arn, "serviceName": name, "clusterArn": c.arn, "status": "ACTIVE", "desiredCount": n, "runningCount": n, "pendingCount": 0, "launchType": "FARGATE",
		"platformVersion": "LATEST", "taskDefinition": definition, "schedulingStrategy": "REPLICA", "createdAt": "2023-03-06T10:00:00Z", "enableExecuteCommand": false,
		"networkConfiguration": object{"awsvpcConfiguration": object{"subnets": subnets, "securityGroups": []string{group}, "assignPublicIp": "DISABLED"}},
		"loadBalancers":        []object{}, "deployments": []object{}, "events": []object{}}
	if target != "" {
		body["loadBalancers"] = []object{{"targetGroupArn": target, "containerName": name, "containerPort": port}}
	}
	c.services = append(c.services, body)
	c.tag(arn, l)
	c.w.truth.Resources++
	return targets
}

// close answers what the cluster has.
func (c *containerCluster) close() {
	arns := func(of []object, member string) []any {
		all := []any{}
		for _, o := range of {
			all = append(all, o[member])
		}
		return all
	}
	c.about("ecs:ListServices", object{"serviceArns": arns(c.services, "serviceArn")}, c.arn)
	c.about("ecs:DescribeServices", object{"services": c.services, "failures": []object{}}, c.arn)
	c.about("ecs:ListTasks", object{"taskArns": arns(c.tasks, "taskArn")}, c.arn)
	c.about("ecs:DescribeTasks", object{"tasks": c.tasks, "failures": []object{}}, c.arn)
}

// kubernetes makes a cluster of EKS whose API server answers inside and to some networks.
func (at *landing) kubernetes(name string, admitted []string, l labels) {
	arn := at.arn("eks", "cluster/"+name)
	group := at.group(at.vpc, "eks-cluster-sg-"+name, "EKS created security group applied to ENI that is attached to EKS Control Plane master nodes, as well as any managed workloads.", l,
		tcp(443, at.vpc.cidr.String(), "inside"))
	var subnets []string
	for _, n := range at.vpc.private {
		subnets = append(subnets, n.id)
	}
	for _, n := range at.vpc.private[:2] {
		at.managed(n, "amazon-eks", "Amazon EKS "+name, []string{group}, "eks", name, n.zone)
	}
	at.count("eks:ListClusters", name)
	at.about("eks:DescribeCluster", object{"cluster": object{"name": name, "arn": arn, "createdAt": "2023-06-12T08:00:00Z", "version": "1.34", "platformVersion": "eks.7", "status": "ACTIVE",
		"endpoint": "https://" + upper(at.digest(32, "eks", name)) + ".gr7." + at.region + ".eks.amazonaws.com", "roleArn": "arn:aws:iam::" + at.account.id + ":role/eks-" + name,
		"resourcesVpcConfig": object{"subnetIds": subnets, "securityGroupIds": []string{}, "clusterSecurityGroupId": group, "vpcId": at.vpc.id, "endpointPublicAccess": true,
			"endpointPrivateAccess": true, "publicAccessCidrs": admitted},
		"kubernetesNetworkConfig": object{"serviceIpv4Cidr": "172.20.0.0/16", "ipFamily": "ipv4"}, "accessConfig": object{"authenticationMode": "API"}, "tags": l}}, name)
	at.tag(arn, l)
}

// cache makes a replication group of ElastiCache with n nodes in data subnets.
func (at *landing) cache(name string, n int, group string, l labels) {
	var subnets []object
	for _, s := range at.vpc.data {
		subnets = append(subnets, object{"SubnetIdentifier": s.id, "SubnetAvailabilityZone": object{"Name": s.zone}, "SupportedNetworkTypes": []string{"ipv4"}})
	}
	in := at.vpc.name + "-data"
	at.list("elasticache:DescribeCacheSubnetGroups", object{"CacheSubnetGroupName": in, "CacheSubnetGroupDescription": "data subnets", "VpcId": at.vpc.id, "Subnets": subnets,
		"ARN": at.arn("elasticache", "subnetgroup:"+in), "SupportedNetworkTypes": []string{"ipv4"}})
	for i := range n {
		id, s := name+"-00"+strconv.Itoa(i+1), at.vpc.data[i]
		arn := at.arn("elasticache", "cluster:"+id)
		at.managed(s, "amazon-elasticache", "ElastiCache "+id, []string{group}, "cache", id)
		at.count("elasticache:DescribeCacheClusters", object{"CacheClusterId": id, "ARN": arn, "ReplicationGroupId": name, "Engine": "valkey", "EngineVersion": "8.0.1", "CacheNodeType": "cache.r7g.large",
			"CacheClusterStatus": "available", "NumCacheNodes": 1, "PreferredAvailabilityZone": s.zone, "CacheClusterCreateTime": "2023-03-06T10:00:00Z", "CacheSubnetGroupName": in,
			"CacheNodes": []object{{"CacheNodeId": "0001", "CacheNodeStatus": "available", "CacheNodeCreateTime": "2023-03-06T10:00:00Z", "ParameterGroupStatus": "in-sync", "CustomerAvailabilityZone": s.zone,
				"Endpoint": object{"Address": id + "." + name + "." + at.digest(6, "cache") + ".use1.cache.amazonaws.com", "Port": 6379}}},
			"SecurityGroups": []object{{"SecurityGroupId": group, "Status": "active"}}, "AutoMinorVersionUpgrade": true, "AuthTokenEnabled": true, "TransitEncryptionEnabled": true,
			"TransitEncryptionMode": "required", "AtRestEncryptionEnabled": true, "SnapshotRetentionLimit": 1, "NetworkType": "ipv4", "IpDiscovery": "ipv4"})
		at.tag(arn, l)
	}
}

// warehouse makes a cluster of Redshift in a data subnet.
func (at *landing) warehouse(name, group string, l labels) {
	var subnets []object
	for _, s := range at.vpc.data {
		subnets = append(subnets, object{"SubnetIdentifier": s.id, "SubnetAvailabilityZone": object{"Name": s.zone}, "SubnetStatus": "Active"})
	}
	in := at.vpc.name + "-data"
	at.list("redshift:DescribeClusterSubnetGroups", object{"ClusterSubnetGroupName": in, "Description": "data subnets", "VpcId": at.vpc.id, "SubnetGroupStatus": "Complete", "Subnets": subnets, "Tags": []object{}})
	_, address := at.managed(at.vpc.data[0], "amazon-redshift", "RedshiftNetworkInterface", []string{group}, "warehouse", name)
	at.count("redshift:DescribeClusters", object{"ClusterIdentifier": name, "NodeType": "ra3.large", "ClusterStatus": "available", "ClusterAvailabilityStatus": "Available", "MasterUsername": "acme",
		"DBName": name, "Endpoint": object{"Address": name + "." + at.digest(12, "redshift") + "." + at.region + ".redshift.amazonaws.com", "Port": 5439}, "ClusterCreateTime": "2024-01-15T10:00:00Z",
		"VpcSecurityGroups": worn([]string{group}), "ClusterSubnetGroupName": in, "VpcId": at.vpc.id, "AvailabilityZone": at.vpc.data[0].zone, "NumberOfNodes": 1, "PubliclyAccessible": false,
		"Encrypted": true, "KmsKeyId": at.keys["rds"], "ClusterNodes": []object{{"NodeRole": "SHARED", "PrivateIPAddress": address}}, "AllowVersionUpgrade": true, "EnhancedVpcRouting": true, "Tags": l.list()})
	at.tag(at.arn("redshift", "cluster:"+name), l)
}
