// SPDX-License-Identifier: GPL-3.0-or-later
package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

var (
	called = regexp.MustCompile(`<(\w+) xmlns="urn:vim25"><_this`)
	array  = regexp.MustCompile(`(?s):type="ArrayOf(\w+)">.*?</val>`)
)

// A host says of each element of an array what it is, and libvirt wants to hear it.
func nameTypes(body []byte) []byte {
	return array.ReplaceAllFunc(body, func(text []byte) []byte {
		name := string(array.FindSubmatch(text)[1])
		element := regexp.MustCompile("<" + name + "([ >])")
		return element.ReplaceAll(text, []byte("<"+name+` xsi:type="`+name+`"$1`))
	})
}

// One call of the API. What is called goes to the error output.
func answer(w http.ResponseWriter, r *http.Request, simulated http.Handler, machines *machines) {
	body, _ := io.ReadAll(r.Body)
	if name := called.FindSubmatch(body); name != nil {
		fmt.Fprintln(os.Stderr, string(name[1]))
		if string(name[1]) == "RegisterVM_Task" {
			body = machines.beforeRegister(body)
		}
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.ContentLength = int64(len(body))
	recorder := httptest.NewRecorder()
	simulated.ServeHTTP(recorder, r)
	for key, values := range recorder.Header() {
		w.Header()[key] = values
	}
	w.WriteHeader(recorder.Code)
	w.Write(nameTypes(recorder.Body.Bytes()))
}

// The datastore's directory here. On each host it is mounted somewhere, which libvirt asks for.
func mountDatastore() string {
	store := simulator.Map.Any("Datastore").(*simulator.Datastore)
	writable := true
	store.Host = nil
	for _, host := range simulator.Map.All("HostSystem") {
		store.Host = append(store.Host, types.DatastoreHostMount{
			Key: host.Reference(),
			MountInfo: types.HostMountInfo{
				Path:       "/vmfs/volumes/" + store.Name,
				AccessMode: string(types.HostMountModeReadWrite),
				Accessible: &writable,
			},
		})
	}
	return store.Info.GetDatastoreInfo().Url
}
