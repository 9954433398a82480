package load

import (
	"slices"

	"github.com/onus-cloud/onus/internal/estate"
)

// snapshots reads EBS snapshots. A listing may show those of others too; they are passed over: a snapshot belongs to the
// account that owns it.
func (l *loader) snapshots() {
	type snapshotList struct {
		Snapshots []struct {
			SnapshotID string `json:"SnapshotId"`
			OwnerID    string `json:"OwnerId"`
			VolumeID   string `json:"VolumeId"`
			State      string
			StartTime  when
			Encrypted  bool
			KmsKeyID   string `json:"KmsKeyId"`
			Tags       []tag
		}
	}
	each(l, "ec2:DescribeSnapshots", func(p estate.Place, page *snapshotList) {
		for _, s := range page.Snapshots {
			if s.OwnerID != "" && s.OwnerID != p.Account {
				continue
			}
			l.estate.Snapshots = append(l.estate.Snapshots, &estate.Snapshot{
				// A snapshot's ARN names no account: arn:aws:ec2:us-east-1::snapshot/snap-0abc.
				Resource:  resource(p, "snapshot", s.SnapshotID, arn("ec2", estate.Place{Region: p.Region}, "snapshot/"+s.SnapshotID), s.Tags),
				Volume:    s.VolumeID,
				Completed: s.State == "completed",
				Taken:     s.StartTime.Time,
				Encrypted: s.Encrypted,
				KMSKey:    s.KmsKeyID,
				Shared:    l.snapshotSharing(p, s.SnapshotID),
			})
		}
	})
	l.estate.Snapshots = byKey(l.estate.Snapshots)
}

// permissions are the grants of an EBS snapshot or an image.
type permissions []struct {
	Group                 string
	UserID                string `json:"UserId"`
	OrganizationArn       string
	OrganizationalUnitArn string
}

func (list permissions) sharing() estate.Sharing {
	var s estate.Sharing
	for _, permission := range list {
		s.Everybody = s.Everybody || permission.Group == "all"
		if permission.UserID != "" {
			s.Accounts = append(s.Accounts, permission.UserID)
		}
		for _, arn := range []string{permission.OrganizationArn, permission.OrganizationalUnitArn} {
			if arn != "" {
				s.Organizations = append(s.Organizations, arn)
			}
		}
	}
	slices.Sort(s.Accounts)
	slices.Sort(s.Organizations)
	return s
}

func (l *loader) snapshotSharing(p estate.Place, id string) estate.Known[estate.Sharing] {
	type attribute struct{ CreateVolumePermissions permissions }
	return about(l, p, "ec2:DescribeSnapshotAttribute", id+" createVolumePermission", func(pages []attribute) estate.Sharing {
		var all permissions
		for _, page := range pages {
			all = append(all, page.CreateVolumePermissions...)
		}
		return all.sharing()
	})
}

func (l *loader) imageSharing(p estate.Place, id string) estate.Known[estate.Sharing] {
	type attribute struct{ LaunchPermissions permissions }
	return about(l, p, "ec2:DescribeImageAttribute", id+" launchPermission", func(pages []attribute) estate.Sharing {
		var all permissions
		for _, page := range pages {
			all = append(all, page.LaunchPermissions...)
		}
		return all.sharing()
	})
}
