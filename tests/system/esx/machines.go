// SPDX-License-Identifier: GPL-3.0-or-later
package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

var (
	setting    = regexp.MustCompile(`(?m)^(\S+) = "(.*)"$`)
	registered = regexp.MustCompile(`<path [^>]*>\[[^\]]*\] ([^<]*)</path>`)
)

// machines sees what becomes of the simulator's virtual machines.
type machines struct {
	store   string
	address string
	mutex   sync.Mutex
	screens map[types.ManagedObjectReference]net.Listener
}

func watchMachines(store, address string) *machines {
	m := &machines{store: store, address: address, screens: map[types.ManagedObjectReference]net.Listener{}}
	simulator.Map.AddHandler(m)
	return m
}

func readVmx(path string) map[string]string {
	text, _ := os.ReadFile(path)
	settings := map[string]string{}
	for _, line := range setting.FindAllStringSubmatch(string(text), -1) {
		settings[line[1]] = line[2]
	}
	return settings
}

// A host takes the name from the file, and makes those that go with it. The simulator wants to be told
// the one and to find the others.
func (m *machines) beforeRegister(body []byte) []byte {
	found := registered.FindSubmatch(body)
	if found == nil {
		return body
	}
	file := filepath.Join(m.store, string(found[1]))
	name := readVmx(file)["displayName"]
	for _, other := range []string{name + ".nvram", "vmware.log"} {
		os.WriteFile(filepath.Join(filepath.Dir(file), other), nil, 0600)
	}
	tag := fmt.Sprintf("%s<name>%s</name>", found[0], name)
	return []byte(strings.Replace(string(body), string(found[0]), tag, 1))
}

func (m *machines) fileOf(vm *mo.VirtualMachine) string {
	return filepath.Join(m.store, vm.Config.Files.VmPathName[strings.Index(vm.Config.Files.VmPathName, "] ")+2:])
}

func uuidOf(settings map[string]string) string {
	hex := strings.NewReplacer(" ", "", "-", "").Replace(settings["uuid.bios"])
	if len(hex) != 32 {
		return ""
	}
	return strings.Join([]string{hex[:8], hex[8:12], hex[12:16], hex[16:20], hex[20:]}, "-")
}

// The VNC server of a host before 7.0: here it says which it is, and no more.
func (m *machines) show(vm *mo.VirtualMachine) {
	settings := readVmx(m.fileOf(vm))
	if !strings.EqualFold(settings["RemoteDisplay.vnc.enabled"], "true") || m.screens[vm.Self] != nil {
		return
	}
	screen, err := net.Listen("tcp", net.JoinHostPort(m.address, settings["RemoteDisplay.vnc.port"]))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	m.screens[vm.Self] = screen
	go func() {
		for {
			client, err := screen.Accept()
			if err != nil {
				return
			}
			client.Write([]byte("RFB 003.008\n"))
			client.Close()
		}
	}()
}

func (m *machines) hide(which types.ManagedObjectReference) {
	if screen := m.screens[which]; screen != nil {
		screen.Close()
		delete(m.screens, which)
	}
}

func (m *machines) Reference() types.ManagedObjectReference {
	return types.ManagedObjectReference{Type: "Oriel", Value: "machines"}
}

func (m *machines) PutObject(mo.Reference) {}

func (m *machines) UpdateObject(what mo.Reference, changes []types.PropertyChange) {
	vm, ok := what.(*mo.VirtualMachine)
	if !ok {
		return
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	for _, change := range changes {
		switch {
		case change.Name == "name":
			if uuid := uuidOf(readVmx(m.fileOf(vm))); uuid != "" {
				vm.Config.Uuid = uuid
				vm.Summary.Config.Uuid = uuid
			}
		case change.Name != "runtime.powerState":
		case change.Val == types.VirtualMachinePowerStatePoweredOn:
			m.show(vm)
		default:
			m.hide(vm.Self)
		}
	}
}

func (m *machines) RemoveObject(which types.ManagedObjectReference) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.hide(which)
}
