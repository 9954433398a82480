package generate

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"
)

// image is an AMI.
type image struct {
	owner, name, alias  string
	created, deprecated time.Time
	windows             bool
	shared              []string // accounts that may start it, of an image of one's own
}

// images are the company's own hardened image, made anew each month and shared with its accounts, and Amazon's.
func (c *acme) images() {
	c.base = image{owner: c.production.id, name: "acme-base-2026.11.02", created: Time.Add(-18 * day),
		shared: []string{c.staging.id, c.legacy.id}}
	c.amazon = image{owner: "137112412989", alias: "amazon", name: "al2023-ami-2023.9.20261015.0-kernel-6.1-x86_64",
		created: Time.Add(-36 * day), deprecated: Time.Add(54 * day)}
}

// ami is the id of an image in a Region: a copy has another.
func (s *site) ami(i image) string {
	sum := sha256.Sum256([]byte(s.region + "/" + i.name))
	return "ami-0" + hex.EncodeToString(sum[:])[:16]
}

// sees lists an image where it is used or owned; only its owner may ask with whom it is shared.
func (s *site) sees(i image) {
	id := s.ami(i)
	if s.seen[id] {
		return
	}
	s.seen[id] = true
	body := object{"ImageId": id, "OwnerId": i.owner, "Name": i.name, "ImageLocation": i.owner + "/" + i.name, "CreationDate": stamp(i.created), "State": "available",
		"Public": i.owner != s.w.accounts[0].id, "Architecture": "x86_64", "ImageType": "machine", "RootDeviceType": "ebs", "RootDeviceName": "/dev/xvda",
		"VirtualizationType": "hvm", "Hypervisor": "xen", "EnaSupport": true, "PlatformDetails": "Linux/UNIX", "UsageOperation": "RunInstances",
		"BlockDeviceMappings": []object{{"DeviceName": "/dev/xvda", "Ebs": object{"DeleteOnTermination": true, "VolumeSize": 8, "VolumeType": "gp3", "Encrypted": false}}},
		"Tags":                []object{}}
	if i.alias != "" {
		body["ImageOwnerAlias"] = i.alias
	}
	if i.windows {
		body["Platform"], body["PlatformDetails"], body["UsageOperation"] = "Windows", "Windows", "RunInstances:0002"
	}
	if !i.deprecated.IsZero() {
		body["DeprecationTime"] = stamp(i.deprecated)
	}
	if i.owner == s.account.id {
		s.count("ec2:DescribeImages", body)
		with := []object{}
		for _, account := range i.shared {
			with = append(with, object{"UserId": account})
		}
		s.about("ec2:DescribeImageAttribute", object{"ImageId": id, "LaunchPermissions": with}, id, "launchPermission")
		return
	}
	s.list("ec2:DescribeImages", body)
}

// disk is a volume of a host.
type disk struct {
	device string
	size   int
	kept   bool // it stays when the host goes
	plain  bool // not encrypted
}

// host is an EC2 instance and what belongs to it.
type host struct {
	name     string
	kind     string // "m7g.large"
	image    image
	labels   labels
	launched time.Duration // ago
	subnet   *subnet
	groups   []string
	public   bool // it has a public address
	profile  profile
	disks    []disk // the first is the root; none means one that goes with the host
	key      string // ARN of the key of its volumes
	plain    bool   // its data disk is not encrypted
	version1 bool   // it still answers version 1 of the metadata service
	script   string // its user data
	fleet    *fleet
	managed  bool          // Systems Manager knows it
	install  bool          // patches are installed in place, rather than only scanned for
	silent   time.Duration // since when it no longer reports; 0: it does
}

// started is what a host became.
type started struct {
	id, arn, private, public string
	volumes                  []string
}

