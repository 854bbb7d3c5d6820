// Command merge answers merge questions with the code of Kubernetes itself: one JSON request a line on standard input,
// one JSON answer a line on standard output. Its argument is the recorded schema (crates/controlplane/data).
package main

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"strings"
	"time"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/kube-openapi/pkg/spec3"
	"k8s.io/kube-openapi/pkg/validation/spec"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

type request struct {
	Op          string          `json:"op"`
	Group       string          `json:"group"`
	Version     string          `json:"version"`
	Kind        string          `json:"kind"`
	Subresource string          `json:"subresource"`
	Manager     string          `json:"manager"`
	Force       bool            `json:"force"`
	Now         metav1.Time     `json:"now"`
	Reset       []string        `json:"reset"`
	Live        json.RawMessage `json:"live"`
	Object      json.RawMessage `json:"object"`
}

type answer struct {
	Object any    `json:"object,omitempty"`
	Error  string `json:"error,omitempty"`
}

// same stands for conversion between versions of one shape, for defaulting that does nothing and for making objects.
type same struct{}

func (same) Convert(_, _, _ any) error { return errors.New("not needed") }
func (same) ConvertToVersion(in runtime.Object, _ runtime.GroupVersioner) (runtime.Object, error) {
	return in, nil
}
func (same) ConvertFieldLabel(schema.GroupVersionKind, string, string) (string, string, error) {
	return "", "", errors.New("not needed")
}
func (same) Default(runtime.Object) {}
func (same) New(kind schema.GroupVersionKind) (runtime.Object, error) {
	object := &unstructured.Unstructured{Object: map[string]any{}}
	object.SetGroupVersionKind(kind)
	return object, nil
}

type server struct {
	builtin, deduced managedfields.TypeConverter
}

func load(path string) (managedfields.TypeConverter, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	reader, err := gzip.NewReader(file)
	if err != nil {
		return nil, err
	}
	var data struct {
		OpenAPI map[string]json.RawMessage `json:"openapi"`
	}
	if err := json.NewDecoder(reader).Decode(&data); err != nil {
		return nil, err
	}
	models := map[string]*spec.Schema{}
	for name, raw := range data.OpenAPI {
		if name == "/openapi/v3" {
			continue
		}
		var document spec3.OpenAPI
		if err := json.Unmarshal(raw, &document); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if document.Components == nil {
			continue
		}
		for model, definition := range document.Components.Schemas {
			models[model] = definition
		}
	}
	return managedfields.NewTypeConverter(models, false)
}

func object(raw json.RawMessage, kind schema.GroupVersionKind) (*unstructured.Unstructured, error) {
	out := &unstructured.Unstructured{Object: map[string]any{}}
	if len(raw) == 0 || string(raw) == "null" {
		out.SetGroupVersionKind(kind)
		return out, nil
	}
	return out, utiljson.Unmarshal(raw, &out.Object)
}

func (s *server) managed(r *request) (any, error) {
	kind := schema.GroupVersionKind{Group: r.Group, Version: r.Version, Kind: r.Kind}
	converter := s.builtin
	if strings.HasSuffix(r.Group, "deduced.test") {
		converter = s.deduced
	}
	reset := map[fieldpath.APIVersion]fieldpath.Filter{}
	if len(r.Reset) > 0 {
		set := fieldpath.NewSet()
		for _, name := range r.Reset {
			set.Insert(fieldpath.MakePathOrDie(name))
		}
		for _, version := range []string{kind.GroupVersion().String(), "old.example/v1beta1", "v1"} {
			reset[fieldpath.APIVersion(version)] = fieldpath.NewExcludeSetFilter(set)
		}
	}
	manager, err := managedfields.NewDefaultFieldManager(converter, same{}, same{}, same{}, kind, kind.GroupVersion(), r.Subresource, reset)
	if err != nil {
		return nil, err
	}
	live, err := object(r.Live, kind)
	if err != nil {
		return nil, err
	}
	given, err := object(r.Object, kind)
	if err != nil {
		return nil, err
	}
	var out runtime.Object
	if r.Op == "apply" {
		out, err = manager.Apply(live, given, r.Manager, r.Force)
	} else {
		out = manager.UpdateNoErrors(live, given, r.Manager)
	}
	if err != nil {
		return nil, err
	}
	result := out.(*unstructured.Unstructured)
	redate(result, r.Now)
	return result.Object, nil
}

// redate puts the request's time where the library put the clock's.
func redate(object *unstructured.Unstructured, now metav1.Time) {
	entries := object.GetManagedFields()
	for i := range entries {
		if entries[i].Time != nil && time.Since(entries[i].Time.Time) < time.Hour {
			stamp := now
			entries[i].Time = &stamp
		}
	}
	if len(entries) > 0 {
		object.SetManagedFields(entries)
	}
}

var structs = map[string]any{
	"Deployment": appsv1.Deployment{}, "Service": corev1.Service{}, "Pod": corev1.Pod{}, "ConfigMap": corev1.ConfigMap{},
}

func (s *server) answer(r *request) (out any, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			out, err = nil, fmt.Errorf("panic: %v", fault)
		}
	}()
	switch r.Op {
	case "apply", "update":
		return s.managed(r)
	case "smp":
		var live, patch map[string]any
		if err := utiljson.Unmarshal(r.Live, &live); err != nil {
			return nil, err
		}
		if err := utiljson.Unmarshal(r.Object, &patch); err != nil {
			return nil, err
		}
		return strategicpatch.StrategicMergeMapPatch(live, patch, structs[r.Kind])
	case "merge":
		out, err := jsonpatch.MergePatch(r.Live, r.Object)
		return json.RawMessage(out), err
	case "jsonpatch":
		patch, err := jsonpatch.DecodePatch(r.Object)
		if err != nil {
			return nil, err
		}
		out, err := patch.Apply(r.Live)
		return json.RawMessage(out), err
	}
	return nil, fmt.Errorf("unknown op %q", r.Op)
}

func main() {
	builtin, err := load(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	s := &server{builtin: builtin, deduced: managedfields.NewDeducedTypeConverter()}
	decoder, out := json.NewDecoder(bufio.NewReader(os.Stdin)), bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(out)
	for {
		var r request
		if err := decoder.Decode(&r); err == io.EOF {
			return
		} else if err != nil {
			log.Fatal(err)
		}
		result, err := s.answer(&r)
		reply := answer{Object: result}
		if err != nil {
			reply = answer{Error: err.Error()}
		}
		if err := encoder.Encode(reply); err != nil {
			log.Fatal(err)
		}
		if err := out.Flush(); err != nil {
			log.Fatal(err)
		}
	}
}
