package load

import (
	"github.com/onus-cloud/onus/internal/estate"
)

// images reads AMIs: those that an account owns and those that it runs. What an account may see of an image is the owner's
// choice, so each is kept as the place that asked sees it.
func (l *loader) images() {
	type imageList struct {
		Images []struct {
			ImageID         string `json:"ImageId"`
			OwnerID         string `json:"OwnerId"`
			Name            string
			CreationDate    when
			DeprecationTime when
			ImdsSupport     string
			Tags            []tag
		}
	}
	each(l, "ec2:DescribeImages", func(p estate.Place, page *imageList) {
		for _, i := range page.Images {
			image := &estate.Image{
				// An image's ARN names no account: arn:aws:ec2:us-east-1::image/ami-0abc.
				Resource:       resource(p, "image", i.ImageID, arn("ec2", estate.Place{Region: p.Region}, "image/"+i.ImageID), i.Tags),
				Owner:          i.OwnerID,
				Created:        i.CreationDate.Time,
				Deprecated:     i.DeprecationTime.Time,
				TokensRequired: i.ImdsSupport == "v2.0",
			}
			if image.Reference.Name == "" {
				image.Reference.Name = i.Name
			}
			l.estate.Images = append(l.estate.Images, image)
		}
	})
	l.estate.Images = byKey(l.estate.Images)
}