// start runs a host.
func (s *site) start(h host) started {
	id := s.id("i", h.name)
	out := started{id: id, arn: s.arn("ec2", "instance/"+id), private: h.subnet.address()}
	if h.public {
		out.public = s.w.publicAddress()
	}
	s.sees(h.image)
	since := ago(h.launched)
	tags := h.labels.with("Name", h.name)
	if h.fleet != nil {
		tags = tags.with("aws:autoscaling:groupName", h.fleet.name).with("aws:ec2launchtemplate:id", h.fleet.template).with("aws:ec2launchtemplate:version", h.fleet.version)
	}
	tokens := "required"
	if h.version1 {
		tokens = "optional"
	}
	disks := h.disks
	if disks == nil {
		disks = []disk{{device: "/dev/xvda", size: 20}}
	}
	var mappings []object
	for n, d := range disks {
		volume := s.volume(h, d, n, id, since)
		out.volumes = append(out.volumes, volume)
		mappings = append(mappings, object{"DeviceName": d.device, "Ebs": object{"VolumeId": volume, "AttachTime": since, "DeleteOnTermination": !d.kept, "Status": "attached"}})
	}
	var worn []object
	for _, g := range h.groups {
		worn = append(worn, object{"GroupId": g, "GroupName": s.named[g]})
	}
	eni := s.id("eni", h.name)
	s.networkInterface(eni, h.subnet, out.private, out.public, "interface", "", object{"AttachmentId": s.id("eni-attach", h.name), "InstanceId": id, "InstanceOwnerId": s.account.id,
		"DeviceIndex": 0, "Status": "attached", "AttachTime": since, "DeleteOnTermination": true}, h.groups...)
	body := object{"InstanceId": id, "ImageId": s.ami(h.image), "InstanceType": h.kind, "LaunchTime": since, "State": object{"Code": 16, "Name": "running"},
		"Placement": object{"AvailabilityZone": h.subnet.zone, "Tenancy": "default", "GroupName": ""}, "VpcId": h.subnet.vpc.id, "SubnetId": h.subnet.id,
		"PrivateIpAddress": out.private, "PrivateDnsName": "ip-" + dashed(out.private) + ".ec2.internal", "SecurityGroups": worn, "RootDeviceName": disks[0].device, "RootDeviceType": "ebs",
		"BlockDeviceMappings": mappings, "Architecture": "x86_64", "Hypervisor": "xen", "VirtualizationType": "hvm", "EbsOptimized": true, "Monitoring": object{"State": "disabled"},
		"PlatformDetails": "Linux/UNIX", "UsageOperation": "RunInstances", "SourceDestCheck": true,
		"MetadataOptions": object{"State": "applied", "HttpTokens": tokens, "HttpPutResponseHopLimit": 1, "HttpEndpoint": "enabled", "HttpProtocolIpv6": "disabled", "InstanceMetadataTags": "disabled"},
		"NetworkInterfaces": []object{{"NetworkInterfaceId": eni, "SubnetId": h.subnet.id, "VpcId": h.subnet.vpc.id, "OwnerId": s.account.id, "PrivateIpAddress": out.private,
			"Status": "in-use", "SourceDestCheck": true, "Groups": worn, "InterfaceType": "interface"}},
		"Tags": tags.list()}
	if h.image.windows {
		body["Platform"], body["PlatformDetails"], body["UsageOperation"] = "Windows", "Windows", "RunInstances:0002"
	}
	if h.public {
		body["PublicIpAddress"], body["PublicDnsName"] = out.public, "ec2-"+dashed(out.public)+".compute-1.amazonaws.com"
	}
	if h.profile.arn != "" {
		body["IamInstanceProfile"] = object{"Arn": h.profile.arn, "Id": h.profile.id}
	}
	s.count("ec2:DescribeInstances", object{"ReservationId": s.id("r", h.name), "OwnerId": s.account.id, "Groups": []object{}, "Instances": []object{body}})
	s.tag(out.arn, tags)
	userData := object{"InstanceId": id, "UserData": object{}}
	if h.script != "" {
		userData["UserData"] = object{"Value": base64.StdEncoding.EncodeToString([]byte(h.script))}
	}
	s.about("ec2:DescribeInstanceAttribute", userData, id, "userData")
	if h.managed {
		s.manage(h, id, out.private)
	}
	return out
}

func (s *site) volume(h host, d disk, n int, instance, since string) string {
	id := s.id("vol", h.name, strconv.Itoa(n))
	body := object{"VolumeId": id, "Size": d.size, "VolumeType": "gp3", "Iops": 3000, "Throughput": 125, "State": "in-use", "AvailabilityZone": h.subnet.zone, "CreateTime": since,
		"Encrypted": !d.plain, "MultiAttachEnabled": false, "SnapshotId": "",
		"Attachments": []object{{"VolumeId": id, "InstanceId": instance, "Device": d.device, "State": "attached", "AttachTime": since, "DeleteOnTermination": !d.kept}},
		"Tags":        h.labels.with("Name", h.name).list()}
	if !d.plain {
		body["KmsKeyId"] = h.key
	}
	s.count("ec2:DescribeVolumes", body)
	return id
}

