package load

import (
	"github.com/onus-cloud/onus/internal/estate"
)

// systemsManager reads what Systems Manager knows of the instances. It comes after them.
func (l *loader) systemsManager() {
	type hostKey struct {
		estate.Place
		id string
	}
	type informationList struct {
		InstanceInformationList []struct {
			InstanceID       string `json:"InstanceId"`
			PingStatus       string
			LastPingDateTime when
			PlatformName     string
			PlatformVersion  string
		}
	}
	managed := map[hostKey]estate.Management{}
	each(l, "ssm:DescribeInstanceInformation", func(p estate.Place, page *informationList) {
		for _, i := range page.InstanceInformationList {
			m := estate.Management{PingStatus: i.PingStatus, LastPing: i.LastPingDateTime.Time, System: i.PlatformName}
			if i.PlatformVersion != "" {
				m.System += " " + i.PlatformVersion
			}
			managed[hostKey{p, i.InstanceID}] = m
		}
	})

	type patchList struct {
		InstancePatchStates []struct {
			InstanceID                  string `json:"InstanceId"`
			Operation                   string
			OperationEndTime            when
			MissingCount                *int
			FailedCount                 *int
			InstalledPendingRebootCount int // left out where there are none
		}
	}
	patches := map[hostKey]estate.PatchState{}
	each(l, "ssm:DescribeInstancePatchStates", func(p estate.Place, page *patchList) {
		unread := l.estate.Reading(p, "ssm:DescribeInstancePatchStates", "").Gap()
		unread.Why = "ssm:DescribeInstancePatchStates does not say how many patches are missing or failed"
		count := func(n *int) estate.Known[int] {
			if n == nil {
				return estate.Unread[int](unread)
			}
			return estate.Know(*n)
		}
		for _, s := range page.InstancePatchStates {
			patches[hostKey{p, s.InstanceID}] = estate.PatchState{Operation: s.Operation, Ended: s.OperationEndTime.Time,
				Missing: count(s.MissingCount), Failed: count(s.FailedCount), PendingReboot: s.InstalledPendingRebootCount}
		}
	})

	for _, i := range l.estate.Instances {
		p := i.Place()
		information, states := l.estate.Reading(p, "ssm:DescribeInstanceInformation", ""), l.estate.Reading(p, "ssm:DescribeInstancePatchStates", "")
		m, isManaged := managed[hostKey{p, i.Reference.ID}]
		switch {
		case isManaged:
			i.Managed = estate.Know(m)
		case information.Outcome.Complete():
			i.Managed = estate.None[estate.Management]()
		default:
			i.Managed = estate.Unread[estate.Management](information.Gap())
		}
		// Patch states are asked for by host, of the hosts that Systems Manager knows: no other has one.
		s, patched := patches[hostKey{p, i.Reference.ID}]
		switch {
		case patched:
			i.Patches = estate.Know(s)
		case states.Outcome.Complete(), i.Managed.Absent():
			i.Patches = estate.None[estate.PatchState]()
		default:
			i.Patches = estate.Unread[estate.PatchState](states.Gap())
		}
	}
}
