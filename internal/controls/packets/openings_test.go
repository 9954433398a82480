package packets

import (
	"testing"

	"github.com/onus-cloud/onus/internal/netset"
)

func TestWithout(t *testing.T) {
	t.Parallel()
	ports := func(ranges ...uint16) netset.Ports {
		var all []netset.PortRange
		for i := 0; i < len(ranges); i += 2 {
			all = append(all, netset.PortRange{First: ranges[i], Last: ranges[i+1]})
		}
		return netset.PortsOf(all...)
	}
	for _, test := range []struct{ a, b, want netset.Ports }{
		{netset.AllPorts(), netset.Ports{}, netset.AllPorts()},
		{netset.AllPorts(), netset.AllPorts(), netset.Ports{}},
		{netset.AllPorts(), ports(22, 23, 443, 443), ports(0, 21, 24, 442, 444, 65535)},
		{netset.AllPorts(), ports(0, 0, 65535, 65535), ports(1, 65534)},
		{ports(443, 443, 8080, 8090), ports(443, 8081), ports(8082, 8090)},
		{ports(65535, 65535), ports(1, 65534), ports(65535, 65535)},
		{netset.Ports{}, ports(1, 2), netset.Ports{}},
	} {
		if got := Without(test.a, test.b); !got.Equal(test.want) {
			t.Errorf("%v without %v is %v, want %v", test.a, test.b, got, test.want)
		}
	}
}
