// SPDX-License-Identifier: GPL-3.0-or-later

// esx: VMware's own simulator of its API (govmomi, golang-github-vmware-govmomi-dev) as an ESX host, for
// tests/system/test_hypervisors.py. Where it says less than a real host, or does less, this is mended
// here: what libvirt reads of it but it leaves out (answers.go), virtual machines registered from a
// .vmx file that libvirt has sent, and the VNC server of those that run (machines.go).
//
//	esx esx|vpx ADDRESS:PORT USER PASSWORD VERSION
//
// vpx: a vCenter, with hosts DC0/DC0_H0 and more.
// Prints the directory that is its datastore, and ends when its input does.
package main

import (
	"crypto/tls"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"

	"github.com/vmware/govmomi/simulator"
)

func main() {
	if len(os.Args) != 6 {
		log.Fatal("use: esx esx|vpx ADDRESS:PORT USER PASSWORD VERSION")
	}
	model := simulator.ESX()
	if os.Args[1] == "vpx" {
		model = simulator.VPX()
	}
	model.ServiceContent.About.Version = os.Args[5]
	model.Machine = 1
	model.Autostart = false
	if err := model.Create(); err != nil {
		log.Fatal(err)
	}
	defer model.Remove()
	store := mountDatastore()
	address, _, err := net.SplitHostPort(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	machines := watchMachines(store, address)

	model.Service.Listen = &url.URL{Host: os.Args[2], User: url.UserPassword(os.Args[3], os.Args[4])}
	model.Service.TLS = new(tls.Config)
	server := model.Service.NewServer()
	defer server.Close()
	simulated := server.Config.Handler
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/sdk" {
			answer(w, r, simulated, machines)
		} else {
			simulated.ServeHTTP(w, r)
		}
	})

	fmt.Println(store)
	os.Stdin.Read(make([]byte, 1))
}
