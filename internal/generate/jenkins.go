package generate

import (
	"time"
)

// jenkins is the story of the demo: somebody set up a build server in 2021 and forgot it. Each side of it alone looks like
// one finding among many; together they are the way in.
func (c *acme) jenkins() {
	at, t := c.tools, c.w.truth
	ubuntu := image{owner: "099720109477", name: "ubuntu/images/hvm-ssd/ubuntu-focal-20.04-amd64-server-20210223",
		created:    time.Date(2021, time.February, 23, 18, 4, 27, 0, time.UTC),
		deprecated: time.Date(2023, time.February, 23, 18, 4, 27, 0, time.UTC)}

	group := at.group(at.vpc, "jenkins-sg", "launch-wizard-3 created 2021-04-12", nil,
		tcp(8080, "0.0.0.0/0", "web ui"),
		tcp(22, "0.0.0.0/1", ""), tcp(22, "128.0.0.0/1", "")) // two halves: the console warned of 0.0.0.0/0
	role := c.legacy.profile("jenkins-builder", map[string]object{"builder": policy(object{"Effect": "Allow",
		"Action": []string{"ec2:*", "ssm:SendCommand", "iam:PassRole", "s3:GetObject", "s3:PutObject"}, "Resource": "*"})})

	server := at.start(host{name: "jenkins", kind: "t2.medium", image: ubuntu, launched: Time.Sub(time.Date(2021, time.April, 12, 9, 41, 0, 0, time.UTC)),
		subnet: at.vpc.public[0], groups: []string{group}, public: true, profile: role, version1: true,
		disks:  []disk{{device: "/dev/sda1", size: 100, kept: true, plain: true}},
		script: "#!/bin/bash\napt-get install -y openjdk-8-jre jenkins\nexport JENKINS_ADMIN_PASSWORD=admin2021\n"})
	disk := server.volumes[0]

	t.breaks("patch-host-managed", server.id, "Systems Manager does not know it")
	t.breaks("os-image-age", server.id, "its image is of February 2021, deprecated, and it is not patched in place")
	t.breaks("contain-metadata-v2-only", server.id, "it answers version 1 of the metadata service")
	t.breaks("watch-every-host-has-an-owner", server.id, "it has no owner tag")
	t.breaks("rest-volume-encrypted", disk, "its disk is not encrypted")
	t.breaks("backup-plan-covers-everything-stateful", disk, "its disk is in no backup plan")
	t.breaks("backup-point-within-rpo", disk, "its disk was never backed up")
	t.breaks("net-no-admin-port-reachable", server.id, "two halves of the Internet reach its port 22")
	t.breaks("lb-every-public-app-behind-one", server.id, "everybody reaches its port 8080, and no load balancer stands before it")
	t.breaks("net-no-ssh-from-internet", group, "two halves of the Internet are admitted on 22")
}