// manage registers a host with Systems Manager, which scanned it last night.
func (s *site) manage(h host, id, private string) {
	name, version, kind := "Amazon Linux", "2023", "Linux"
	if h.image.windows {
		name, version, kind = "Microsoft Windows Server 2022 Datacenter", "10.0.20348", "Windows"
	}
	ping := "Online"
	if h.silent > 0 {
		ping = "ConnectionLost"
	}
	s.list("ssm:DescribeInstanceInformation", object{"InstanceId": id, "PingStatus": ping, "LastPingDateTime": ago(h.silent + 3*time.Minute), "AgentVersion": "3.3.2299.0",
		"IsLatestVersion": true, "PlatformType": kind, "PlatformName": name, "PlatformVersion": version, "ResourceType": "EC2Instance", "IPAddress": private,
		"ComputerName": "ip-" + dashed(private) + ".ec2.internal"})
	did := "Scan"
	if h.install {
		did = "Install"
	}
	s.list("ssm:DescribeInstancePatchStates", object{"InstanceId": id, "PatchGroup": "", "BaselineId": "pb-0c10e657807c7a700", "SnapshotId": s.uuid("scan", id), "Operation": did,
		"OperationStartTime": ago(h.silent + 4*time.Hour + 3*time.Minute), "OperationEndTime": ago(h.silent + 4*time.Hour), "InstalledCount": 312, "InstalledOtherCount": 9, "InstalledRejectedCount": 0,
		"InstalledPendingRebootCount": 0, "MissingCount": 0, "FailedCount": 0, "NotApplicableCount": 1204, "UnreportedNotApplicableCount": 0, "RebootOption": "RebootIfNeeded"})
}

func dashed(address string) string {
	b := []byte(address)
	for i := range b {
		if b[i] == '.' {
			b[i] = '-'
		}
	}
	return string(b)
}

// fleet is an Auto Scaling group with its launch template and hosts.
type fleet struct {
	name, template, version string
	hosts                   []started
}

// scale makes n hosts of one kind, spread over subnets, from a launch template. Their disks go with them.
func (s *site) scale(n int, like host, subnets []*subnet, targets ...string) *fleet {
	f := &fleet{name: like.name, template: s.id("lt", like.name), version: "3"}
	tokens := "required"
	if like.version1 {
		tokens = "optional"
	}
	data := object{"ImageId": s.ami(like.image), "InstanceType": like.kind, "SecurityGroupIds": like.groups, "EbsOptimized": true,
		"IamInstanceProfile": object{"Arn": like.profile.arn}, "MetadataOptions": object{"HttpTokens": tokens, "HttpPutResponseHopLimit": 1, "HttpEndpoint": "enabled"},
		"BlockDeviceMappings": []object{{"DeviceName": "/dev/xvda", "Ebs": object{"Encrypted": true, "DeleteOnTermination": true, "VolumeSize": 20, "VolumeType": "gp3"}}}}
	s.count("ec2:DescribeLaunchTemplates", object{"LaunchTemplateId": f.template, "LaunchTemplateName": like.name, "CreateTime": ago(400 * day), "CreatedBy": s.arn("sts", "assumed-role/Deploy/ci"),
		"DefaultVersionNumber": 3, "LatestVersionNumber": 3, "Tags": like.labels.list()})
	s.list("ec2:DescribeLaunchTemplateVersions", object{"LaunchTemplateId": f.template, "LaunchTemplateName": like.name, "VersionNumber": 3, "VersionDescription": "monthly image",
		"CreateTime": ago(17 * day), "CreatedBy": s.arn("sts", "assumed-role/Deploy/ci"), "DefaultVersion": true, "LaunchTemplateData": data})
	var members, tags []object
	var ids string
	for i := range n {
		h := like
		h.name, h.fleet, h.subnet = fmt.Sprintf("%s-%02d", like.name, i+1), f, subnets[i%len(subnets)]
		h.launched = like.launched + time.Duration(i)*37*time.Minute
		up := s.start(h)
		f.hosts = append(f.hosts, up)
		members = append(members, object{"InstanceId": up.id, "InstanceType": h.kind, "AvailabilityZone": h.subnet.zone, "LifecycleState": "InService", "HealthStatus": "Healthy",
			"ProtectedFromScaleIn": false, "LaunchTemplate": object{"LaunchTemplateId": f.template, "LaunchTemplateName": like.name, "Version": f.version}})
	}
	names := []string{}
	for i, n := range subnets {
		names = append(names, n.zone)
		if i > 0 {
			ids += ","
		}
		ids += n.id
	}
	for _, key := range sortedKeys(like.labels) {
		tags = append(tags, object{"Key": key, "Value": like.labels[key], "ResourceId": like.name, "ResourceType": "auto-scaling-group", "PropagateAtLaunch": true})
	}
	if targets == nil {
		targets = []string{}
	}
	s.count("autoscaling:DescribeAutoScalingGroups", object{"AutoScalingGroupName": like.name,
		"AutoScalingGroupARN": s.arn("autoscaling", "autoScalingGroup:"+s.uuid("asg", like.name)+":autoScalingGroupName/"+like.name),
		"LaunchTemplate":      object{"LaunchTemplateId": f.template, "LaunchTemplateName": like.name, "Version": f.version}, "MinSize": n, "MaxSize": 2 * n, "DesiredCapacity": n,
		"DefaultCooldown": 300, "AvailabilityZones": names, "VPCZoneIdentifier": ids, "TargetGroupARNs": targets, "HealthCheckType": "ELB", "HealthCheckGracePeriod": 120,
		"CreatedTime": ago(400 * day), "Instances": members, "Tags": tags})
	return f
}
